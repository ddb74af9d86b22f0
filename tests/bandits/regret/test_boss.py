"""BOSS: settings, charges, and finding the right expert."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.bandits import boss, boss_schedule, sequential_tasks
from mtrl.bandits.regret.boss import draw_expert, uncovered
from mtrl.numerics.errors import BadInput
from tests.bandits.worlds import rollout
from tests.helpers import assert_close


def test_schedule_numbers():
    plan = boss_schedule(6000, 2000, dim=10, rank=3)
    explore = 10 ** (4 / 3) * 2000 ** (1 / 3)
    assert_close("tau_1", plan.explore, explore, rtol=1e-12)
    assert_close("tau_2", plan.identify, 3 * np.sqrt(2000), rtol=1e-12)
    assert_close("alpha", plan.cover, 10 / np.sqrt(explore), rtol=1e-12)
    chance = np.sqrt(2000 * 30 / (6000 * (explore + 10 ** (2 / 3) * 2000 ** (2 / 3))))
    assert_close("p", plan.chance, chance, rtol=1e-12)


def test_uncovered_is_the_distance_to_the_subspace():
    rng = np.random.default_rng(0)
    experts, estimate = np.linalg.qr(rng.normal(size=(5, 4, 2)))[0], rng.normal(size=4)
    ours = jax.jit(uncovered)(experts, estimate)
    literal = [np.linalg.norm(estimate - e @ (e.T @ estimate)) for e in experts]
    assert_close("distance to every expert", ours, literal, rtol=1e-10)


def test_experts_are_drawn_by_exponential_weights(key):
    """20,000 draws; 5 standard errors on each of four shares (false alarms below 1e-5)."""
    misses = np.array([3.0, 0.0, 1.0, 50.0])
    draw = jax.jit(jax.vmap(draw_expert, (0, None, None)))
    drawn = np.asarray(draw(jax.random.split(key, 20_000), misses, 0.7))
    share = np.bincount(drawn, minlength=4) / 20_000
    weight = np.exp(-0.7 * misses)
    expected = weight / weight.sum()
    assert np.all(np.abs(share - expected) <= 5 * np.sqrt(expected / 20_000))


def test_the_true_expert_is_never_charged_without_noise(key):
    # Another key than the algorithm's: the experts are drawn like the truth.
    other, world = jax.random.fold_in(key, 1), sequential_tasks(dim=5)
    params = jax.jit(world.sample)(other, 1e-3, np.zeros(2), 0.0, 100.0)
    algorithm = boss(explore=50.0, identify=20.0, cover=0.1, chance=0.3, rank=2, experts=30, include_truth=True)
    state, played = rollout(algorithm, key, params, world, 60, keep=lambda step: step.action.columns)
    assert float(state.misses[-1]) == 0.0 and float(state.misses[:-1].min()) > 0
    explored, regret = np.asarray(played.kept) == 5, np.asarray(played.regret)
    late, early = regret[40:][~explored[40:]], regret[1:8][~explored[1:8]]
    assert explored[0] and late.mean() < early.mean()


def test_bad_rank(key):
    world = sequential_tasks(dim=5)
    params = world.sample(key, 1.0, jnp.zeros(2), 0.0, 100.0)
    with pytest.raises(BadInput, match="rank got 7"):
        boss(explore=50, identify=20, cover=0.1, chance=0.3, rank=7).init(key, world.view(params))
