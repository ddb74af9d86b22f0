import jax
import jax.numpy as jnp
import numpy as np

from mtrl.representation.classical.clustered import clustered, membership_given_weights, penalty
from mtrl.representation.classical.loss import gradient
from tests.helpers import assert_close
from tests.representation.classical.fixtures import DIM, TASKS, loss, solve


def test_penalty_at_a_clustering_is_scatter_plus_ridge():
    labels = np.array([0, 0, 1, 1, 1])
    indicators = np.stack([(labels == c) / np.sqrt((labels == c).sum()) for c in (0, 1)], axis=1)
    weights = np.asarray(jax.random.normal(jax.random.key(0), (DIM, TASKS)))
    alpha, eta = 0.7, 0.3
    scatter = sum(
        ((weights[:, labels == c] - weights[:, labels == c].mean(1, keepdims=True)) ** 2).sum() for c in (0, 1)
    )
    ours = penalty(jnp.asarray(weights), jnp.asarray(indicators @ indicators.T), alpha=alpha, eta=eta)
    assert_close("identity", ours, alpha * scatter + alpha * eta * (weights**2).sum(), 1e-10)


def test_membership_step_is_feasible_and_beats_random_feasible_matrices():
    weights = jax.random.normal(jax.random.key(1), (DIM, TASKS))
    best = membership_given_weights(weights, clusters=2, eta=0.2)
    values = np.linalg.eigvalsh(best)
    assert_close("trace k", jnp.trace(best), 2.0, 1e-9)
    assert values.min() > -1e-10
    assert values.max() < 1 + 1e-10
    ours = float(penalty(weights, best, alpha=1.0, eta=0.2))
    rng = np.random.default_rng(0)
    for _ in range(200):
        frame = np.linalg.qr(rng.normal(size=(TASKS, TASKS)))[0]
        spectrum = rng.dirichlet(np.ones(TASKS)) * 2
        spectrum = np.minimum(spectrum, 1)
        spectrum = spectrum + (2 - spectrum.sum()) * (1 - spectrum) / (1 - spectrum).sum()
        other = jnp.asarray((frame * spectrum) @ frame.T)
        assert float(penalty(weights, other, alpha=1.0, eta=0.2)) >= ours - 1e-9


def test_rank_deficient_and_zero_weights_keep_the_trace():
    low = jnp.outer(jnp.arange(1.0, 7.0), jnp.ones(TASKS))
    assert_close("rank one", jnp.trace(membership_given_weights(low, clusters=3, eta=0.1)), 3.0, 1e-6)
    zero = membership_given_weights(jnp.zeros((DIM, TASKS)), clusters=2, eta=0.1)
    assert_close("zero", zero, 0.4 * np.eye(TASKS), 1e-9)


def test_alternation_ends_at_a_joint_optimum():
    found = solve(clustered, eta=0.3, clusters=2, iterations=200)(0.1)
    shifted = found.membership + 0.3 * jnp.eye(TASKS)
    slope = gradient(loss(), found.weights) + 2 * 0.1 * 0.3 * 1.3 * jnp.linalg.solve(shifted, found.weights.T).T
    assert float(jnp.linalg.norm(slope)) < 1e-5
    best = membership_given_weights(found.weights, clusters=2, eta=0.3)
    assert_close("membership", found.membership, best, 1e-5)


def test_warm_start_continues_from_the_optimal_membership():
    run = solve(clustered, eta=0.05, clusters=2, iterations=300)
    best = run(0.1).weights
    again = solve(lambda data, a, w: clustered(data, a, eta=0.05, clusters=2, iterations=1, start=w))(0.1, best)
    cold = solve(clustered, eta=0.05, clusters=2, iterations=1)(0.1)
    assert_close("one more alternation", again.weights, best, 1e-5)
    assert float(jnp.max(jnp.abs(cold.weights - best))) > 1e-3
