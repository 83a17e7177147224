"""Export to the Open Neural Network Exchange format (ONNX), which runs without PyTorch and in browsers."""

from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

from gan.export.graph import Graph, atomic_export
from gan.extras import import_extra

__all__ = ["available", "write"]

PACKAGES = ("onnx", "onnxscript", "onnxruntime")


def available() -> bool:
    """Return whether the optional packages are installed."""
    return all(find_spec(name) is not None for name in PACKAGES)


def write(graph: Graph, path: Path) -> float:
    """Write a graph as ONNX and verify it with onnxruntime.

    Args:
        graph: The graph.
        path: A ``.onnx`` file.

    Returns:
        The maximum difference from the generator's images.

    Raises:
        UserError: If packages are missing, or the images differ too much; no file is left then.
    """
    *_, onnxruntime = (import_extra(name, "export", "ONNX") for name in PACKAGES)
    names = graph.names
    with atomic_export(path) as partial:
        program = torch.onnx.export(
            graph.program,
            dynamo=True,
            verbose=False,
            input_names=names,
            output_names=["images"],
            dynamic_shapes=graph.dynamic_shapes,  # so that ONNX names the dimension "batch"
        )
        assert program is not None
        program.save(partial, external_data=False)  # weights in the same file
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # errors are raised anyway
        session = onnxruntime.InferenceSession(partial, options, providers=["CPUExecutionProvider"])

        def run(*inputs: Tensor) -> Tensor:
            values = {name: value.numpy() for name, value in zip(names, inputs, strict=True)}
            return torch.from_numpy(session.run(["images"], values)[0])

        return graph.difference(run)
