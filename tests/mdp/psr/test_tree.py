import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.mdp import psr
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close, assert_mean, compiled

best, explore = compiled(psr.best), compiled(psr.explore, "step")
policy_value, distance, divergence = (compiled(f) for f in (psr.policy_value, psr.distance, psr.divergence))
weights, uniform_policy = (
    compiled(psr.weights, "observations"),
    compiled(psr.uniform_policy, "observations", "actions", "horizon"),
)
renyi, worst_renyi = compiled(psr.renyi), compiled(psr.worst_renyi)
values_of_all = compiled(jax.vmap(psr.policy_value, (None, 0)))
sample, table_of = (
    jax.jit(psr.sample, static_argnames=("states", "actions", "observations")),
    compiled(psr.trajectory_table, "horizon"),
)


def drawn_tables(seed, horizon=3, count=3, observations=3, actions=2):
    keys = jax.random.split(jax.random.key(seed), count)
    sizes = dict(states=2, actions=actions, observations=observations)
    return jax.vmap(lambda key: psr.trajectory_table(psr.sample(key, **sizes), horizon=horizon))(keys)


tables = compiled(drawn_tables, "horizon", "count", "observations", "actions")


def deterministic(horizon, observations, actions):
    """Every deterministic policy."""
    shapes = [(observations, actions) * h + (observations,) for h in range(horizon - 1)]
    sizes = [int(np.prod(shape)) for shape in shapes]
    for choice in itertools.product(range(actions), repeat=sum(sizes)):
        parts = np.split(np.array(choice), np.cumsum(sizes)[:-1])
        yield tuple(np.eye(actions)[part.reshape(shape)] for part, shape in zip(parts, shapes, strict=True))


@pytest.mark.parametrize(("horizon", "observations"), [(2, 3), (3, 2)])
def test_best_is_the_maximum_over_all_policies(horizon, observations):
    p, q, _ = tables(0, horizon, observations=observations)
    policies = jax.tree.map(lambda *x: np.stack(x), *deterministic(horizon, observations, 2))
    difference = np.abs(p - q)
    every = values_of_all(difference, policies)
    assert len(every) == (2**3 if horizon == 2 else 2 ** (2 + 8))
    found = best(difference)
    assert_close("tree maximum", found.value, every.max(), 1e-13)
    assert_close("its policy", policy_value(difference, found.policy), found.value, 1e-13)
    assert_close("distance", distance(p, q), every.max() / 2, 1e-13)


def test_weights_are_the_policy_on_trajectories():
    p, q, _ = tables(1)
    for policy in (
        best(np.abs(p - q)).policy,
        uniform_policy(3, 2, 3),
        explore(best(p - q).policy, 1),
    ):
        law = p * weights(policy, 3)
        assert_close("law of trajectories", law.sum(), 1.0, 1e-13)
        assert_close("value", policy_value(p * q, policy), np.sum(law * q), 1e-13)
    assert psr.weights((), 3).shape == (3,)


def test_exploration_follows_then_is_uniform():
    policy = best(tables(2)[0]).policy
    for step in range(3):
        taken = explore(policy, step)
        for h in range(2):
            expected = policy[h] if h < step else np.full_like(policy[h], 0.5)
            assert np.array_equal(taken[h], expected)


def test_distance_is_a_metric_in_the_unit_interval():
    p, q, r = tables(3)
    d = distance
    assert float(d(p, p)) == 0 and 0 < float(d(p, q)) <= 1
    assert_close("symmetry", d(p, q), d(q, p), 1e-14)
    assert float(d(p, r)) <= float(d(p, q)) + float(d(q, r)) + 1e-14
    ones = np.zeros((2, 2, 2, 2))
    ones[[0, 1], [0, 1], :, 0] = 1
    assert_close("disjoint laws", d(*ones), 1.0, 1e-14)


def test_divergences():
    p, q, _ = tables(4)
    policy = uniform_policy(3, 2, 3)
    w = weights(policy, 3)
    assert_close("KL", divergence(p, q, policy), np.sum(w * p * np.log(p / q)), 1e-12)
    orders = [1.0001, 1.2, 2.0, 3.0, 6.0]
    values = [float(renyi(p, q, policy, alpha=alpha)) for alpha in orders]
    assert values == sorted(values)
    assert_close("Renyi near 1 is KL", values[0], divergence(p, q, policy), 1e-3)
    assert float(worst_renyi(p, q, alpha=2.0)) >= values[2]
    every = jax.tree.map(lambda *x: np.stack(x), *deterministic(2, 3, 2))
    p, q, _ = tables(5, 2)
    largest = compiled(jax.vmap(functools.partial(psr.renyi, alpha=1.5), (None, None, 0)))(p, q, every).max()
    assert_close("worst Renyi over all policies", worst_renyi(p, q, alpha=1.5), largest, 1e-12)
    assert float(divergence(p, np.where(np.arange(3) > 0, p, 0), uniform_policy(3, 2, 2))) == np.inf


def test_value_gap_is_at_most_twice_the_distance():
    """1-Lipschitz in each of the two steps: planning in Q and acting in P loses at most 2 TV*."""
    laws = tables(10, count=30)
    rewards = jax.random.uniform(jax.random.key(1), laws.shape)
    p, q = laws, np.roll(laws, 1, axis=0)
    judged = jax.vmap(lambda p, q, r: (psr.value_gap(p, q, r), psr.distance(p, q), psr.value_gap(p, p, r)))
    gaps, distances, none = compiled(judged)(p, q, rewards)
    assert (gaps >= -1e-14).all() and (gaps <= 2 * distances + 1e-14).all() and (none == 0).all()


def test_rewards_of_the_last_observation():
    p = tables(6)[0]
    rewards = psr.reward_of_last(jnp.asarray(np.array([0.0, 1.0, 0.0])), p.shape)
    assert rewards.shape == p.shape and float(rewards[0, 0, 2, 1, 1]) == 1
    with pytest.raises(BadInput, match=r"scores has shape \(2,\), but must have \(3\)"):
        psr.reward_of_last(jnp.ones(2), p.shape)


def test_rank_of_the_dynamics_is_the_number_of_states():
    model = sample(jax.random.key(8), states=3, actions=2, observations=4)
    table = jnp.asarray(table_of(model, horizon=4))
    ranks = [int(compiled(psr.numerical_rank)(psr.history_matrix(table, step))) for step in (1, 2, 3)]
    assert ranks == [3, 3, 3]
    with pytest.raises(BadInput, match=r"step got 4, but must lie from 1 to H - 1 = 3"):
        psr.history_matrix(table, 4)


def test_drawn_counts_follow_the_law():
    p, q, _ = tables(7, 2)
    law = p * weights(best(np.abs(p - q)).policy, 3)
    draw = compiled(jax.vmap(lambda key: psr.draw(key, jnp.asarray(law), 20)))
    drawn = draw(jax.random.split(jax.random.key(3), 3000))
    assert np.all(drawn.sum((1, 2, 3)) == 20)
    assert_mean("counts", drawn / 20, law)


def test_bad_input_is_refused():
    p, q, _ = map(jnp.asarray, tables(9))
    with pytest.raises(
        BadInput, match="alpha got 1, but Renyi divergences here need alpha above 1; at alpha = 1 use `divergence`"
    ):
        psr.worst_renyi(p, q, alpha=1.0)
    with pytest.raises(BadInput, match="alpha got 0.5"):
        psr.renyi(p, q, psr.uniform_policy(3, 2, 3), alpha=0.5)
    with pytest.raises(BadInput, match=r"rewards span 0 to 1.5, but the bound by 2 TV\* needs them in \[0, 1\]"):
        psr.value_gap(p, q, jnp.asarray(np.where(np.arange(3).reshape(3, 1, 1, 1, 1), 0.0, np.full(p.shape, 1.5))))
