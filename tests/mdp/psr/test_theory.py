import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.mdp import psr
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close

theory = psr.theory
SIZES = dict(horizon=5, states=10, actions=4, observations=6, eta=0.01)


def test_bracketing_table():
    """The numbers of the table at H = 5, S = 10, A = 4, O = 6, eta = .01."""
    n = jnp.array([1.0, 2.0, 10.0, 100.0])
    joint = theory.log_bracket_pomdp(n, **SIZES)
    assert_close("joint", np.round(joint), [26899, 30408, 58476, 374248], 1e-12)
    separate = n * theory.log_bracket_pomdp(1.0, **SIZES)
    assert_close("separate", np.round(separate), [26899, 53798, 268991, 2689907], 1e-12)
    assert_close("ratio", np.round(joint / separate, 3), [1, 0.565, 0.217, 0.139], 1e-12)
    limit = theory.log_bracket_pomdp(1e12, **SIZES) / (1e12 * theory.log_bracket_pomdp(1.0, **SIZES))
    assert_close("limit S O / (S^2 A + S O)", limit, 60 / 460, 1e-6)
    single = theory.log_bracket_psr(rank=5, actions=4, observations=6, horizon=5, eta=0.01)
    assert_close("PSR of rank 5", np.round(single), 116748, 1e-12)
    assert_close("perturbed", theory.log_bracket_perturbed(single, 10.0, perturbations=50) / (10 * single), 0.1, 5e-4)
    cores = theory.log_bracket_mixture(single, 10.0, cores=3, eta=0.01) / (10 * single)
    assert_close("three cores", cores, 0.3001, 2e-4)


def test_downstream_classes():
    assert_close(
        "emissions",
        theory.log_bracket_emissions(states=10, observations=6, horizon=5, eta=0.01),
        300 * np.log(3e4),
        1e-12,
    )
    assert_close("weights", theory.log_bracket_downstream_mixture(cores=3, eta=0.01), 3 * np.log(300), 1e-12)
    margin = theory.downstream_margin(7.0, horizon=3, episodes=10, error=0.01, delta=0.1)
    assert_close("margin", margin, np.log(300) + 7 + 0.3, 1e-12)
    margin = theory.upstream_margin(7.0, tasks=2, horizon=3, episodes=10, delta=0.1, constant=2.0)
    assert_close("upstream margin", margin, 2 * (np.log(600) + 7), 1e-12)


def test_margins_of_the_finite_class():
    sizes = dict(shared=12, own=3, delta=0.1)
    assert_close("joint", theory.finite_margin(4.0, **sizes), np.log(12 * 3**4 / 0.1), 1e-12)
    assert_close("separate", theory.finite_margin(4.0, sharing="separate", **sizes), np.log(12 * 3 * 4 / 0.1), 1e-12)
    assert_close("pooled", theory.finite_margin(4.0, sharing="pooled", **sizes), np.log(12 * 3 / 0.1), 1e-12)
    assert_close("known", theory.finite_margin(4.0, sharing="known", **sizes), np.log(3**4 / 0.1), 1e-12)


def test_only_margin_over_tasks_matters_in_the_rate():
    rest = dict(rank=3, tests=3, test_actions=1, horizon=4, actions=2, conditioning=0.5)
    one = theory.upstream_iterations(10.0, 1.0, eps=0.1, **rest)
    assert_close("beta / N", theory.upstream_iterations(20.0, 4.0, eps=0.1, **rest), one / 2, 1e-12)
    assert_close("eps", theory.upstream_iterations(10.0, 1.0, eps=0.05, **rest), 4 * one, 1e-12)
    # (3 + 4 / .25) * 3 * 3 * 4^3 * 2^2 * 10 / (.5^4 * .01), and its powers: A^2, d, and Q_A^4 beside the eluder dimension's Q_A^2.
    assert_close("by hand", one, 19 * 9 * 64 * 4 * 10 / (0.0625 * 0.01), 1e-12)
    for name, value, factor in (("actions", 6, 9), ("tests", 6, 2), ("test_actions", 2, 16 * (3 + 4 * 16) / 19)):
        other = theory.upstream_iterations(10.0, 1.0, eps=0.1, **{**rest, name: value})
        assert_close(name, other, factor * one, 1e-12)


def test_degrees_of_freedom():
    sizes = dict(states=2, actions=2, observations=3)
    counts = [float(theory.free_parameters(8.0, sharing=s, **sizes)) for s in theory.MARGINS]
    assert counts == [4 + 32, 8 * 8, 8, 32]
    assert_close("ratio", counts[0] / counts[1], 0.5625, 1e-12)


def test_brackets_contain_the_law_and_are_as_narrow_as_said():
    for seed in range(5):
        model = psr.sample(jax.random.key(seed), states=3, actions=2, observations=3)
        table = psr.trajectory_table(model, horizon=3)
        for spacing in (0.1, 0.01, 0.001):
            lower, upper = theory.grid_bracket(model, spacing, horizon=3)
            assert bool(jnp.all(lower <= table + 1e-15)) and bool(jnp.all(table <= upper + 1e-15))
            width = float(psr.best(upper - lower).value)
            assert width <= float(theory.grid_bracket_width(spacing, states=3, observations=3, horizon=3))
    assert_close(
        "small spacing", theory.grid_bracket_width(1e-5, states=3, observations=4, horizon=3), 2 * 3 * 7 * 1e-5, 1e-3
    )


def test_bad_input_is_refused():
    with pytest.raises(BadInput, match="eta got 0, but must be a finite number above 0"):
        theory.log_bracket_pomdp(1.0, **{**SIZES, "eta": 0.0})
    with pytest.raises(BadInput, match="delta got 1, but must be strictly between 0 and 1"):
        theory.finite_margin(1.0, shared=2, own=2, delta=1.0)
    with pytest.raises(BadInput, match="sharing got 'all'"):
        theory.free_parameters(1.0, states=2, actions=2, observations=3, sharing="all")
