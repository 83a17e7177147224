"""OmegaConf resolvers."""

import pytest

from gan.resolvers import quotient


def test_a_quotient_is_whole() -> None:
    assert quotient(1500, 5) == 300
    with pytest.raises(ValueError, match="not a multiple"):
        quotient(1500, 7)
