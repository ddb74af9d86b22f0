"""The designs as their formulas are written, in NumPy and as convex programs in cvxpy; each returns weights, value and bound.

A bound that a program does not give is NaN. The value is always that of the returned weights.
"""

import numpy as np

TIGHT = ("tol_gap_abs", "tol_gap_rel", "tol_feas")


def information(X, weights):
    """`A = sum_x lambda(x) x x^T`."""
    return (X.T * weights) @ X


def lengths(rows, inverse):
    """`||x||^2` in the metric of an inverse."""
    return np.sum((rows @ inverse) * rows, axis=1)


def g_value(X, weights):
    """`max_x ||x||^2_{A^-1}`."""
    return lengths(X, np.linalg.inv(information(X, weights))).max()


def e_value(X, weights):
    """`||A^-1||`."""
    return 1 / np.linalg.eigvalsh(information(X, weights))[0]


def xy_value(X, Y, weights):
    """`max_y ||y||^2_{A^-1}`."""
    return lengths(Y, np.linalg.inv(information(X, weights))).max()


def g_design(X, *, tolerance: float, most: int = 100_000):
    """Fedorov-Wynn with away steps, until the gap is reached."""
    n, d = X.shape
    weights = np.full(n, 1 / n)
    for _ in range(most):
        v = lengths(X, np.linalg.inv(information(X, weights)))
        if v.max() / d - 1 <= tolerance:
            break
        up, down = v.argmax(), np.where(weights > 0, v, np.inf).argmin()
        i = down if d - v[down] > v[up] - d else up
        step = (v[i] / d - 1) / (v[i] - 1)
        if i == down:
            drop = -weights[i] / (1 - weights[i])
            step = max(step, drop) if v[i] > 1 else drop
        weights = (1 - step) * weights
        weights[i] = max(weights[i] + step, 0)
    weights /= weights.sum()
    return weights, g_value(X, weights), float(d)


def e_design(X, *, iterations: int):
    """The ladder p = 1, 4, ..., 4096, `lambda <- lambda (x^T U x)^{1/(p+1)}`, keeping the best weights and the best bound."""
    weights = np.full(len(X), 1 / len(X))
    best, lower, upper = weights, 0.0, np.inf
    for power in 4.0 ** np.arange(7):
        for _ in range(iterations):
            values, vectors = np.linalg.eigh(information(X, weights))
            if values[0] > lower:
                best, lower = weights, values[0]
            ratios = (values[0] / values) ** (power + 1)
            slopes = (X @ vectors) ** 2 @ (ratios / ratios.sum())
            upper = min(upper, slopes.max())
            weights = weights * (slopes / slopes.max()) ** (1 / (power + 1))
            weights /= weights.sum()
    return best, e_value(X, best), 1 / upper


def xy_design(X, Y, *, iterations: int):
    """The ladder q = 1, 4, 16, 64, 128, `lambda <- lambda G^{1/(q+1)}`, keeping the best weights and the best bound."""
    weights = np.full(len(X), 1 / len(X))
    best, value, lower = weights, np.inf, 0.0
    for power in (1.0, 4.0, 16.0, 64.0, 128.0):
        for _ in range(iterations):
            # Vanishing weights leave A without an inverse where the differences span less.
            inverse = np.linalg.inv(information(X, weights) + 1e-14 * np.eye(X.shape[1]))
            v = lengths(Y, inverse)
            if v.max() < value:
                best, value = weights, v.max()
            mu = (v / v.max()) ** (power - 1)
            mu /= mu.sum()
            slopes = (X @ inverse @ Y.T) ** 2 @ mu
            lower = max(lower, (mu @ v) ** 2 / slopes.max())
            weights = weights * (slopes / slopes.max()) ** (1 / (power + 1))
            weights /= weights.sum()
    return best, xy_value(X, Y, best), lower


def convex(design: str, X, Y):
    """The design as a convex program by Clarabel: log det, an eigenvalue, or matrix fractions.

    A gap of 1e-11 in log det is one of about 1e-6 in `max_x ||x||^2`, which grows with its square root; the other two are linear.
    """
    import cvxpy as cp

    weights = cp.Variable(len(X), nonneg=True)
    dim = X.shape[1]
    # As one sparse product with the outer products; `X.T @ cp.diag(weights) @ X` takes cvxpy several times longer to translate.
    A = cp.reshape(np.einsum("ai,aj->ija", X, X).reshape(dim**2, -1) @ weights, (dim, dim), order="C")
    goal = {
        "G": lambda: cp.Maximize(cp.log_det(A)),
        "E": lambda: cp.Maximize(cp.lambda_min(A)),
        "XY": lambda: cp.Minimize(cp.maximum(*[cp.matrix_frac(y, A) for y in Y])),
    }[design]()
    cp.Problem(goal, [cp.sum(weights) == 1]).solve(solver=cp.CLARABEL, **dict.fromkeys(TIGHT, 1e-11))
    found = np.maximum(weights.value, 0) / np.maximum(weights.value, 0).sum()
    worth = {"G": g_value, "E": e_value}.get(design, lambda X, found: xy_value(X, Y, found))(X, found)
    return found, worth, float(len(X[0])) if design == "G" else np.nan
