"""All presentations and all solvers of the estimator are one estimator."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.random_matrix import coupling
from mtrl.random_matrix.regression import (
    centre_and_deviations,
    fit_dual,
    fit_primal,
    fit_shared_centre,
    fitted_values,
    objective,
)
from tests.helpers import assert_close
from tests.random_matrix.regression_fixtures import random_data

GAMMA, LAM = jnp.array([0.7, 1.6]), 0.9
# n_t > d on both sides; one task on each side; n < d
SHAPES = {"tall": (6, (10, 14)), "mixed": (9, (5, 12)), "wide": (30, (7, 11))}

solve = jax.jit(fit_shared_centre)


@pytest.mark.parametrize("shape", SHAPES)
def test_star_equals_dual_and_primal(shape):
    data = random_data(*SHAPES[shape])
    ours = solve(data, gamma=GAMMA, lam=LAM)
    B = coupling(GAMMA, LAM)
    for name, other in (("dual", jax.jit(fit_dual)(data, B=B)), ("primal", jax.jit(fit_primal)(data, B=B))):
        for field, a, b in zip(ours._fields[:3], ours, other, strict=False):
            assert_close(f"{shape} {name} {field}", a, b, rtol=1e-12)


def test_literal_resolvent_of_the_paper():
    """Q = (Z^T A Z/(Td) + I)^-1 with Z = blockdiag(X_1..X_T), in NumPy; the residual is QY."""
    d, counts = SHAPES["mixed"]
    data = random_data(d, counts)
    features, targets = np.asarray(data.features), np.asarray(data.targets)
    X = [features[t, :n].T for t, n in enumerate(counts)]
    Y = np.concatenate([targets[t, :n] for t, n in enumerate(counts)])
    Z = np.zeros((2 * d, sum(counts)))
    Z[:d, : counts[0]], Z[d:, counts[0] :] = X
    A = np.kron(np.asarray(coupling(GAMMA, LAM)), np.eye(d))
    Q = np.linalg.inv(Z.T @ A @ Z / (2 * d) + np.eye(sum(counts)))
    ours = solve(data, gamma=GAMMA, lam=LAM)
    residual, q_diag, W = np.asarray(ours.residual), np.asarray(ours.q_diag), np.asarray(ours.W)
    flat = np.concatenate([residual[t, :n] for t, n in enumerate(counts)])
    assert_close("residual = QY", flat, Q @ Y, rtol=1e-12)
    assert_close("Q_ii", np.concatenate([q_diag[t, :n] for t, n in enumerate(counts)]), np.diag(Q), rtol=1e-12)
    assert_close("vec(W) = A Z Q Y/sqrt(Td)", W.reshape(2 * d, 2), A @ Z @ Q @ Y / np.sqrt(2 * d), rtol=1e-12)


def test_direct_solve_of_the_regularised_form():
    """(W_0, V) from the stacked normal equations; W_0 = lam sum_t V_t/gamma_t; zero gradient of the objective."""
    d, counts = SHAPES["mixed"]
    data = random_data(d, counts)
    fit = solve(data, gamma=GAMMA, lam=LAM)
    ours = jax.jit(centre_and_deviations)(data, fit.residual, gamma=GAMMA, lam=LAM)
    W0, V = np.asarray(ours.W0), np.asarray(ours.V)
    X, Y = np.asarray(data.features) / np.sqrt(2 * d), np.asarray(data.targets)
    design = np.concatenate([np.hstack([X[t]] + [X[t] * (s == t) for s in range(2)]) for t in range(2)])
    penalty = np.repeat(1 / np.array([LAM, *np.asarray(GAMMA)]), d)
    direct = np.linalg.solve(design.T @ design + np.diag(penalty), design.T @ Y.reshape(-1, 2))
    assert_close("W_0", W0, direct[:d], rtol=1e-12)
    assert_close("V", V.reshape(-1, 2), direct[d:], rtol=1e-12)
    assert_close("W_0 = lam sum V/gamma", LAM * np.sum(V / np.asarray(GAMMA)[:, None, None], 0), W0, rtol=1e-12)
    assert_close("W = W_0 + V", W0 + V, fit.W, rtol=1e-12)
    slope = jax.jit(jax.grad(lambda q: objective(data, *q, gamma=GAMMA, lam=LAM)))((ours.W0, ours.V))
    assert max(np.max(np.abs(s)) for s in slope) < 1e-12
    assert_close(
        "prediction + residual = targets",
        np.add(jax.jit(fitted_values)(fit.W, data.features), fit.residual)[0, :5],
        np.asarray(data.targets)[0, :5],
        rtol=1e-12,
    )


def test_outputs_are_solved_side_by_side():
    data = random_data(*SHAPES["tall"])
    both = solve(data, gamma=GAMMA, lam=LAM)
    second = solve(data._replace(targets=np.asarray(data.targets)[:, :, 1:]), gamma=GAMMA, lam=LAM)
    assert_close("second output alone", np.asarray(second.W)[:, :, 0], np.asarray(both.W)[:, :, 1], rtol=1e-12)
