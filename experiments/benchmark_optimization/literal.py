"""The aggregators as their papers write them, in NumPy on the whole Jacobian J (task, parameter), two of them as convex programs.

And a literal loop that descends the two-task landscape by them.
"""

import numpy as np


def mean(J):
    """Equal weights."""
    return J.mean(0)


def mgda(J, iterations=100, tolerance=1e-3):
    """Frank-Wolfe on the Gramian (Sener and Koltun 2018, algorithm 2)."""
    M = J @ J.T
    w = np.full(len(J), 1 / len(J))
    for _ in range(iterations):
        t = np.argmin(M @ w)
        a, b, c = w @ M[t], w @ M @ w, M[t, t]
        step = 1.0 if c <= a else 0.0 if b <= a else (b - a) / (b + c - 2 * a)
        w = (1 - step) * w
        w[t] += step
        if step < tolerance:
            break
    return w @ J


def pcgrad(J, rng=None):
    """Projections on the gradients themselves (Yu et al. 2020, algorithm 1)."""
    rng = rng or np.random.default_rng(0)
    total = np.zeros(J.shape[1], J.dtype)
    for i in range(len(J)):
        g = J[i].copy()
        for j in rng.permutation(len(J)):
            if j != i and (product := g @ J[j]) < 0:
                g -= product / (J[j] @ J[j]) * J[j]
        total += g
    return total


def imtl_g(J):
    """By a pseudo-inverse of the Gramian (Liu, Li et al. 2021)."""
    M = J @ J.T
    alpha = np.linalg.pinv(M) @ np.sqrt(np.diag(M))
    return alpha / alpha.sum() @ J


def aligned_mtl(J):
    """From the singular value decomposition of J (Senushkin et al. 2023, algorithm 1)."""
    U, S, Vt = np.linalg.svd(J, full_matrices=False)
    R = np.sum(S > S[0] * np.sqrt(len(J) * np.finfo(J.dtype).eps))
    return S[R - 1] * (np.full(len(J), 1 / len(J)) @ U[:, :R] @ Vt[:R])


def nash_program(J, iterations=20):
    """The published convex-concave iteration of Nash-MTL with a conic solver (Navon et al. 2022, section 3.2)."""
    import cvxpy as cp

    M = J @ J.T
    M = M / np.linalg.norm(M)
    T = len(J)
    alpha, gains = cp.Variable(T, nonneg=True), cp.Parameter(T, nonneg=True)
    old, gram = cp.Parameter(T), cp.Parameter((T, T), value=M)
    slope = cp.Parameter(T)
    phi = slope @ (alpha - old)
    constraints = [-cp.log(cp.multiply(alpha, gains)) - cp.log(gram @ alpha) <= 0]
    problem = cp.Problem(cp.Minimize(cp.sum(gram @ alpha) + phi), constraints)
    value = np.ones(T)
    gains.value = np.ones(T)
    for _ in range(iterations):
        old.value = value
        slope.value = 1 / value + (1 / (M @ value)) @ M
        problem.solve(solver=cp.CLARABEL, warm_start=True)
        if np.linalg.norm(alpha.value - value) < 1e-6:
            break
        value = alpha.value
    return value / np.sqrt(np.mean(value * (M @ value))) @ J / np.sqrt(np.linalg.norm(J @ J.T))


def cagrad_program(J, c=0.5):
    """The dual of CAGrad by a conic solver, at full accuracy (Liu, Liu et al. 2021, equation 5)."""
    import cvxpy as cp

    g0 = J.mean(0)
    scale = np.linalg.norm(g0)
    root = np.linalg.qr(J.T)[1].T / scale  # rows with the Gramian of J
    w = cp.Variable(len(J))
    problem = cp.Problem(cp.Minimize(w @ (J @ g0) / scale**2 + c * cp.norm(root.T @ w)), [w >= 0, cp.sum(w) == 1])
    problem.solve(solver=cp.CLARABEL)
    gw = w.value @ J
    return g0 + c * scale * gw / np.linalg.norm(gw)


DIRECTIONS = {
    "mean": mean,
    "MGDA": mgda,
    "PCGrad": pcgrad,
    "IMTL-G": imtl_g,
    "Aligned-MTL": aligned_mtl,
    "Nash-MTL": nash_program,
    "CAGrad": cagrad_program,
}


def landscape_gradients(x):
    """Jacobian (task, coordinate) of the two-task landscape's losses by hand."""
    x1, x2 = x
    a, b = 0.5 * (-x1 - 7) - np.tanh(-x2), 0.5 * (-x1 + 3) + np.tanh(-x2) + 2
    sech2 = 1 - np.tanh(x2) ** 2
    df1 = np.array([-0.5, sech2]) / a if abs(a) > 5e-6 else np.zeros(2)
    df2 = np.array([-0.5, -sech2]) / b if abs(b) > 5e-6 else np.zeros(2)
    f1, f2 = (np.log(max(abs(v), 5e-6)) + 6 for v in (a, b))
    bowl = 0.1 * (-x2 - 8) ** 2
    q1, q2 = ((-x1 + 7) ** 2 + bowl) / 10 - 20, ((-x1 - 7) ** 2 + bowl) / 10 - 20
    dq1, dq2 = np.array([-2 * (7 - x1), 0.2 * (x2 + 8)]) / 10, np.array([2 * (x1 + 7), 0.2 * (x2 + 8)]) / 10
    c1, c2 = max(np.tanh(0.5 * x2), 0), max(np.tanh(-0.5 * x2), 0)
    dc1 = 0.5 * (1 - np.tanh(0.5 * x2) ** 2) if x2 >= 0 else 0.0
    dc2 = -0.5 * (1 - np.tanh(0.5 * x2) ** 2) if x2 <= 0 else 0.0
    e2 = np.array([0.0, 1.0])
    return np.stack(
        [df1 * c1 + f1 * dc1 * e2 + dq1 * c2 + q1 * dc2 * e2, df2 * c1 + f2 * dc1 * e2 + dq2 * c2 + q2 * dc2 * e2]
    )


def landscape_loop(methods, starts, steps):
    """End points (method, start, 2) of Adam at 1e-3 on every method's direction from every start, a step at a time."""
    ends = np.zeros((len(methods), len(starts), 2))
    for m, method in enumerate(methods):
        for s, start in enumerate(starts):
            x, first, second = np.array(start), np.zeros(2), np.zeros(2)
            for i in range(1, steps + 1):
                d = DIRECTIONS[method](landscape_gradients(x))
                first, second = 0.9 * first + 0.1 * d, 0.999 * second + 0.001 * d**2
                x = x - 1e-3 * (first / (1 - 0.9**i)) / (np.sqrt(second / (1 - 0.999**i)) + 1e-8)
            ends[m, s] = x
    return ends
