import jax.numpy as jnp
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.optimization import delta_m_lower_is_better, delta_p_higher_is_better
from tests.helpers import assert_close

SIGNS = [False, True]


def test_negative_is_better():
    """Both metrics a tenth better than the baseline: -10 %; the other convention has the opposite sign."""
    assert_close("Delta_m", delta_m_lower_is_better([0.9, 1.1], [1.0, 1.0], higher_is_better=SIGNS), -10.0, 1e-12)
    assert_close("Delta_p", delta_p_higher_is_better([0.9, 1.1], [1.0, 1.0], higher_is_better=SIGNS), 10.0, 1e-12)


def test_weightings():
    """One metric in task 0 (10 % worse), three in task 1 (2 % better each): (10 - 2)/2 by task, (10 - 6)/4 by metric."""
    values, base = jnp.array([[1.1, 0.98, 0.98, 1.02]] * 2), [1.0] * 4
    more = dict(higher_is_better=[False, False, False, True], task=[0, 1, 1, 1])
    assert_close("by task", delta_m_lower_is_better(values, base, **more), [4.0, 4.0], 1e-12)
    assert_close("by metric", delta_m_lower_is_better(values, base, weighting="metric", **more), [1.0, 1.0], 1e-12)


@pytest.mark.parametrize(
    ("baseline", "message"),
    [
        (None, "baseline got None, but Delta_m is relative"),
        ([1.0, 0.0], "baseline of metric 1 got 0, but a relative change needs"),
        ([float("nan"), 1.0], "baseline of metric 0 got nan"),
        ([1.0], "baseline has shape"),
    ],
)
def test_bad_baseline(baseline, message):
    with pytest.raises(BadInput, match=message):
        delta_m_lower_is_better([1.0, 1.0], baseline, higher_is_better=SIGNS)


def test_bad_weighting():
    with pytest.raises(BadInput, match="weighting got 'both', but takes one of task, metric"):
        delta_m_lower_is_better([1.0, 1.0], [1.0, 1.0], higher_is_better=SIGNS, weighting="both")
