"""DouExpDes (Du, Huang and Sun 2023, Algorithm 1) in NumPy, with every pull drawn; the practical sizes of the library."""

import numpy as np

from experiments.benchmark_pure_exploration.literal import e_design, information, xy_design, xy_value


def apportion(weights, total, cutoff=1e-6):
    """Whole pulls from weights (Pukelsheim and Rieder 1992)."""
    shares = np.where(weights >= cutoff, weights, 0)
    shares = shares / shares.sum()
    some = np.flatnonzero(shares)
    counts = np.ceil((total - len(some) / 2) * shares).astype(int)
    while counts.sum() < total:
        counts[some[np.argmin(counts[some] / shares[some])]] += 1
    while counts.sum() > total:
        counts[some[np.argmax((counts[some] - 1) / shares[some])]] -= 1
    return counts


def features(rng, X, theta, batch, batches, rank, noise):
    """FeatRecover: every task pulls the batch so many times; top eigenvectors of the corrected second moment of its estimates."""
    inverse = np.linalg.inv(batch.T @ batch)
    means, second = theta @ batch.T, np.zeros_like(inverse)
    for _ in range(batches):
        estimates = (means + noise * rng.normal(size=means.shape)) @ batch @ inverse
        second += estimates.T @ estimates
    moment = second / (len(theta) * batches) - noise**2 * inverse
    return np.linalg.eigh(moment)[1][:, ::-1][:, :rank]


def plan(F, active, accuracy, logs, zeta, noise, steps):
    """Pulls of each arm for the differences of the active ones."""
    left, right = np.triu_indices(int(active.sum()), 1)
    Y = F[active][left] - F[active][right]
    weights, _, _ = xy_design(F, Y, iterations=steps)
    rho, support = xy_value(F, Y, weights), (weights >= 1e-6).sum()
    total = max(32 * (1 + zeta) * noise**2 / accuracy**2 * rho * logs, 2 * support / zeta)
    return apportion(weights, int(np.ceil(total)))


def dou_exp_des(
    rng, X, theta, *, rank, omega, delta, constant, noise=1.0, zeta=0.1, phases=14, e_steps=400, xy_steps=200
):
    """Best arms of all tasks; pulls, the arms, and the last features. Tasks with the same active arms share a design."""
    (n, d), tasks = X.shape, len(theta)
    batch = np.repeat(X, apportion(e_design(X, iterations=e_steps)[0], 20 * d), axis=0)
    spread = noise**2 / np.linalg.eigvalsh(batch.T @ batch)[0]
    error = (d - rank) * (spread * rank**2 / omega + spread**2 * rank**3 / omega**2)
    active, best, pulls, B = np.ones((tasks, n), bool), np.zeros(tasks, int), 0, np.eye(d, rank)
    for t in range(1, phases + 1):
        if (active.sum(1) == 1).all():
            break
        accuracy, delta_t = 2.0**-t, delta / (2 * t**2)
        batches = int(np.ceil(max(1, constant / accuracy**2 * error * np.log(1 / delta_t) / tasks)))
        B = features(rng, X, theta, batch, batches, rank, noise)
        pulls += tasks * batches * len(batch)
        F, plans, logs = X @ B, {}, np.log(4 * n**2 * tasks / delta_t)
        for m in np.flatnonzero(active.sum(1) > 1):
            name = active[m].tobytes()
            if name not in plans:
                plans[name] = plan(F, active[m], accuracy, logs, zeta, noise, xy_steps)
            counts = plans[name]
            arms = np.repeat(np.arange(n), counts)
            rewards = (X @ theta[m])[arms] + noise * rng.normal(size=len(arms))
            sums = np.bincount(arms, rewards, minlength=n)
            values = F @ np.linalg.pinv(information(F, counts), hermitian=True) @ (F.T @ sums)
            top = values[active[m]].max()
            active[m] &= top - values <= accuracy
            best[m] = np.where(active[m], values, -np.inf).argmax()
            pulls += int(counts.sum())
    return pulls, best, B


def literal_sweep(seed, config):
    """One seed of the canonical basis at every M: pulls, whether an arm is wrong, error of the features; (3, M)."""
    rng, eye, rows = np.random.default_rng(seed), np.eye(config.dim), []
    for tasks in config.tasks:
        truth = np.arange(tasks) % config.rank
        omega = config.rank * config.gap**2 * (tasks // config.rank) / tasks  # the smaller groups count
        pulls, best, basis = dou_exp_des(
            rng, eye, config.gap * eye[truth], rank=config.rank, omega=omega, delta=config.delta, constant=config.constant
        )  # fmt: skip
        kept = eye[:, : config.rank]
        rows.append((pulls, (best != truth).any(), ((kept - basis @ (basis.T @ kept)) ** 2).sum()))
    return np.array(rows, float).T
