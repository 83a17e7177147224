"""TensorBoard logger."""

from pytorch_lightning.loggers import TensorBoardLogger

from gan.extras import import_extra
from gan.runs.folder import OutputPath

__all__ = ["TensorBoard"]


class TensorBoard(TensorBoardLogger):
    """Writes event files to the run's folder, for ``tensorboard --logdir runs``.

    Args:
        folder: Run folder.

    Raises:
        UserError: If the package is not installed.
    """

    def __init__(self, folder: OutputPath) -> None:
        import_extra("tensorboard", "tensorboard", "logger=tensorboard")
        super().__init__(folder, name="", version="tensorboard")
