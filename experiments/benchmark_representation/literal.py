"""Literal NumPy: the papers' loops over seeds, tasks and iterations as one would first write them; the yardstick."""

import numpy as np


def draw(rng, tasks, samples, dim, rank):
    """One problem of Tripuraneni et al. 2021: basis and a list of (X, y) per task."""
    basis = np.linalg.qr(rng.normal(size=(dim, rank)))[0]
    data = []
    for _ in range(tasks):
        x = rng.normal(size=(samples, dim))
        head = rng.normal(size=rank) / np.sqrt(rank)
        data.append((x, x @ basis @ head + rng.normal(size=samples)))
    return basis, data


def sine(first, second):
    """Sine of the largest angle."""
    return np.linalg.norm(second - first @ (first.T @ second), 2)


def moments(data, rank):
    """Method of moments, task by task."""
    dim = data[0][0].shape[1]
    matrix, total = np.zeros((dim, dim)), 0
    for x, y in data:
        scaled = (x.T * y).T
        matrix += scaled.T @ scaled
        total += len(y)
    return np.linalg.eigh(matrix / total)[1][:, ::-1][:, :rank]


def alternating(data, basis, iterations):
    """AltMin with least squares per head and the Kronecker system summed task by task."""
    dim, rank = basis.shape
    for _ in range(iterations):
        system, right = np.zeros((dim * rank, dim * rank)), np.zeros((dim, rank))
        for x, y in data:
            head = np.linalg.lstsq(x @ basis, y, rcond=None)[0]
            system += np.kron(np.outer(head, head), x.T @ x)
            right += np.outer(x.T @ y, head)
        basis = np.linalg.qr(np.linalg.solve(system, right.T.reshape(-1)).reshape(rank, dim).T)[0]
    return basis


def factored(rng, data, rank, iterations):
    """Factored least squares by SciPy's L-BFGS-B from an N(0, 1) start, losses and gradients task by task."""
    from scipy import optimize

    tasks, dim, total = len(data), data[0][0].shape[1], sum(len(y) for _, y in data)

    def objective(flat):
        v, u = flat[: dim * rank].reshape(dim, rank), flat[dim * rank :].reshape(tasks, rank)
        imbalance = v.T @ v - u.T @ u
        loss, dv, du = np.sum(imbalance**2) / 8, 0.5 * v @ imbalance, -0.5 * u @ imbalance
        for t, (x, y) in enumerate(data):
            residual = x @ v @ u[t] - y
            loss += residual @ residual / (2 * total)
            slope = x.T @ residual / total
            dv += np.outer(slope, u[t])
            du[t] += v.T @ slope
        return loss, np.concatenate([dv.reshape(-1), du.reshape(-1)])

    start = rng.normal(size=dim * rank + tasks * rank)
    found = optimize.minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": iterations})
    return np.linalg.qr(found.x[: dim * rank].reshape(dim, rank))[0]


def trace_norm(x, y, lam, iterations, goal):
    """Accelerated proximal gradient for the trace norm, gradient task by task, until the relative duality gap is at most `goal`, looked
    at every ten iterations; x (T, n, d), y (T, n).
    """
    tasks, samples, dim = x.shape
    step = 1 / max(np.linalg.norm(x[t], 2) ** 2 / samples for t in range(tasks))
    weights = momentum = np.zeros((dim, tasks))
    clock = 1.0
    for i in range(iterations):
        if i % 10 == 0 and _trace_norm_gap(x, y, lam, weights) <= goal:
            break
        slope = np.zeros_like(weights)
        for t in range(tasks):
            slope[:, t] = x[t].T @ (x[t] @ momentum[:, t] - y[t]) / samples
        left, singular, right = np.linalg.svd(momentum - step * slope, full_matrices=False)
        new = left * np.maximum(singular - step * lam, 0) @ right
        if np.sum((momentum - new) * (new - weights)) > 0:
            clock, momentum = 1.0, new
        else:
            following = (1 + np.sqrt(1 + 4 * clock**2)) / 2
            momentum, clock = new + (clock - 1) / following * (new - weights), following
        weights = new
    return weights


def _trace_norm_gap(x, y, lam, weights):
    """Duality gap relative to the objective at zero, the residuals scaled until they are feasible."""
    tasks, samples, _ = x.shape
    residuals, slope = np.zeros_like(y), np.zeros_like(weights)
    for t in range(tasks):
        residuals[t] = y[t] - x[t] @ weights[:, t]
        slope[:, t] = x[t].T @ residuals[t] / samples
    scale = min(1, lam / np.linalg.norm(slope, 2)) if np.any(slope) else 1
    primal = np.sum(residuals**2) / (2 * samples) + lam * np.linalg.norm(weights, "nuc")
    dual = (scale * np.sum(y * residuals) - scale**2 * np.sum(residuals**2) / 2) / samples
    return (primal - dual) / (np.sum(y**2) / (2 * samples))


def task_relationship(x, y, lam1, lam2, iterations):
    """MTRL with the (task dim)^2 linear system built and solved in every alternation, eps annealed."""
    tasks, samples, dim = x.shape
    covariance = np.eye(tasks) / tasks
    size = None
    for eps in [1.0, *np.geomspace(1.0, 1e-8, iterations)]:
        system = (lam1 * np.eye(tasks * dim)) + lam2 * np.kron(np.linalg.inv(covariance), np.eye(dim))
        right = np.zeros(tasks * dim)
        for t in range(tasks):
            block = slice(t * dim, (t + 1) * dim)
            system[block, block] += x[t].T @ x[t] / samples
            right[block] = x[t].T @ y[t] / samples
        weights = np.linalg.solve(system, right).reshape(tasks, dim).T
        size = np.sum(weights**2) / tasks if size is None else size
        values, vectors = np.linalg.eigh(weights.T @ weights + eps * size * np.eye(tasks))
        root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
        covariance = root / np.trace(root)
    return weights
