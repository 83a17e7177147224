"""Trust: which targets a configuration from a file may name."""

import pytest

from gan.checkpoint.trust import check_trusted
from gan.errors import UserError


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "builtins.eval",
        "gan.training.signal.signal",  # a module imported by this package
        "gan.checkpoint.reading.torch.load",
        "gan.sample.main",  # in this package, but not a class
        "torch.optim.optimizer.torch.load",
        "torch.nn.Linear",
        "gan",
    ],
)
def test_foreign_targets_are_refused(target: str) -> None:
    with pytest.raises(UserError, match=r"refused|cannot find"):
        check_trusted({"model": {"parts": [{"_target_": target}]}})


def test_own_targets_are_trusted() -> None:
    check_trusted({"a": {"_target_": "gan.losses.adversarial.Hinge"}, "b": {"_target_": "torch.optim.RMSprop"}})
