"""TensorBoard logger."""

from importlib.util import find_spec

from pytorch_lightning.loggers import TensorBoardLogger

from gan.runs.folder import OutputPath

__all__ = ["TensorBoard"]


class TensorBoard(TensorBoardLogger):
    """Writes event files to the run's folder, for ``tensorboard --logdir runs``.

    Args:
        folder: Run folder.

    Raises:
        ValueError: If the package is not installed.
    """

    def __init__(self, folder: OutputPath) -> None:
        if find_spec("tensorboard") is None:
            raise ValueError("logger=tensorboard needs a package: pip install -e '.[tensorboard]'")
        super().__init__(folder, name="", version="tensorboard")
