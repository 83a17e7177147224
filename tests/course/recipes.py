"""Recipes of the course."""

from typing import Any

import yaml

from tests.conftest import ROOT


def sweep_of(chapter: str) -> dict[str, Any]:
    """Return the grid of a chapter's sweep."""
    text = (ROOT / "conf" / "experiment" / "course" / f"{chapter}.yaml").read_text(encoding="utf-8")
    params: dict[str, Any] = yaml.safe_load(text)["hydra"]["sweeper"]["params"]
    return params
