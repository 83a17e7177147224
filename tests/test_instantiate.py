"""Instantiation: configuration nodes are checked against constructors."""

from typing import Any, Literal

import pytest
from omegaconf import DictConfig, OmegaConf

from gan.errors import UserError, did_you_mean
from gan.instantiate import build, check_call, signature


class Base:
    def __init__(self, size: int, ratio: float = 0.5) -> None:
        self.size, self.ratio = size, ratio


class Part(Base):
    """Class that takes some arguments and passes the rest to its base."""

    def __init__(
        self, mode: Literal["fast", "slow"] = "fast", limit: int | None = None, inner: Any = None, **settings: Any
    ) -> None:
        super().__init__(**settings)
        self.mode, self.limit, self.inner = mode, limit, inner
        if self.size > 100:
            raise ValueError("size must be at most 100")


TARGET = f"{__name__}.Part"


def node(**settings: Any) -> DictConfig:
    config = OmegaConf.create({"part": {"_target_": TARGET, "size": 3, **settings}})
    assert isinstance(config.part, DictConfig)
    return config.part


def test_nested_objects_are_built() -> None:
    part = build(node(mode="slow", ratio=1, inner={"_target_": TARGET, "size": 4}))
    assert (part.mode, part.size, part.inner.size) == ("slow", 3, 4)
    assert isinstance(part.ratio, float), "converted as the annotation says"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"szie": 3}, r"part\.szie: Part takes no such option; did you mean 'part\.size'\?"),
        ({"mode": "fsat"}, r"part\.mode=fsat is not one of fast, slow; did you mean 'fast'\?"),
        ({"size": "many"}, r"part\.size=many should be a valid integer"),
        ({"ratio": "x"}, r"part\.ratio=x should be a valid number"),
        ({"limit": 1.5}, r"part\.limit=1\.5 should be a valid integer"),
        ({"size": 101}, r"part\.size=101: size must be at most 100"),
        ({"inner": {"_target_": TARGET, "size": 101}}, r"part\.inner\.size=101: size must be at most 100"),
        ({"inner": {"_target_": TARGET, "sice": 1}}, r"part\.inner\.sice: .* 'part\.inner\.size'"),
        ({"_target_": "gan.nowhere.Thing"}, r"part\._target_: cannot find gan\.nowhere\.Thing"),
    ],
)
def test_errors_are_one_line(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        build(node(**settings))
    assert "\n" not in str(error.value)


def test_calls_are_checked() -> None:
    assert check_call(Part, {"size": 1, "ratio": 2}, "x") == {"size": 1, "ratio": 2.0}
    with pytest.raises(UserError, match=r"x\.limt"):
        check_call(Part, {"limt": 1}, "x")


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("trainer.max_stps", "trainer.max_steps"),
        ("max_steps", "trainer.max_steps"),
        ("trainer.gradient_clip_val", "model.gradient_clip"),
        ("zzz", ""),
    ],
)
def test_did_you_mean(word: str, found: str) -> None:
    said = did_you_mean(word, ["trainer.max_steps", "model.gradient_clip", "data.flip"])
    assert said == (f"; did you mean '{found}'?" if found else "")


def test_arguments_of_several_base_classes() -> None:
    class Source(Base):
        def __init__(self, path: str, **settings: Any) -> None:
            super().__init__(**settings)
            self.path = path

    class Both(Source, Part):
        pass

    assert list(signature(Both)) == ["size", "ratio", "mode", "limit", "inner", "path"]
    assert "mode" not in signature(Source)
    assert (Both("here", size=3, mode="slow").size, Both("here", size=3).path) == (3, "here")
