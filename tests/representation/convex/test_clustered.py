import jax
import jax.numpy as jnp
import numpy as np

from mtrl.representation.convex.clustered import cluster_penalty, clustered, membership_given_weights
from mtrl.representation.convex.quadratic import gradient
from mtrl.representation.convex.single_task import ridge
from tests.helpers import assert_close
from tests.representation.convex.fixtures import DIM, EXACT, TASKS, solve, term


def test_penalty_at_a_clustering_is_scatter_plus_ridge():
    labels = np.array([0, 0, 1, 1, 1])
    indicators = np.stack([(labels == c) / np.sqrt((labels == c).sum()) for c in (0, 1)], axis=1)
    weights = np.asarray(jax.random.normal(jax.random.key(0), (DIM, TASKS)))
    alpha, eta = 0.7, 0.3
    scatter = sum(
        ((weights[:, labels == c] - weights[:, labels == c].mean(1, keepdims=True)) ** 2).sum() for c in (0, 1)
    )
    ours = cluster_penalty(jnp.asarray(weights), jnp.asarray(indicators @ indicators.T), alpha=alpha, eta=eta)
    assert_close("identity", ours, alpha * scatter + alpha * eta * (weights**2).sum(), 1e-10)


def test_membership_step_is_feasible_and_beats_random_feasible_matrices():
    weights = jax.random.normal(jax.random.key(1), (DIM, TASKS))
    best = membership_given_weights(weights, clusters=2, eta=0.2)
    values = np.linalg.eigvalsh(best)
    assert_close("trace k", jnp.trace(best), 2.0, 1e-9)
    assert values.min() > -1e-10
    assert values.max() < 1 + 1e-10
    ours = float(cluster_penalty(weights, best, alpha=1.0, eta=0.2))
    rng = np.random.default_rng(0)
    for _ in range(200):
        frame = np.linalg.qr(rng.normal(size=(TASKS, TASKS)))[0]
        spectrum = rng.dirichlet(np.ones(TASKS)) * 2
        spectrum = np.minimum(spectrum, 1)
        spectrum = spectrum + (2 - spectrum.sum()) * (1 - spectrum) / (1 - spectrum).sum()
        other = jnp.asarray((frame * spectrum) @ frame.T)
        assert float(cluster_penalty(weights, other, alpha=1.0, eta=0.2)) >= ours - 1e-9


def test_rank_deficient_and_zero_weights_keep_the_trace():
    low = jnp.outer(jnp.arange(1.0, 7.0), jnp.ones(TASKS))
    assert_close("rank one", jnp.trace(membership_given_weights(low, clusters=3, eta=0.1)), 3.0, 1e-6)
    zero = membership_given_weights(jnp.zeros((DIM, TASKS)), clusters=2, eta=0.1)
    assert_close("zero", zero, 0.4 * np.eye(TASKS), 1e-9)


def test_the_alternation_stays_there():
    """The W step, `H_t w_t - b_t + 2 alpha eta (1 + eta) W (eta I + M)^{-1} = 0`, at the M of the fit, and the M step at its W."""
    found = solve(clustered, eta=0.3, clusters=2, gap=EXACT)(0.1)
    shifted = found.membership + 0.3 * jnp.eye(TASKS)
    slope = gradient(term(), found.weights) + 2 * 0.1 * 0.3 * 1.3 * jnp.linalg.solve(shifted, found.weights.T).T
    assert float(jnp.linalg.norm(slope)) < 1e-5
    best = membership_given_weights(found.weights, clusters=2, eta=0.3)
    assert_close("membership", found.membership, best, 1e-10)


def test_one_cluster_per_task_is_ridge():
    # M = I: alpha eta (1 + eta) / (eta + 1) ||W||_F^2.
    found = solve(clustered, eta=0.3, clusters=TASKS, gap=EXACT)(0.1).weights
    assert_close("ridge", found, solve(ridge)(2 * 0.1 * 0.3).weights, 1e-6)


def test_a_warm_start_stays_at_the_optimum():
    best = solve(clustered, eta=0.05, clusters=2, gap=EXACT)(0.1).weights
    short = solve(lambda data, a, w: clustered(data, a, eta=0.05, clusters=2, iterations=10, start=w))
    assert_close("ten steps more", short(0.1, best).weights, best, 1e-6)
    assert float(jnp.max(jnp.abs(short(0.1, 0 * best).weights - best))) > 1e-3
