import numpy as np

from mtrl.mdp.linear import theory
from tests.helpers import assert_close, compiled

SIZES = dict(stages=4, rank=3, log_covering=np.log(20), eluder=3)


def test_lsvi_ucb_bound_in_both_forms():
    d, h, k = 3.0, 4.0, 150.0
    assert_close("sqrt(d^3 H^3 T)", theory.lsvi_ucb_regret(d, h, k), np.sqrt(d**3 * h**3 * k * h), 1e-12)
    assert_close("beta", theory.lsvi_ucb_beta(d, h, k, delta=0.1), d * h * np.sqrt(np.log(2 * d * k * h / 0.1)), 1e-12)
    cross = theory.first_informative_episode(d, h)
    assert_close("bound meets H K", theory.lsvi_ucb_regret(d, h, cross), theory.trivial_regret(h, cross), 1e-12)
    assert float(cross) == 432.0


def test_gain_is_the_ratio_of_the_rates():
    tasks = np.array([1.0, 8.0, 1e4])
    ratio = compiled(
        lambda tasks: theory.independent_regret(tasks, 100.0, **SIZES) / theory.gfucb_regret(tasks, 100.0, **SIZES)
    )(tasks)
    gain = compiled(theory.gain)
    assert_close("gain", gain(tasks, rank=3, log_covering=np.log(20)), ratio, 1e-12)
    assert_close("limit", theory.gain(1e12, rank=3, log_covering=np.log(20)), 1 + np.sqrt(np.log(20) / 3), 1e-5)


def test_gain_is_within_root_two_of_the_bandit_form():
    tasks = np.array([1.0, 10.0, 100.0, 1e4])
    bandit = np.sqrt((5 + 500) / (5 + 500 / tasks))
    assert_close("bandit form", bandit, [1, 3.03, 7.11, 10.0], 5e-3)
    ratio = compiled(theory.gain)(tasks, rank=5, log_covering=500.0) / bandit
    assert np.all(ratio <= np.sqrt(2) + 1e-12) and np.all(ratio >= 1 / np.sqrt(2))


def test_linear_class_gives_the_linear_rate():
    """dim_E = d and log N = d k turn GFUCB's rate into MTLR-LSVI's, with and without Bellman error."""
    for error in (0.0, 0.1):
        general = theory.gfucb_regret(
            7.0, 100.0, stages=3, rank=2, log_covering=10.0 * 2, eluder=10.0, bellman_error=error
        )
        linear = theory.mtlr_lsvi_regret(7.0, 100.0, stages=3, dim=10.0, rank=2, bellman_error=error)
        assert_close("rates", general, linear, 1e-12)


def test_radii():
    assert_close(
        "budget", theory.survivor_budget(8, rank=3, log_covering=np.log(20), conf=0.1), 0.1 * (24 + np.log(20)), 1e-12
    )
    small = theory.gfucb_stage_radius(1, rank=3, log_covering=3.0, stages=4, episodes=100, delta=0.1)
    large = theory.gfucb_stage_radius(8, rank=3, log_covering=3.0, stages=4, episodes=100, delta=0.1)
    assert 1 < large / small < 8, "sharing pays log N once"


def test_stage_radius_grows_with_the_square_of_the_targets():
    """Targets span [0, H]: with the union over stages taken out (delta in proportion to H) the squared radius is in units of H^2."""
    radii = [
        theory.gfucb_stage_radius(2, rank=3, log_covering=3.0, stages=h, episodes=100, delta=0.1 * h) for h in (1, 3)
    ]
    assert_close("H^2", radii[1] / radii[0], 9.0, 1e-12)
