"""Chapter 2: number formats against closed forms, and the worked example."""

from math import e, isnan, log

import pytest
import torch

from gan.course.logits_runs import (
    DTYPES,
    FORMS,
    SIZES,
    WORKED,
    Game,
    differentiate,
    exact,
    let_critic_win,
    measure_formats,
    worked_example,
)
from gan.losses.adversarial import NonSaturating


def test_exact_losses() -> None:
    zero, one = torch.zeros(1), torch.ones(1)
    assert float(exact("D on a fake", zero)[0]) == pytest.approx(log(2))
    assert float(exact("G, non-saturating", one)[0]) == pytest.approx(log(1 + 1 / e))
    assert float(exact("D on a fake", one)[1]) == pytest.approx(e / (1 + e))
    assert float(exact("G, non-saturating", one)[1]) == pytest.approx(-1 / (1 + e))


@pytest.mark.parametrize("loss", FORMS)
def test_all_forms_agree_for_small_logits(loss: str) -> None:
    x = torch.linspace(-3, 3, 13)
    for form in FORMS[loss].values():
        for measured, true in zip(differentiate(form, x), exact(loss, x), strict=True):
            torch.testing.assert_close(measured, true, rtol=1e-4, atol=1e-5)


def test_the_form_of_logits_never_fails() -> None:
    limits = measure_formats()["limits"]
    by_logit = limits[limits["form"] == "logit"]
    assert by_logit["loss_fails"].eq(float("inf")).all()
    assert by_logit["gradient_fails"].eq(float("inf")).all()


def test_probabilities_fail_where_one_minus_them_is_rounded_to_zero() -> None:
    limits = measure_formats()["limits"].set_index(["loss", "form", "dtype"])
    for name, dtype in DTYPES.items():
        rounded = log(
            2 / torch.finfo(dtype).eps
        )  # logit at which 1 - D is a quarter of eps: 1 - D becomes 0 or eps / 2
        fails = limits.loc[("D on a fake", "probability", name)]
        assert fails["loss_fails"] == pytest.approx(rounded, abs=1.0)
        assert isnan(fails["gradient_at_150"])


def test_sizes_are_exact_in_both_formats() -> None:
    for dtype in DTYPES.values():
        torch.testing.assert_close(SIZES.to(dtype).float(), SIZES, rtol=0, atol=0)


def test_worked_example_by_hand_is_that_by_code() -> None:
    worked = worked_example()
    for name in ("d", "minimax", "ns"):
        part = worked.dropna(subset=f"{name}_by_code")
        assert part[f"{name}_by_hand"].tolist() == pytest.approx(part[f"{name}_by_code"].tolist())
    logits = [torch.tensor(p).logit() for p in WORKED]
    assert float(NonSaturating().discriminator(*logits)) == pytest.approx(
        -(log(0.9) + log(0.8) + log(0.7) + log(0.9)) / 2, abs=1e-6
    )


def test_gradients_of_both_losses_of_one_fake_have_the_ratio_of_the_odds() -> None:
    """Minimax's slope is D, the non-saturating one's 1 - D: with logits about equal, norms have the ratio e^logit."""
    game = Game(torch.rand(32, 1, 28, 28) * 2 - 1, seed=0)
    row = next(let_critic_win(game, 0))
    assert row["minimax"] / row["non_saturating"] == pytest.approx(e ** row["logit"], rel=0.05)
    assert row["cosine"] > 0.99
