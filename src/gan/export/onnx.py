"""A generator's graph in the Open Neural Network Exchange format, which runs without PyTorch, and in browsers."""

from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

from gan.errors import UserError
from gan.export.graph import Graph, written

__all__ = ["available", "write"]

PACKAGES = ("onnx", "onnxruntime", "onnxscript")


def available() -> bool:
    """Tell whether the optional packages are installed."""
    return all(find_spec(name) is not None for name in PACKAGES)


def write(graph: Graph, path: Path) -> float:
    """Write a graph, run it with onnxruntime, and check it.

    Args:
        graph: The graph.
        path: A ``.onnx``.

    Returns:
        The largest difference from the generator's own images.

    Raises:
        UserError: If packages are missing, or it differs too much; there is no file then.
    """
    if not available():
        raise UserError("ONNX needs packages: pip install -e '.[export]'")
    names = list(graph.inputs(1))
    with written(path) as partial:
        import onnxruntime

        program = torch.onnx.export(
            graph.program,
            dynamo=True,
            verbose=False,
            input_names=names,
            output_names=["images"],
            dynamic_shapes=graph.batch,  # names the dimension
        )
        assert program is not None
        program.save(partial, external_data=False)  # one file
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # what goes wrong is raised
        session = onnxruntime.InferenceSession(partial, options, providers=["CPUExecutionProvider"])

        def run(*inputs: Tensor) -> Tensor:
            values = {name: value.numpy() for name, value in zip(names, inputs, strict=True)}
            return torch.from_numpy(session.run(["images"], values)[0])

        return graph.difference(run)
