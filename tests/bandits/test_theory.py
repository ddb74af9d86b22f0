"""Rates and radii against their quoted numbers and against simulation."""

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.bandits import theory
from tests.helpers import assert_close, assert_mean


def test_gain_numbers():
    gains = theory.gain(jnp.array([1.0, 10.0, 100.0, 1e4]), rank=5, log_covering=500.0)
    assert_close("gain of sharing", gains, [1.0, 3.03, 7.11, 10.0], rtol=1e-3)
    assert_close("limit of the gain", theory.gain(1e12, rank=5, log_covering=500.0), 10.05, rtol=1e-3)
    ratio = theory.independent_regret(7.0, 100.0, rank=5, log_covering=500.0, eluder=3.0) / theory.gfucb_regret(
        7.0, 100.0, rank=5, log_covering=500.0, eluder=3.0
    )
    assert_close("gain is the ratio of the two rates", ratio, theory.gain(7.0, rank=5, log_covering=500.0), rtol=1e-12)


def test_linear_class_recovers_the_linear_rate():
    """dim_E = d, log N = dk: within sqrt(2) of M sqrt(dkT) + d sqrt(kMT), never above it."""
    tasks = jnp.logspace(0, 5, 30)
    general = theory.gfucb_regret(tasks, 1e4, rank=3.0, log_covering=60.0, eluder=20.0)
    ratio = np.asarray(theory.linear_shared_regret(tasks, 1e4, dim=20.0, rank=3.0) / general)
    assert ratio.min() >= 1.0 - 1e-12 and ratio.max() <= np.sqrt(2) + 1e-12


def test_radii():
    ours = theory.oful_radius(4, 10, noise=0.5, delta=0.1, norm_bound=2.0, input_bound=3.0, ridge=0.25)
    assert_close("OFUL radius", ours, 0.5 * np.sqrt(4 * np.log((1 + 10 * 9 / 0.25) / 0.1)) + 0.5 * 2.0, rtol=1e-12)
    radius = theory.gfucb_radius(30.0, tasks=4, rank=3, log_covering=jnp.log(8.0), noise=0.5, delta=0.05)
    assert_close("GFUCB's squared radius, M=4, k=3, n=30, |Phi|=8, sigma=.5", radius, 167.8, rtol=1e-3)


def test_commitment_in_one_dimension_is_exact():
    """d = 1: the estimate has no angle, only the exploration costs; each further dimension adds sigma^2 / (2 norm n) a round."""
    costs = [theory.commit_regret(100, 20, dim=dim, pulls=5, noise=0.6, norm=2.0) for dim in (1, 2, 3)]
    assert_close("regret of a commitment", costs, [40.0, 40.0 + 80 * 0.36 / 20, 40.0 + 160 * 0.36 / 20], rtol=1e-12)


def test_crossings():
    assert_close("E2TC crossing", theory.e2tc_crossing(10, 2), 62.5, rtol=1e-12)
    assert np.isinf(theory.e2tc_crossing(4, 4)) and np.isinf(theory.linear_crossing(4, 4))
    m = float(theory.linear_crossing(10, 2))
    shared = theory.linear_shared_regret(m, 100.0, dim=10, rank=2)
    assert_close("rates at their crossing", shared, theory.linear_independent_regret(m, 100.0, dim=10), rtol=1e-10)


def test_stage_lengths_are_capped():
    explore, identify = theory.e2tc_stages(1, 2000, dim=10, rank=2)
    assert float(explore) == 500 and float(identify) == 90


def test_sphere_moment_equals_simulation(key):
    """E[r^2 x x^T] on the sphere, 400,000 draws, 5 sigma over ten entries."""
    keys = jax.random.split(key, 3)
    parameters = np.asarray(jax.random.normal(keys[0], (3, 4)))
    x = np.asarray(jax.random.normal(keys[1], (400_000, 4)))
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    r = np.sum(x * parameters[np.arange(x.shape[0]) % 3], axis=1)
    r = r + 0.7 * np.asarray(jax.random.normal(keys[2], x.shape[:1]))
    rows, columns = np.triu_indices(4)
    samples = (r[:, None] ** 2) * x[:, rows] * x[:, columns]
    # Blocks of three make draws over the tasks identically distributed.
    samples = samples[: 3 * (samples.shape[0] // 3)].reshape(-1, 3, rows.size).mean(1)
    assert_mean("sphere moment", samples, np.asarray(jax.jit(theory.sphere_moment)(parameters, 0.7))[rows, columns])


def test_schedule_and_other_rates_scale_as_written():
    assert_close(
        "practical radius",
        theory.gfucb_schedule(0, tasks=4, rank=3, log_covering=2.0, scale=0.05),
        0.05 * 14 * np.log(2.0),
        rtol=1e-12,
    )
    assert_close("MLinGreedy", theory.mlingreedy_regret(4, 100, dim=9, rank=1), 4 * 10 + 60, rtol=1e-12)
    assert_close("E2TC", theory.e2tc_regret(4, 100, dim=4, rank=1), 8 * 20 + 40, rtol=1e-12)
    assert_close("BOSS", theory.boss_regret(8, 8, dim=1, rank=1), 8 * 8**0.5 + 16 + 8 + 8, rtol=1e-12)
