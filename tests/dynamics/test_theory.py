import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

from mtrl.dynamics import theory
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close


def test_final_splits_of_half_the_escape_time():
    """s = 3: D = 3, K0 = 1e-7 gives 7.8475e-7, D = 4, K0 = 1e-9 gives 3.9997e-9; an independent root finder gives the same."""
    for depth, k0, wanted in ((3, 1e-7, 7.8475e-7), (4, 1e-9, 3.9997e-9)):
        duration = float(theory.escape_time(3.0, k0, depth)) / 2
        found = float(theory.gated_split(3.0, duration, depth))
        assert found == pytest.approx(wanted, rel=1e-4)
        power, gap = (2 - depth) / depth, (depth - 2) * 3.0 * duration

        def miss(log_k, power=power, gap=gap):
            return np.exp(power * log_k) - (3 - np.exp(log_k)) ** power - gap

        assert_close(f"root, D = {depth}", found, np.exp(optimize.brentq(miss, -40, np.log(1.4999), xtol=1e-14)), 1e-9)


def test_split_depends_on_the_product_of_strength_and_duration():
    """At D = 2 the share is 1 / (1 + e^(2 s Te)); beyond, the share of s = 1 counts through s Te only where s enters the gap alone."""
    assert_close("graded", theory.gated_split(3.0, 0.5155, 2) / 3, 1 / (1 + np.exp(2 * 3 * 0.5155)), 1e-12)
    assert_close("no gate", theory.gated_split(3.0, 0.0, 5), 1.5, 1e-8)
    shares = theory.gated_split(3.0, jnp.array([0.1, 0.2, 0.4, 0.8]), 4) / 3
    assert bool((jnp.diff(shares) < 0).all())
    assert_close("no lower than its start", theory.gated_split(3.0, 100.0, 4, 0.01), 0.01, 1e-12)


def test_escape_times():
    assert_close("D = 2", theory.escape_time(3.0, 1e-4, 2), np.log(3e4) / 6, 1e-12)
    assert_close("D = 4", theory.escape_time(1.0, 0.01, 4), 10 / 2, 1e-12)
    assert_close(
        "weak modes are later", theory.escape_time(jnp.array([1.0, 2.0]), 0.01, jnp.array([4, 4])), [5, 2.5], 1e-12
    )


def test_winner_takes_all_is_the_limit_of_the_split():
    for depth in (3, 4, 6):
        k0 = 1e-12
        exact = theory.gated_split(3.0, 0.5 * theory.escape_time(3.0, k0, depth), depth)
        assert_close(f"D = {depth}", theory.winner_share(0.5, 3.0, k0, depth) * 3, exact, 1e-3)
    exact = theory.gated_split(3.0, 0.5 * theory.escape_time(3.0, 1e-12, 2), 2)
    assert_close("D = 2", theory.winner_share(0.5, 3.0, 1e-12, 2) * 3, exact, 1e-3)


def test_logistic_solves_its_equation():
    t, h = 0.7, 1e-6
    k, moved = theory.logistic(t, 2.0, 0.1), theory.logistic(t + h, 2.0, 0.1)
    assert_close("dK/dt = 2 K (s - K)", (moved - k) / h, 2 * k * (2 - k), 1e-5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: theory.escape_time(3.0, 1e-3, 1), "depth got 1"),
        (lambda: theory.escape_time(3.0, 0.0, 2), "k0 got 0"),
        (lambda: theory.split(3.0, -1.0, 3), "gap got -1, .* exchange the pathways"),
        (lambda: theory.split(3.0, 1.0, 1), "depth got 1"),
    ],
)
def test_bad_input_is_refused(call, words):
    with pytest.raises(BadInput, match=words):
        call()
