"""Ranks of these tests are forked from a process that has imported the package."""

from collections.abc import Iterator

import pytest

from gan.distributed import launch
from tests.processes import forkserver


@pytest.fixture(autouse=True, scope="package")
def quick_ranks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launch, "CONTEXT", forkserver())
        yield
