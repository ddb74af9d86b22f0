"""DouExpDes end to end: sizes and answers of the canonical instance, RAGE as its special case, masks, choices, and what it refuses."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.bandits import exploration as ex
from mtrl.bandits.exploration.eliminate import countable, survivors
from mtrl.bandits.exploration.sizes import Bounds, delta_of, design_pulls, feature_batches
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close, host

DELTA, GAP = 0.005, 0.4
CANONICAL = jax.jit(ex.canonical_tasks, static_argnames=("tasks", "dim", "rank"))


def play(key, count, gap, noise, *, who, tasks=100, rank=2, **hyper):
    """One run on the canonical instance of the first tasks of `tasks`."""
    problem = ex.first_tasks(ex.canonical_tasks(gap, noise, tasks=tasks, dim=5, rank=2), count)
    sampler = ex.arm_sampler(problem)
    if who is ex.oracle_features:
        hyper["basis"] = problem.linear.basis
    elif who is ex.dou_exp_des or who is ex.uniform_designs:
        hyper |= {"rank": rank, "omega": hyper.get("omega", 0.16)}
    found = who(key, sampler, **hyper)
    return found, ex.wrong(problem, found.best) & problem.present, ex.subspace_error(found.basis, problem.linear.basis)


@functools.cache
def program(who, **hyper):
    """All keys and numbers of tasks."""
    one = functools.partial(play, who=who, **hyper)
    return jax.jit(jax.vmap(jax.vmap(one, (None, 0, None, None)), (0, None, None, None)))


def run(who, keys, counts=(100,), gap=GAP, noise=1.0, **hyper):
    """What the program found, on the host."""
    return host(program(who, **hyper)(keys, np.asarray(counts, float), gap, noise))


@pytest.fixture(scope="module")
def keys():
    return jax.random.split(jax.random.key(3), 8)


@pytest.fixture(scope="module")
def shared(keys):
    return run(ex.dou_exp_des, keys, (20, 50, 100), delta=DELTA)


@pytest.fixture(scope="module")
def alone(keys):
    return run(ex.ind_rage, keys, (20, 50, 100), delta=DELTA)


def test_names_every_best_arm(shared, alone):
    for found, wrong, _ in (shared, alone):
        assert found.separated.all() and not wrong.any()
        assert np.all(np.asarray(found.phases) == np.asarray(ex.theory.phases_needed(GAP)))
        assert found.gap.max() < 2e-2


def test_pulls_are_the_predicted_ones(shared, alone):
    """Both stages on the canonical instance, to the rounding up of a phase; the counts add up."""
    counts, stages = np.array([20.0, 50, 100]), dict(delta=DELTA, arms=5)
    found, _, error = shared

    @jax.jit
    def predicted(counts):
        first = ex.theory.canonical_features(counts, GAP, dim=5, rank=2, delta=DELTA, omega=0.16, rounds=100)
        return first, *(ex.theory.canonical_elimination(counts, GAP, dim=dim, **stages) for dim in (2, 5))

    features, with_features, independent = predicted(counts)
    np.testing.assert_array_equal(found.feature_pulls.sum(2), np.broadcast_to(features, (8, 3)))
    assert_close(
        "pulls in the recovered features", found.elimination_pulls.sum(2), np.tile(with_features, (8, 1)), rtol=1e-3
    )
    assert_close("pulls of IndRAGE", alone[0].pulls, np.tile(independent, (8, 1)), rtol=1e-4)
    np.testing.assert_array_equal(found.task_pulls.sum(2), found.elimination_pulls.sum(2))
    np.testing.assert_array_equal(found.pulls, found.feature_pulls.sum(2) + found.elimination_pulls.sum(2))
    assert found.pulls.dtype == jnp.int64 and error.max() < 0.01


def test_a_task_costs_k_over_d_of_what_it_costs_alone(shared, alone):
    slopes = [np.polyfit([20, 50, 100], found.pulls.mean(0), 1)[0] for found, _, _ in (shared, alone)]
    assert_close("ratio of the slopes in M", slopes[0] / slopes[1], ex.theory.slope_ratio(5, 2), rtol=0.02)


def test_sharing_pays_beyond_few_tasks(shared, alone):
    ratio = np.asarray(shared[0].pulls.mean(0) / alone[0].pulls.mean(0))
    assert_close("pulls over IndRAGE's at M = 20, 50, 100", ratio, [1.07, 0.65, 0.52], atol=0.01)


def test_first_phase():
    """Phase 1 of n = 5, M = 100, delta_1 = 0.0025: rho = 10 costs 21405 pulls, rho = 4 costs 8562."""
    sizes = dict(tasks=100, arms=5, zeta=0.1, noise=1.0)
    found = np.ceil(design_pulls(0.5, delta_of(1, DELTA), jnp.array([10.0, 4.0]), **sizes))
    np.testing.assert_array_equal(found, [21405, 8562])


def test_batches_of_the_features_by_hand():
    """`C (1 + zeta)^3 rho^2 k^4 L_x^4 L_theta^2 L_w^2 / (M omega^2) 4^t log^4(p M d / delta_t)`, and the practical number."""
    bounds = Bounds(arms=2.0, heads=3.0, parameters=0.5)
    sizes = dict(
        tasks=4, dim=5, rank=2, omega=0.25, rounds=100, rho=6.0, spread=0.7, zeta=0.1, bounds=bounds, constant=7.0
    )
    theory, practice = (float(feature_batches(2.0**-3, 0.01, sizes=kind, **sizes)) for kind in ("theory", "practical"))
    norms = 2.0**4 * 0.5**2 * 3.0**2
    by_hand = 7 * 1.1**3 * 6**2 * 2**4 * norms / (4 * 0.25**2) * 4**3 * np.log(100 * 4 * 5 / 0.01) ** 4
    assert theory == np.ceil(by_hand)
    by_hand = 7 * 4**3 * 3**2 * (5 - 2) * (0.7 * 2**2 / 0.25 + 0.7**2 * 2**3 / 0.25**2) * np.log(1 / 0.01) / 4
    assert practice == np.ceil(by_hand)


def test_masked_tasks_cost_nothing(shared):
    """The first 20 of 100 tasks are a problem of 20 tasks."""
    found, wrong, _ = shared
    assert found.task_pulls[:, 0, 20:].max() == 0 and not wrong[:, 0, 20:].any()
    smaller = run(ex.dou_exp_des, jax.random.split(jax.random.key(9), 2), (20,), tasks=20, delta=DELTA)[0]
    np.testing.assert_array_equal(smaller.pulls[0, 0], found.pulls[0, 0])


def test_no_features_to_find_is_rage(keys, alone):
    """With k = d and no batches the two are one algorithm, for many tasks and for one; equal draws, equal answers."""
    same = run(ex.dou_exp_des, keys, (20, 50, 100), rank=5, least=0.0, delta=DELTA)[0]
    for name in ("pulls", "best", "task_pulls", "phases"):
        np.testing.assert_array_equal(getattr(same, name), getattr(alone[0], name))
    assert_close("estimates", same.estimates, alone[0].estimates, rtol=1e-9)


def test_oracle_and_uniform(keys, shared, alone):
    """The true B is a lower envelope; equal shares waste what the designs save."""
    oracle, wrong, _ = run(ex.oracle_features, keys, (20, 50, 100), delta=DELTA)
    uniform, also, _ = run(ex.uniform_designs, keys, (20, 50, 100), delta=DELTA)
    assert not wrong.any() and not also.any()
    assert np.all(oracle.pulls < shared[0].pulls) and np.all(oracle.pulls < alone[0].pulls)
    assert np.all(uniform.pulls > shared[0].pulls)


def test_ties_stop_at_the_last_phase():
    """Two best arms are never separated: the loop ends, and says so."""
    found = run(ex.ind_rage, jax.random.split(jax.random.key(0), 1), gap=0.0, tasks=2, counts=(2,), phases=4)[0]
    assert not found.separated.any() and found.phases == 4
    one = jax.tree.map(lambda x: x[0, 0], found)
    assert ex.status(one) == "not separated: 2 tasks still have several arms after 4 phases; their best may be tied"
    assert ex.status(one._replace(separated=np.ones(2, bool))) == "separated"


def test_released_constants_and_rule(keys):
    """The published code's constants are smaller; its second rule ends at least as early."""
    gap = run(ex.ind_rage, keys[:2], constants="released", tasks=4, counts=(4,))[0]
    both = run(ex.ind_rage, keys[:2], constants="released", rule="confidence", tasks=4, counts=(4,))[0]
    t, rho = 1, 10.0
    released = np.ceil(8 * 4 ** (t - 1) * rho * 1.1 * np.log(2 * 25 * 2 * t**2 / DELTA))
    np.testing.assert_array_equal(gap.elimination_pulls[:, 0, 0], np.tile(4 * released, 2))
    assert both.separated.all() and both.phases.max() <= gap.phases.max()


def test_theory_sizes_and_regret_rounding(keys):
    """The proof's constants run too: p = 90000 pulls in a batch, floors of 36000 in the second stage, for k = 2, d = 5, zeta = 1/10."""
    found, wrong, error = run(ex.dou_exp_des, keys[:2], sizes="theory", tasks=4, counts=(4,), noise=0.05)
    assert not wrong.any() and found.separated.all() and error.max() < 1e-6
    assert np.all(found.elimination_pulls[..., 0] == 4 * 36000) and np.all(found.feature_pulls[..., 0] % 90000 == 0)
    small = dict(tasks=20, counts=(4,), noise=0.05, delta=DELTA)
    regret = run(ex.dou_exp_des, keys[:2], rounding="regret", **small)[0]
    plain = run(ex.dou_exp_des, keys[:2], **small)[0]
    np.testing.assert_array_equal(regret.pulls, plain.pulls)
    assert regret.separated.all()


def test_reuse_saves_pulls(keys):
    kept = run(ex.dou_exp_des, keys[:2], (20,), tasks=20, reuse=True, delta=DELTA)
    fresh = run(ex.dou_exp_des, keys[:2], (20,), tasks=20, delta=DELTA)
    assert np.all(kept[0].pulls < fresh[0].pulls) and not kept[1].any()


def test_the_best_estimate_survives():
    """At a margin of 2^-t; NaN eliminates nothing."""
    from mtrl.bandits.exploration.eliminate import make_rules

    values, active = np.array([[1.0, 0.6, 0.4, 2.0]]), np.array([[True, True, True, False]])
    left = jax.jit(functools.partial(survivors, noise=1.0, rules=make_rules()))
    kept, nothing = (left(given, active, np.asarray(1), np.zeros(1)) for given in (values, values * np.nan))
    np.testing.assert_array_equal(kept, [[True, True, False, False]])
    np.testing.assert_array_equal(nothing, active)
    assert countable(100) > 2**50


@functools.cache
def sampler_of(tasks):
    return ex.arm_sampler(CANONICAL(0.4, tasks=tasks, dim=5, rank=2))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rank": 0}, "rank got 0, but must lie between 1 and the smaller of the dimension and the number of tasks, 4"),
        ({"rank": 5, "tasks": 3}, "rank got 4"),
        ({"omega": 0.0}, "omega got 0, but must be a finite number above 0; it is the task diversity"),
        ({"delta": 1.0}, "delta got 1, but must be strictly between 0 and 1"),
        ({"delta": 0.0}, "delta got 0"),
        ({"zeta": 0.0}, "zeta got 0, but must be from 1e-06 to 1"),
        ({"zeta": 1.5}, "zeta got 1.5"),
        ({"sizes": "exact"}, "sizes got 'exact', but takes one of practical, theory"),
        ({"design": "A"}, "design got 'A', but takes one of E, G, uniform"),
        ({"allocation": "E"}, "allocation got 'E', but takes one of XY, G, uniform"),
        ({"rounds": 3}, "total got 3, but the design has 5 points and each needs a sample; take at least 5"),
        ({"phases": 0}, "phases got 0"),
        ({"constant": -1.0}, "constant got -1"),
    ],
)
def test_refuses(change, message):
    tasks = change.pop("tasks", 4)
    if tasks == 3:
        change["rank"] = 4
    sampler = sampler_of(tasks)
    with pytest.raises(BadInput, match=message):
        ex.dou_exp_des(jax.random.key(0), sampler, **{"rank": 2, "omega": 0.16, **change})


def test_refuses_arms_that_do_not_span():
    problem = CANONICAL(0.4, tasks=4, dim=5, rank=2)
    flat = ex.arm_sampler(problem._replace(arms=jnp.asarray(np.asarray(problem.arms) * (np.arange(5) < 4))))
    for algorithm in (functools.partial(ex.dou_exp_des, rank=2, omega=0.16), ex.ind_rage):
        with pytest.raises(BadInput, match="arms span only 4 of 5 dimensions, but must span all"):
            algorithm(jax.random.key(0), flat)
    alone = ex.arm_sampler(problem._replace(arms=jnp.asarray(np.asarray(problem.arms)[:1])))
    with pytest.raises(BadInput, match="arms got 1, but a best arm is sought among at least 2"):
        ex.oracle_features(jax.random.key(0), alone, problem.linear.basis)
