"""Independent learning: M copies with one task each, of any multitask algorithm."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.bandits import e2tc, gfucb_finite, known_representation, linucb, pege, uniform
from mtrl.bandits.problem import BallTruth, ClassView
from mtrl.numerics.algorithm import Round
from mtrl.numerics.independent import independent, task_axes
from tests.bandits.worlds import ARMS, BALL, CLASS, finite, linear, rollout
from tests.helpers import assert_close


def test_task_axes():
    view, truth = ClassView(jnp.zeros(1), jnp.zeros(2)), BallTruth(jnp.zeros(1), jnp.zeros(1), jnp.zeros(1))
    assert task_axes(Round(view, truth)) == Round(ClassView(0, 1), BallTruth(0, 0, None))


@pytest.mark.parametrize(
    ("factory", "hyper", "world"),
    [
        (linucb, dict(alpha=0.5), ARMS),
        (known_representation, dict(noise=0.1), ARMS),
        (pege, dict(explore=6), BALL),
        (pege, dict(explore=6, known_subspace=True), BALL),
    ],
)
def test_methods_that_share_nothing_do_the_same_apart(key, factory, hyper, world):
    params = linear(key)
    _, together = rollout(factory(**hyper), key, params, world, 20)
    _, apart = rollout(independent(factory)(**hyper), key, params, world, 20)
    assert_close("together and apart", apart.regret, together.regret, rtol=1e-9, atol=1e-12)


def test_e2tc_alone_learns_its_own_direction(key):
    """One task of rank 1: stage 1 sees `theta theta^T`, and the commitment is close to theta without other tasks."""
    params = linear(key, tasks=2, dim=3, rank=1, noise=0.1)
    state, played = rollout(independent(e2tc)(explore=300, identify=20, rank=1), key, params, BALL, 330)
    assert state.moment.shape == (2, 3, 3)
    assert played.actions.shape == (330, 2, 3) and not np.allclose(played.actions[0, 0], played.actions[0, 1])
    assert float(played.regret[320:].max()) < 0.1


def test_every_task_draws_for_itself(key):
    """Three tasks that play uniformly have independent arms: any two agree in a quarter of 400 rounds (5 sigma: .11)."""
    _, played = rollout(independent(uniform()), key, linear(key), ARMS, 400)
    a = np.asarray(played.actions)
    assert all(abs((a[:, i] == a[:, j]).mean() - 0.25) < 0.11 for i, j in ((0, 1), (0, 2), (1, 2)))


def test_every_task_plays_alone(key):
    """Task 0 of two independent copies does what it does in a world without task 1."""
    params = finite(key)
    alone = params._replace(heads=params.heads[:1])

    def first_task_only(key, _, t):
        view, truth = CLASS.draw(key, params, t)
        return Round(ClassView(view.contexts[:1], view.candidates[:, :1]), jax.tree.map(lambda x: x[:1], truth))

    _, both = rollout(independent(gfucb_finite(scale=0.05)), key, params, CLASS, 25)
    _, one = rollout(gfucb_finite(scale=0.05), key, alone, CLASS._replace(draw=first_task_only), 25)
    assert np.array_equal(both.actions[:, 0], one.actions[:, 0])
    _, shared = rollout(gfucb_finite(scale=0.05), key, params, CLASS, 25)
    assert not np.array_equal(both.actions, shared.actions)
