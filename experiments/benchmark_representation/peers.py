"""The same problems by installed tools: moments by scikit-learn's truncated SVD, convex fits as programs of cvxpy."""

from typing import Any

import numpy as np

TIGHT = dict.fromkeys(("tol_gap_abs", "tol_gap_rel", "tol_feas"), 1e-9)


def moments(data: list, rank: int) -> np.ndarray:
    """Basis (dim, rank) of the method of moments: right singular vectors of the rows x y of all tasks, by ARPACK."""
    from sklearn.decomposition import TruncatedSVD

    rows = np.concatenate([x * y[:, None] for x, y in data])
    return TruncatedSVD(rank, algorithm="arpack", random_state=0).fit(rows).components_.T


def program(x: np.ndarray, y: np.ndarray, penalty: Any) -> np.ndarray:
    """Weights (dim, task) of least squares with a penalty of them, by Clarabel; x (task, sample, dim), y (task, sample)."""
    import cvxpy as cp

    tasks, samples, dim = x.shape
    weights = cp.Variable((dim, tasks))
    # Of the Gram matrices' factors, since there are fewer features than samples.
    loss = 0.0
    for t in range(tasks):
        q, r = np.linalg.qr(x[t])
        loss += cp.sum_squares(r @ weights[:, t] - q.T @ y[t])
    cp.Problem(cp.Minimize(loss / (2 * samples) + penalty(cp, weights))).solve(solver=cp.CLARABEL, **TIGHT)
    return np.asarray(weights.value)


def trace_norm(x: np.ndarray, y: np.ndarray, lam: float) -> np.ndarray:
    """`l(W) + lam |W|_*`."""
    return program(x, y, lambda cp, weights: lam * cp.normNuc(weights))


def task_relationship(x: np.ndarray, y: np.ndarray, lam1: float, lam2: float) -> np.ndarray:
    """`l(W) + lam1/2 |W|_F^2 + lam2/2 |W|_*^2`: MTRL with its best relation in place of Om."""
    return program(
        x, y, lambda cp, weights: lam1 / 2 * cp.sum_squares(weights) + lam2 / 2 * cp.square(cp.normNuc(weights))
    )
