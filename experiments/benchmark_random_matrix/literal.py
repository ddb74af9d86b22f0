"""What this project is timed against: the estimator's dense formulas, Monte Carlo as it is written down, and SciPy's root finder."""

import numpy as np

from mtrl import random_matrix
from mtrl.harness import jax, split_named


def dense_matrices(X, gamma, lam):
    """Block-diagonal data Z (Td, Tn) and coupling A = B kron I (Td, Td) of X (task, sample, dim), as dense matrices."""
    T, n, d = X.shape
    Z = np.zeros((T * d, T * n))
    for t in range(T):
        Z[t * d : (t + 1) * d, t * n : (t + 1) * n] = X[t].T
    return Z, np.kron(np.diag(gamma) + lam, np.eye(d))


def dense_dual(X, y, gamma, lam):
    """`a = Q Y`, `Q = (Z^T A Z/(Td) + I)^-1`, with Z, A and Q as dense matrices, as the formulas are written."""
    T, n, d = X.shape
    Z, A = dense_matrices(X, gamma, lam)
    Q = np.linalg.inv(Z.T @ A @ Z / (T * d) + np.eye(T * n))
    return (A @ Z @ (Q @ y.ravel()) / np.sqrt(T * d)).reshape(T, d)


def dense_primal(X, y, gamma, lam):
    """`(I + A Z Z^T/(Td)) vec(W) = A Z Y/sqrt(Td)`, one dense Td x Td solve: the cheaper dense way when Td < n."""
    T, _, d = X.shape
    Z, A = dense_matrices(X, gamma, lam)
    W = np.linalg.solve(np.eye(T * d) + A @ (Z @ Z.T) / (T * d), A @ (Z @ y.ravel()) / np.sqrt(T * d))
    return W.reshape(T, d)


def plain_monte_carlo(key, alpha, gamma, noise, lams, *, dim):
    """Test risk of one draw at every lam, each by its own fit; two tasks with n_t = d, gamma (task,)."""
    keys = split_named(key, "problem", "data")
    model = random_matrix.aligned_model(keys["problem"], tasks=2, dim=dim, alpha=alpha, noise=noise)
    data = random_matrix.sample_tasks(keys["data"], model, counts=(dim, dim))

    def risk(lam):
        return random_matrix.exact_risk(
            model, random_matrix.regression.fit_shared_centre(data, gamma=gamma, lam=lam).W
        ).mean()

    return jax.lax.map(risk, lams)


def scipy_curve(parameters, lams):
    """Predicted risk of two tasks with n_t = d at every lam, parameters (gamma, noise, alpha).

    The same equations in NumPy, the fixed point by `scipy.optimize.root` (its hybrid method, default tolerance).
    """
    from scipy import optimize

    gamma, noise, alpha = parameters
    gram = np.array([[1, alpha], [alpha, 1]]) / 2
    out = []
    for lam in lams:
        B = gamma * np.eye(2) + lam

        def p0(delta, B=B):
            return np.linalg.solve(np.eye(2) + B / (2 * (1 + delta)), B)

        delta = optimize.root(lambda x, p0=p0: np.diag(p0(x)) / 2 - x, np.diag(B) / 2).x
        p, D = p0(delta), 1 / (2 * (1 + delta) ** 2)
        L = np.linalg.inv(np.eye(2) + B / (2 * (1 + delta)))
        K = np.diag(L @ gram @ L.T)
        out.append(np.linalg.solve(np.eye(2) - p * p / 2 * D, K + noise).mean())
    return np.array(out)
