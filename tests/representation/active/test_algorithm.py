import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.linalg.subspaces import sin_theta
from mtrl.numerics.moments import Moments, moments
from mtrl.representation.active import algorithm, problem
from mtrl.representation.subspace import alternating_minimisation
from tests.helpers import assert_below, assert_close, compiled, host

DIM, RANK, TASKS = 12, 3, 10


@jax.jit
def instance():
    params = problem.rare_direction_instance(jax.random.key(1), dim=DIM, rank=RANK, tasks=TASKS)
    return params, moments(*(z[None] for z in problem.target_data(jax.random.key(2), params, 100, noise=0.5)))


PARAMS, TARGET = instance()
REGRESSORS = jnp.asarray(np.asarray(PARAMS.heads).T @ np.asarray(PARAMS.basis).T)
DRAW = functools.partial(problem.gaussian_moments, regressors=REGRESSORS, noise=0.5)
DRAWN, SINE = compiled(DRAW), compiled(sin_theta)
LEARN = functools.partial(algorithm.learn_linear, target=TARGET, rank=RANK, iterations=5)
TOTALS = jnp.array([300, 600, 2000])


@functools.partial(jax.jit, static_argnames=("reuse", "debias"))
def program(key, norm, exponent, sparse, ratio, reuse, debias):
    sampler = algorithm.a_mtrl(
        learn=LEARN, totals=TOTALS, tasks=TASKS, floor=20, norm=norm, exponent=exponent, sparse=sparse,
        lasso_ratio=ratio, reuse=reuse, debias=debias,
    )  # fmt: skip
    return algorithm.run_epochs(key, sampler, DRAW, tasks=TASKS, epochs=3)


def run(key, norm, exponent, sparse=TASKS, ratio=0.05, reuse=False, debias=False):
    """One program for all numbers."""
    return host(program(key, norm, exponent, sparse, ratio, reuse, debias))


@jax.jit
def run_by_accuracy(key, norm, beta, ratio):
    sampler = algorithm.a_mtrl_by_accuracy(learn=LEARN, tasks=TASKS, beta=beta, floor=20, norm=norm, lasso_ratio=ratio)
    return algorithm.run_epochs(key, sampler, DRAW, tasks=TASKS, epochs=3)


RULES = {"passive": (2.0, 0.0), "L2": (2.0, 2.0), "L1": (1.0, 1.0)}


@pytest.fixture(scope="module")
def epochs():
    return {name: run(jax.random.key(3), *rule) for name, rule in RULES.items()}


def test_learner_is_alternating_minimisation_on_samples_of_unequal_tasks():
    source = DRAWN(jax.random.key(5), np.arange(20, 20 + 7 * TASKS, 7))
    learn = compiled(functools.partial(algorithm.learn_linear, target=TARGET, rank=RANK, iterations=40))
    learned = learn(jax.random.key(0), source)
    start = np.linalg.qr(np.random.default_rng(6).normal(size=(DIM, RANK)))[0]
    fit = compiled(functools.partial(alternating_minimisation, iterations=300))(source, start)
    assert SINE(learned.representation, fit.basis) < 1e-5
    target = host(TARGET)
    design = learned.representation.T @ target.gram[0] @ learned.representation
    right = learned.representation.T @ target.cross[0]
    assert_close("target head", learned.target_head, np.linalg.solve(design, right), rtol=1e-9)
    products = (learned.representation @ learned.heads).T, (fit.basis @ fit.heads.T).T
    assert_close("regressors", products[0], products[1], rtol=1e-4)


def test_budgets_floor_and_first_epoch(epochs):
    for name, found in epochs.items():
        np.testing.assert_array_equal(found.counts.sum(1), TOTALS)
        np.testing.assert_array_equal(found.spent, np.cumsum(TOTALS))
        assert found.counts.min() >= 20
        np.testing.assert_array_equal(found.counts[0], [30] * TASKS)
        # same key: the first epoch is the same for all methods, bit for bit
        np.testing.assert_array_equal(found.learned.representation[0], epochs["passive"].learned.representation[0])
        assert not np.any(found.all_zero), name
    np.testing.assert_array_equal(epochs["passive"].counts[-1], [200] * TASKS)


def test_active_rules_find_the_relevant_tasks(epochs):
    for name in ("L2", "L1"):
        counts = np.asarray(epochs[name].counts[-1])
        assert counts[:2].sum() > 0.5 * counts.sum(), name
    assert not np.array_equal(epochs["L2"].counts[-1], epochs["L1"].counts[-1])


def test_active_beats_passive_over_keys():
    """Paired over 24 keys, 3 standard errors: false-alarm rate 1.3e-3."""
    keys = jax.random.split(jax.random.key(8), 24)
    vmapped = jax.jit(jax.vmap(lambda k, *rule: program(k, *rule, TASKS, 0.05, False, False), (0, None, None)))
    excess, risk = compiled(jax.vmap(functools.partial(problem.true_excess_risk, PARAMS))), {}
    for name, rule in RULES.items():
        found = host(vmapped(keys, *rule))
        estimate = np.einsum("sik,sk->si", found.learned.representation[:, -1], found.learned.target_head[:, -1])
        risk[name] = excess(estimate)
    assert_below("L2 below passive", risk["L2"], risk["passive"])
    assert_below("L1 below passive", risk["L1"], risk["passive"])


def test_fresh_samples_against_pooled(epochs):
    pooled = run(jax.random.key(3), *RULES["passive"], reuse=True)
    # The pooled fit of the last epoch is the fit on the sum of all epochs' moments.
    keys = split_named(split_named(jax.random.key(3), "run")["run"], "data")["data"]
    parts = [DRAWN(jax.random.fold_in(keys, e), pooled.counts[e]) for e in range(3)]
    total = jax.tree.map(lambda *leaves: sum(leaves), *parts)
    learn = compiled(LEARN)
    expected = learn(jax.random.key(0), total)
    assert SINE(pooled.learned.representation[-1], expected.representation) < 1e-9
    fresh = learn(jax.random.key(0), parts[-1])
    assert SINE(epochs["passive"].learned.representation[-1], fresh.representation) < 1e-9


def test_k_sparse_samples_only_k_tasks_beyond_the_floor():
    for name, rule in RULES.items():
        counts = np.asarray(run(jax.random.key(3), *rule, sparse=3).counts)
        assert np.sum(counts[1] > 20) <= 3 and np.sum(counts[2] > 20) <= 3, name
        np.testing.assert_array_equal(counts[0], [30] * TASKS)
    random = [np.asarray(run(jax.random.key(k), *RULES["passive"], sparse=3).counts[-1]) for k in (3, 4, 5)]
    assert len({tuple(c > 20) for c in random}) > 1 and all(np.ptp(c[c > 20]) <= 1 for c in random)


def test_all_zero_estimate_falls_back_to_uniform():
    found = run(jax.random.key(3), *RULES["L1"], ratio=1.0)
    assert np.all(found.all_zero) and not np.any(found.relevance)
    np.testing.assert_array_equal(found.counts[-1], [200] * TASKS)


def test_debias_changes_the_estimate(epochs):
    assert not np.allclose(run(jax.random.key(3), *RULES["L1"], debias=True).relevance, epochs["L1"].relevance)


@pytest.mark.parametrize("norm", [1.0, 2.0])
def test_theoretical_loop(norm):
    found = run_by_accuracy(jax.random.key(9), norm, 4.0, 0.05)
    np.testing.assert_array_equal(found.counts[0], [20] * TASKS)  # nu = 1/M: below the floor
    nu = np.asarray(found.relevance[1])
    if norm == 2.0:
        expected = np.maximum(4 * nu**2 * 64, np.maximum(4 * 8, 20))
    else:
        expected = np.maximum(4 * np.abs(nu).sum() * np.abs(nu) * 64, 20)
    np.testing.assert_array_equal(found.counts[2], np.ceil(expected))
    assert int(found.spent[-1]) == np.sum(np.asarray(found.counts))


def test_number_of_epochs():
    assert algorithm.epochs_for(0.1) == 4 and algorithm.epochs_for(0.25) == 2
    assert isinstance(TARGET, Moments)


def test_nothing_selected_means_uniform_in_the_theoretical_loop():
    """The loop starts from nu = 1/M and goes back to it: counts of epoch i are those of nu = 1/M at eps_i."""
    found = run_by_accuracy(jax.random.key(9), 1.0, 400.0, 1.0)
    assert np.all(found.all_zero)
    np.testing.assert_array_equal(found.counts, np.repeat([[160], [640], [2560]], TASKS, axis=1))


def test_nothing_selected_means_uniform_with_k_sparse_selection():
    found = run(jax.random.key(3), *RULES["L1"], ratio=1.0, sparse=3)
    assert np.all(found.all_zero)
    np.testing.assert_array_equal(found.counts[-1], [200] * TASKS)


def test_least_identified_head_is_reported():
    source = DRAWN(jax.random.key(5), np.where(np.arange(TASKS) == 4, 2, 50))
    learn = jax.jit(functools.partial(algorithm.learn_linear, target=TARGET, rank=RANK, iterations=3))
    assert learn(jax.random.key(0), source).head_rank == 2  # two samples cannot identify three coordinates


def test_every_epoch_has_its_own_learner_key():
    def learn(key, source):
        return LEARN(key, source)._replace(representation=jax.random.key_data(key))

    sampler = algorithm.a_mtrl(learn=learn, totals=TOTALS, tasks=TASKS, floor=20, norm=2.0, exponent=2.0)
    found = jax.jit(lambda key: algorithm.run_epochs(key, sampler, DRAW, tasks=TASKS, epochs=3))(jax.random.key(3))
    assert len({tuple(k) for k in np.asarray(found.learned.representation)}) == 3


def test_penalty_of_the_lasso_reaches_the_estimate():
    learned = compiled(LEARN)(jax.random.key(0), DRAWN(jax.random.key(5), np.full(TASKS, 60)))
    estimate = compiled(
        lambda learned, ratio: algorithm.estimate_relevance(learned, norm=1.0, lasso_ratio=ratio).vector
    )
    for ratio in (0.02, 0.5):
        found = estimate(learned, ratio)
        miss = learned.heads.T @ (learned.target_head - learned.heads @ found)
        limit = ratio * np.max(np.abs(learned.heads.T @ learned.target_head))
        assert_close("largest correlation of the miss is lambda", np.max(np.abs(miss)), limit, rtol=1e-3)


def test_nan_is_never_taken_for_uniform():
    """A target response that is not finite: nothing more is bought, and all that depends on it is NaN."""
    broken = TARGET._replace(cross=TARGET.cross.at[0, 0].set(jnp.nan))
    learn = functools.partial(algorithm.learn_linear, target=broken, rank=RANK, iterations=3)
    sampler = algorithm.a_mtrl(learn=learn, totals=TOTALS, tasks=TASKS, floor=20)
    found = jax.jit(lambda key: algorithm.run_epochs(key, sampler, DRAW, tasks=TASKS, epochs=3))(jax.random.key(3))
    np.testing.assert_array_equal(found.counts.sum(1), [300, 0, 0])
    assert np.all(np.isnan(found.relevance)) and not np.any(found.all_zero)
    assert np.all(np.isnan(found.learned.target_head)) and np.all(np.isnan(found.learned.heads[1:]))


def test_warns_of_estimates():
    with pytest.warns(UserWarning, match="2 relevance estimates were all zero") as seen:
        algorithm.warn_of_estimates(np.array([True, False, True]), np.zeros(3))
    with pytest.warns(UserWarning, match=r"1 LASSO estimates .* gap of up to 2\.0e-02"):
        algorithm.warn_of_estimates(np.zeros(2, bool), np.array([0.0, 0.02]))
    assert len(seen) == 1


def test_refused_settings():
    settings = dict(learn=LEARN, totals=[300, 600], tasks=TASKS, floor=20)
    for changes, message in (
        (dict(totals=[100, 600]), r"budget N=100 below M\*N_min=10\*20"),
        (dict(totals=[600, 300]), "do not increase"),
        (dict(floor=-1), "floor N_min=-1 must be at least 0"),
        (dict(lasso_ratio=0.0), "LASSO penalty ratio is 0.0"),
        (dict(exponent=-1.0), "exponent got -1"),
    ):
        with pytest.raises(BadInput, match=message):
            algorithm.a_mtrl(**(settings | changes))
    by_accuracy = dict(learn=LEARN, tasks=TASKS, beta=1.0, floor=20)
    for changes, message in (
        (dict(beta=0.0), "beta got 0"),
        (dict(norm=3.0), "norm got 3"),
        (dict(tasks=0), "tasks got 0"),
    ):
        with pytest.raises(BadInput, match=message):
            algorithm.a_mtrl_by_accuracy(**(by_accuracy | changes))
