"""The bounds: the card of numbers, the lemmas behind them, that they hold where they should, and are refused where they do not."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from mtrl.bandits import off_policy as op
from mtrl.bandits.off_policy import theory
from mtrl.numerics.errors import BadInput
from tests.bandits.off_policy.worlds import draw
from tests.helpers import assert_close, host

COMMON = dict(gamma=0.25, noise=0.5, delta=0.1, feature_norm=1.0)
EYE = jnp.eye(4)
HIER_BOUND, TASK_BOUND = (jax.jit(functools.partial(f, **COMMON)) for f in (theory.hier_bound, theory.task_bound))


@pytest.mark.parametrize(
    "spread, count, tasks, hier, flat, oracle",
    [
        (1.0, 50, 1, 16.21, 3.808, 3.694),
        (1.0, 50, 10, 8.10, 3.808, 3.694),
        (1.0, 50, 100, 5.10, 3.808, 3.694),
        (1.0, 50, 10_000, 3.835, 3.808, 3.694),
        (10.0, 1, 100, 15.17, 27.01, 12.14),
        (10.0, 5, 100, 10.87, 12.13, 9.05),
        (10.0, 5, 10_000, 9.23, 12.13, 9.05),
    ],
)
def test_numbers_of_an_independent_program(spread, count, tasks, hier, flat, oracle):
    """d = 4, sigma = sigma_0 = 0.5, gamma = 0.25, delta = 0.1; its last digit is rounded."""
    narrow = 0.25 * np.eye(4)
    wide = spread**2 * np.eye(4)
    for_tasks = HIER_BOUND(count, np.full(tasks, float(count)), wide, narrow)
    np.testing.assert_allclose(for_tasks, hier, atol=0.0051)
    np.testing.assert_allclose(TASK_BOUND(count, wide + narrow), flat, atol=0.0051)
    np.testing.assert_allclose(TASK_BOUND(count, narrow), oracle, atol=0.0051)


@pytest.mark.parametrize("seed", range(3))
def test_trace_lemma(seed):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(4, 3))
    gram = root @ root.T / np.linalg.eigvalsh(root @ root.T)[-1]
    precision = np.cov(rng.normal(size=(4, 9)))
    for k in (0.0, 1.0, 100.0):
        exact = np.trace(gram @ np.linalg.inv(precision + k * gram))
        assert exact <= theory.trace_bound(4, np.linalg.eigvalsh(precision)[0], k) + 1e-12


def test_width_of_the_chi_square():
    """P(chi2_d > 5 d log(1/delta)) <= delta where delta <= 1/e, and not where it is large."""
    for dim in (1, 2, 10, 50):
        for delta in (1e-6, 0.01, 0.1, 0.3):
            assert stats.chi2.sf(float(theory.alpha(dim, delta)) ** 2, dim) <= delta
    assert stats.chi2.sf(5 * 50 * np.log(1 / 0.9), 50) > 0.9
    assert_close("C", theory.constant(4, 0.1), np.sqrt(20 * 16 * np.log(10)), 1e-12)


def test_coverage_is_the_largest_gamma():
    prior = op.hierarchy(jnp.zeros(3), 1.0, 0.25, noise=0.5)
    drawn, data, contexts = draw(jax.random.key(2), prior, tasks=3, count=90)
    best = np.asarray(jax.jit(op.optimal_gram)(contexts, drawn.theta))
    coverage = jax.jit(theory.coverage)
    data, gamma = host(data), float(coverage(data, best))
    left = lambda g: np.linalg.eigvalsh(data.gram - g * data.count[:, None, None] * best).min()  # noqa: E731
    assert 0 < gamma < 1 and left(gamma) > -1e-9 and left(1.01 * gamma) < -1e-6
    there = np.arange(3) > 0
    empty = data._replace(gram=there[:, None, None] * data.gram, count=there * data.count)
    assert coverage(empty, best) >= gamma


def test_bounds_hold_in_simulation():
    """20 runs of the paper's synthetic problem, m = 5 tasks: every task below its bound, Oracle's, Hier's and Flat's; the chain in between too."""
    prior = op.hierarchy(jnp.zeros(4), 1.0, 0.25, noise=0.5)
    width = theory.alpha(4, 0.1)

    def one(key):
        drawn, data, contexts = draw(key, prior, tasks=5, count=250, arms=5, contexts=100)
        best = op.optimal_gram(contexts, drawn.theta)
        common = dict(gamma=theory.coverage(data, best), noise=0.5, delta=0.1, feature_norm=1.0)
        narrowest = 1 / jnp.linalg.eigvalsh(best)[:, 0]
        bounds = (
            theory.hier_bound(data.count, data.count, prior.cov_q, prior.cov_0, narrowest=narrowest, **common),
            theory.task_bound(data.count, prior.cov_0, **common),
            theory.task_bound(data.count, prior.cov_q + prior.cov_0, **common),
        )
        found = op.hier_opo(data, prior), op.oracle_opo(data, prior, drawn.mu_star), op.flat_opo(data, prior)
        loss = [op.suboptimality(contexts, drawn.theta, op.pessimistic(p, contexts, alpha=width)) for p in found]
        return jnp.stack(loss), jnp.stack([theory.width_bound(p, best, alpha=width) for p in found]), jnp.stack(bounds)

    loss, chain, bounds = host(jax.jit(jax.vmap(one))(jax.random.split(jax.random.key(0), 20)))
    assert np.all(loss <= chain) and np.all(chain <= bounds) and np.all(loss >= 0)


def test_what_does_not_commute_is_refused():
    """A Sigma_0 and a G_s for which `||St_s Sigma_0^-1|| > 1`, against the proof; Theorem 2 takes what commutes."""
    narrow = jnp.diag(jnp.asarray([1.0, 10.0]))
    gram = jnp.asarray([[[1.0, 1.0], [1.0, 1.0]]])
    assert np.linalg.norm(np.linalg.inv(np.eye(2) + narrow @ gram[0]), 2) > 1.25
    call = lambda **more: theory.hier_bound(1.0, jnp.ones(1), jnp.eye(2), narrow, **COMMON, **more)  # noqa: E731
    for more in ({}, {"gram": gram}):
        with pytest.raises(BadInput, match="Sigma_0 got a matrix that is not a multiple of the identity.*commutes"):
            call(**more)
    assert np.isfinite(call(gram=gram * jnp.eye(2)))


@pytest.mark.parametrize(
    "changes, message",
    [
        (dict(delta=0.5), r"delta got 0.5, but the theoretical width needs it in \(0, 1/e\]"),
        (dict(delta=0.0), "delta got 0"),
        (dict(feature_norm=1.5), r"feature_norm got 1.5.*the bounds hold for \|\|phi\|\| <= 1 only"),
        (dict(gamma=0.0), "gamma got 0.*no bound holds"),
        (dict(gamma=2.0), "gamma got 2"),
        (dict(noise=-1.0), "sigma got -1"),
    ],
)
def test_overlay_is_refused_where_it_does_not_hold(changes, message):
    with pytest.raises(BadInput, match=message):
        theory.task_bound(10.0, EYE, **{**COMMON, **changes})
    with pytest.raises(BadInput, match=message):
        theory.hier_bound(10.0, jnp.ones(3), EYE, EYE, **{**COMMON, **changes})


def test_narrowest_and_union():
    with pytest.raises(BadInput, match="narrowest got 0.5, but lambda_1"):
        theory.hier_bound(1.0, jnp.ones(2), EYE, EYE, narrowest=0.5, **COMMON)
    assert theory.for_all_tasks(0.1, 10) == pytest.approx(0.01)
    empty = theory.hyper_bound(jnp.zeros(3), EYE, EYE, **COMMON)
    assert_close("no data: the hyper-prior alone", empty, theory.constant(4, 0.1), 1e-12)
