"""Exact GFUCB: reduction to LinUCB, the confidence set against histories, invariances, bad input."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.bandits import gfucb_finite, linucb, theory
from mtrl.bandits.problem import ArmView
from mtrl.bandits.regret.gfucb_finite import State, choose
from mtrl.bandits.regret.gfucb_finite import confidence_set as set_of
from tests.bandits.worlds import CLASS, finite, rollout, uneven
from tests.helpers import assert_close, host

ROUNDS = 25
SET = jax.jit(set_of)
CHOOSE = jax.jit(choose)
DRAW = jax.jit(CLASS.draw)


@pytest.fixture(scope="module")
def played():
    """A history: state, features (candidate, round, task, rank) and rewards (round, task)."""
    key = jax.random.key(5)
    params = finite(key)

    def keep(step):
        features = jnp.take_along_axis(step.round.view.candidates, step.action[None, :, None, None], axis=2)[:, :, 0]
        return features, jnp.take_along_axis(step.round.truth.rewards, step.action[:, None], axis=1)[:, 0]

    state, played = rollout(gfucb_finite(scale=0.05 / 0.09, noise=0.3), key, params, CLASS, ROUNDS, keep=keep)
    features, rewards = played.kept
    return params, state, np.asarray(features).swapaxes(0, 1), np.asarray(rewards)


def confidence_set(state, beta):
    """At the default ridge."""
    return SET(state, beta, 0.1)


def literal_set(features, rewards, ridge, beta):
    """Steps 1 and 2 from histories, loop by loop."""
    count, _, tasks, rank = features.shape
    heads, losses = np.zeros((count, tasks, rank)), np.zeros(count)
    for p in range(count):
        for i in range(tasks):
            f = features[p, :, i]
            heads[p, i] = np.linalg.solve(f.T @ f + ridge * np.eye(rank), f.T @ rewards[:, i])
            losses[p] += ((f @ heads[p, i] - rewards[:, i]) ** 2).sum()
    q = losses.argmin()
    centres, residuals = np.zeros_like(heads), np.zeros(count)
    for p in range(count):
        for i in range(tasks):
            f, fitted = features[p, :, i], features[q, :, i] @ heads[q, i]
            centres[p, i] = np.linalg.solve(f.T @ f + ridge * np.eye(rank), f.T @ fitted)
            residuals[p] += ((f @ centres[p, i] - fitted) ** 2).sum()
    centres[q], residuals[q] = heads[q], 0.0
    return q, losses, centres, beta - residuals


def test_statistics_equal_histories(played):
    """Cross Gram matrices give what the histories give; a misfit phi loses exactly its projection residual."""
    _, state, features, rewards = played
    found = host(confidence_set(state, 1.7))
    q, losses, centres, slack = literal_set(features, rewards, 0.1, 1.7)
    assert int(found.best) == q
    assert_close("summed losses", found.losses, losses, rtol=1e-9)
    assert_close("centres", found.centres, centres, rtol=1e-8)
    assert_close("slack = beta - projection residual", found.slack, slack, rtol=1e-8)


def test_the_fit_itself_always_survives(played):
    _, state, _, _ = played
    for beta in (0.0, 1e-3, 1.0):
        found = host(confidence_set(state, beta))
        assert bool(found.survives[found.best]) and float(found.slack[found.best]) == beta


def test_radius_of_the_schedule(played):
    """Round t is played with beta = scale sigma^2 (M k + log|Phi|) log(t + 2): M = 2, k = 3, |Phi| = 4."""
    params, state, _, _ = played

    def arms(key):
        view = CLASS.draw(key, params, 0).view
        beta = 0.8 * 0.5**2 * (2 * 3 + jnp.log(4.0)) * jnp.log(ROUNDS + 2.0)
        mine, _, _ = choose(confidence_set(state, beta), view.candidates)
        return mine, gfucb_finite(scale=0.8, noise=0.5).select(key, state, view)

    literal, ours = jax.jit(jax.vmap(arms))(jax.random.split(jax.random.key(6), 200))
    assert np.array_equal(ours, literal)


def test_zero_radius_is_greedy_on_the_fit(played):
    params, state, _, _ = played
    view = DRAW(jax.random.key(77), params, 0).view
    found = confidence_set(state, 0.0)
    arms, _, promise = CHOOSE(found, view.candidates)
    best = int(found.best)
    means = np.einsum("mak,mk->ma", np.asarray(view.candidates)[best], np.asarray(found.centres)[best])
    assert int(promise) == best and np.array_equal(arms, means.argmax(1))


def test_fit_ignores_task_order_rotation_and_duplication(played):
    """Permuting tasks or rotating one candidate's features changes no loss; two copies of every task double it."""
    state = host(played[1])
    base = confidence_set(state, 1.0)
    swapped = confidence_set(
        state._replace(gram=state.gram[:, :, ::-1], cross=state.cross[:, ::-1], square=state.square[::-1]), 1.0
    )
    assert_close("losses under task order", swapped.losses, base.losses, rtol=1e-12)
    rotation, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    gram, cross = state.gram.copy(), state.cross.copy()
    gram[1] = np.einsum("ab,qmbc->qmac", rotation, gram[1])
    gram[:, 1] = np.einsum("pmab,cb->pmac", gram[:, 1], rotation)
    cross[1] = cross[1] @ rotation.T
    rotated = confidence_set(state._replace(gram=gram, cross=cross), 1.0)
    assert_close("losses under a rotation", rotated.losses, base.losses, rtol=1e-10)
    assert_close("slack under a rotation", rotated.slack, base.slack, rtol=1e-8)
    twice = State(
        np.concatenate([state.gram] * 2, 2),
        np.concatenate([state.cross] * 2, 1),
        np.concatenate([state.square] * 2),
        state.round,
    )
    doubled = confidence_set(twice, 1.0)
    assert int(doubled.best) == int(base.best)
    assert_close("losses of doubled tasks", doubled.losses, 2 * np.asarray(base.losses), rtol=1e-12)


def test_one_candidate_one_task_is_linucb(key):
    """|Phi| = 1, M = 1: the index is LinUCB's on the features with alpha^2 = beta, and so is every action."""
    params = finite(key, tasks=1, candidates=1)
    world = uneven(CLASS)

    def features_only(key, params, t):
        now = world.draw(key, params, t)
        return now._replace(view=ArmView(now.truth.features))

    on_features = world._replace(draw=features_only, view=lambda params: params.sizes._replace(dim=3))
    _, ours = rollout(gfucb_finite(scale=0.0, beta=0.25), key, params, world, 40)
    _, theirs = rollout(linucb(alpha=0.5, ridge=0.1), key, params, on_features, 40)
    assert np.array_equal(ours.actions, theirs.actions)


@functools.partial(jax.jit, static_argnames="rounds")
def fit_error(key, rounds=30):
    """Squared distance of fit and truth on uniformly played inputs, M = 4, |Phi| = 8, sigma = 0.5."""
    params = finite(key, tasks=4, candidates=8, noise=0.5)
    view, truth = jax.vmap(lambda t: CLASS.draw(jax.random.fold_in(key, t), params, t))(jnp.arange(rounds))
    features, rewards = view.candidates[:, :, :, 0], truth.rewards[:, :, 0]  # first arm: uniform play
    gram = jnp.einsum("tpmk,tqml->pqmkl", features, features)
    cross = jnp.einsum("tpmk,tm->pmk", features, rewards)
    state = State(gram, cross, jnp.sum(rewards**2, axis=0), jnp.asarray(rounds))
    found = set_of(state, 0.0, 1e-9)
    fitted = jnp.einsum("tmk,mk->tm", features[:, found.best], found.centres[found.best])
    return jnp.sum((fitted - truth.means[:, :, 0]) ** 2)


def test_radius_covers_the_truth_and_is_loose(key):
    """No violation of the theorem's radius in 100 runs; it is dozens of times the true squared error."""
    errors = np.asarray(jax.jit(jax.vmap(fit_error))(jax.random.split(key, 100)))
    radius = theory.gfucb_radius(30.0, tasks=4, rank=3, log_covering=np.log(8.0), noise=0.5, delta=0.05)
    assert float(errors.max()) <= float(radius)
    assert float(radius) > 20 * float(errors.mean())
