import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.mdp import psr
from mtrl.mdp.psr import finite, worlds
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close, assert_mean, compiled

project, plan = compiled(finite.project), compiled(finite.plan, "common", "product")
membership = compiled(finite.membership, "tasks")
distance, best, policy_value = compiled(psr.distance), compiled(psr.best), compiled(psr.policy_value)

SIZES = dict(tasks=3, shared=3, own=2, states=2, actions=2, observations=3, horizon=3)


@pytest.fixture(scope="module")
def world():
    return compiled(lambda key: worlds.sample_world(key, **SIZES))(jax.random.key(0))


def laws_of(world):
    return world.tables[world.shared, world.own]


def enumerated(likelihoods, beta, allowed):
    """Which (n, j, l) occur in the joint confidence set, by listing its J L^N members."""
    tasks, shared, own = likelihoods.shape
    members = [
        (j, ls)
        for j in range(shared)
        for ls in itertools.product(range(own), repeat=tasks)
        if all(allowed[j, m] for m in ls)
    ]
    sums = np.array([sum(likelihoods[n, j, ls[n]] for n in range(tasks)) for j, ls in members])
    kept = np.zeros(likelihoods.shape, bool)
    for (j, ls), total in zip(members, sums, strict=True):
        if total >= sums.max() - beta:
            for n in range(tasks):
                kept[n, j, ls[n]] = True
    return kept


def test_projection_equals_enumeration():
    everyone = np.ones((3, 3), bool)
    allowed = [np.ones((4, 2), bool), np.array([[1, 1], [0, 1], [0, 0], [1, 1]], bool)]
    shares = []
    for seed in range(40):
        likelihoods = 3 * np.random.default_rng(seed).normal(size=(3, 4, 2))
        for members in allowed:
            kept = project(likelihoods, 4.0, member=everyone, allowed=members)
            assert np.array_equal(kept, enumerated(likelihoods, 4.0, members))
            shares.append(kept.mean())
    assert 0.1 < np.mean(shares) < 0.9


def test_teams_are_projected_by_themselves():
    likelihoods = np.random.default_rng(3).normal(size=(4, 4, 2)) * 3
    allowed = np.ones((4, 2), bool)
    kept = project(likelihoods, 2.0, member=np.asarray(finite.membership((0, 1, 0, 1), 4)), allowed=allowed)
    for team in ([0, 2], [1, 3]):
        own = enumerated(likelihoods[team], 2.0, np.ones((4, 2), bool))
        assert np.array_equal(kept[team], own)


def test_equal_tasks_are_pooled():
    """With L = 1 all tasks have one law, and the joint likelihood is the pooled one."""
    likelihoods, allowed = np.random.default_rng(5).normal(size=(3, 6, 1)) * 3, np.ones((6, 1), bool)
    everyone, alone = np.ones((3, 3), bool), np.asarray(finite.membership((0, 1, 2), 3))
    joint = project(likelihoods, 2.0, member=everyone, allowed=allowed)
    pooled = project(compiled(finite.over_team)(everyone, likelihoods), 2.0, member=alone, allowed=allowed)
    assert np.array_equal(joint, pooled) and not joint.all()


def test_class_tables_and_distances(world):
    assert world.tables.shape == (3, 2, 3, 2, 3, 2, 3) and laws_of(world).shape == (3, 3, 2, 3, 2, 3)
    d = world.distances
    assert_close("diagonal", np.einsum("jljl->jl", d), np.zeros((3, 2)), atol=1e-15)
    assert_close("one pair", d[0, 1, 2, 0], distance(world.tables[0, 1], world.tables[2, 0]), 1e-14)
    assert_close("symmetry", d, d.transpose(2, 3, 0, 1), 1e-14)


def test_plan_is_the_best_pair(world):
    """Joint: one (j, j') for all; the width of each task the largest over surviving (l, l')."""
    kept = np.random.default_rng(4).random((3, 3, 2)) < 0.7
    kept[:, 0] = True
    made = plan(kept, world.distances, member=finite.membership(None, 3))
    largest = -1.0
    for j, k in itertools.product(range(3), repeat=2):
        widths = [
            max(
                [
                    float(world.distances[j, i, k, m])
                    for i in range(2)
                    for m in range(2)
                    if kept[n, j, i] and kept[n, k, m]
                ],
                default=0.0,
            )
            for n in range(3)
        ]
        largest = max(largest, sum(widths))
    assert_close("largest sum", made.width.sum(), largest, 1e-13)
    assert_close("mean", made.score, np.full(3, largest / 3), 1e-13)
    for n in range(3):
        (j, i), (k, m) = made.first[n], made.second[n]
        assert_close("width of the pair", made.width[n], world.distances[j, i, k, m], 1e-14)
    policy = jax.tree.map(lambda x: x[1], compiled(finite.separating_policies)(world.tables, made))
    (j, i), (k, m) = made.first[1], made.second[1]
    gap = np.abs(world.tables[j, i] - world.tables[k, m])
    assert_close("policy tells the pair apart", policy_value(gap, policy) / 2, made.width[1], 1e-13)


def test_the_product_distance_saturates():
    """Three tasks at .586: the sum is 1.759, the product law's distance at most .929."""
    distances = 0.5863 * (1 - np.eye(2)).reshape(2, 1, 2, 1)
    kept, member = np.ones((3, 2, 1), bool), finite.membership(None, 3)
    additive = plan(kept, distances, member=member)
    product = plan(kept, distances, member=member, product=True)
    assert_close("sum", additive.width.sum(), 1.759, 1e-3)
    assert_close("product", product.score[0], 0.929, 1e-3)
    assert_close("mean", additive.score[0], 0.5863, 1e-12)


def test_empty_sets_are_no_answer(world):
    none = np.zeros((3, 3, 2), bool)
    assert np.isnan(plan(none, world.distances, member=finite.membership(None, 3)).score).all()


def test_answers_follow_the_law(world):
    problem = worlds.play_on(episodes=4000)
    now = jax.jit(problem.draw)(jax.random.key(6), world, 0)
    policy = compiled(jax.vmap(lambda r: psr.best(r).policy))(world.rewards)
    seen, outcome = compiled(problem.answer)(now, policy)
    assert seen.shape == (3, 3, 4000)
    weights = compiled(lambda policy: psr.weights(psr.explore(policy, 2), 3))
    law = laws_of(world)[1] * weights(jax.tree.map(lambda x: x[1], policy))
    assert_mean("trajectories", seen[1, 2][:, None] == np.arange(law.size), law.ravel())
    values = laws_of(world)[0] * world.rewards[0]
    lost = best(values).value - policy_value(values, jax.tree.map(lambda x: x[0], policy))
    assert_close("regret", outcome.regret[0], lost, 1e-12)


def test_likelihoods_add_up(world):
    seen, possible = np.array([[[0, 5], [7, 9], [1, 1]]] * 3), compiled(finite.possible)
    added = compiled(finite.add)(np.zeros((3, 3, 2)), world.tables, seen)
    expected = sum(np.log(np.asarray(world.tables[2, 1]).ravel()[i]) for i in (0, 5, 7, 9, 1, 1))
    assert_close("log-likelihood", added[0, 2, 1], expected, 1e-13)
    assert possible(world.tables, seen)
    never = world.tables.copy()
    never[:, :, 0, 0, 0, 0, 1] = 0
    seen[0, 0, 0] = 1
    assert not possible(never, seen)


def test_bad_input_is_refused():
    with pytest.raises(
        BadInput, match=r"teams has shape \(2\), but must have \(3\); one team per task|teams has shape \(2,\)"
    ):
        finite.membership((0, 1), 3)
    with pytest.raises(BadInput, match="likelihood 0 under every model, but the class must contain the truth"):
        finite.check_possible(jnp.array([True, False]))
    finite.check_possible(jnp.array([True]))
    with pytest.raises(BadInput, match="tasks got 0.*N = 1 is the single-task problem"):
        worlds.sample_world(jax.random.key(0), **{**SIZES, "tasks": 0})
    with pytest.raises(BadInput, match="episodes got 0"):
        worlds.play_on(episodes=0)
