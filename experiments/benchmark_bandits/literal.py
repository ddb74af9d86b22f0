"""The references: LinUCB and MTLR-OFUL as literal NumPy loops over seeds, rounds and tasks, vectorised over arms only."""

import numpy as np


def draw_arms(generator: np.random.Generator, tasks: int, arms: int, dim: int) -> np.ndarray:
    """Arms uniform on the sphere, (task, arm, dim)."""
    contexts = generator.normal(size=(tasks, arms, dim))
    return contexts / np.linalg.norm(contexts, axis=-1, keepdims=True)


def rewards_of(generator: np.random.Generator, contexts: np.ndarray, theta: np.ndarray, noise: float) -> tuple:
    """Means and noisy rewards of every arm."""
    means = np.einsum("mad,md->ma", contexts, theta)
    return means, means + noise * generator.normal(size=means.shape)


def draw_problem(generator: np.random.Generator, tasks: int, dim: int, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """Subspace and unit heads."""
    basis, _ = np.linalg.qr(generator.normal(size=(dim, rank)))
    heads = generator.normal(size=(tasks, rank))
    return basis, heads / np.linalg.norm(heads, axis=1, keepdims=True)


def linucb(
    seeds: int, tasks: int, dim: int, rank: int, arms: int, rounds: int, noise: float, fresh: bool, alpha: float
) -> np.ndarray:
    """Regret per task of every seed."""
    totals = np.zeros(seeds)
    for seed in range(seeds):
        generator = np.random.default_rng(seed)
        basis, heads = draw_problem(generator, tasks, dim, rank)
        theta, contexts = heads @ basis.T, draw_arms(generator, tasks, arms, dim)
        inverse, moment = np.stack([np.eye(dim)] * tasks), np.zeros((tasks, dim))
        for _ in range(rounds):
            contexts = draw_arms(generator, tasks, arms, dim) if fresh else contexts
            means, rewards = rewards_of(generator, contexts, theta, noise)
            for i in range(tasks):
                x = contexts[i]
                weighted = x @ inverse[i]
                arm = np.argmax(weighted @ moment[i] + alpha * np.sqrt((weighted * x).sum(1)))
                direction = weighted[arm]
                inverse[i] -= np.outer(direction, direction) / (1.0 + direction @ x[arm])
                moment[i] += rewards[i, arm] * x[arm]
                totals[seed] += (means[i].max() - means[i, arm]) / tasks
    return totals


def joint_arms(values: np.ndarray, squares: np.ndarray, slack: float, grid: int = 33, moves: int = 2) -> np.ndarray:
    """The multiplier path and the single-task moves, one by one."""
    rows = np.arange(len(values))
    most = squares.max(1).sum()
    least = max(squares.min(1).sum(), 1e-6 * most)
    best, arms = -np.inf, rows
    for width in [0.0, *(0.5 * np.sqrt(slack / np.geomspace(least, most, grid)))]:
        choice = (values + width * squares).argmax(1)
        total = values[rows, choice].sum() + np.sqrt(slack * squares[rows, choice].sum())
        if total > best:
            best, arms = total, choice
    for _ in range(moves):
        u, q = values[rows, arms], squares[rows, arms]
        after = (u.sum() - u)[:, None] + values + np.sqrt(slack * (np.maximum(q.sum() - q, 0)[:, None] + squares))
        task, arm = np.unravel_index(after.argmax(), after.shape)
        if after[task, arm] > u.sum() + np.sqrt(slack * q.sum()):
            arms = arms.copy()
            arms[task] = arm
    return arms


def mtlr_oful(
    seeds: int, tasks: int, dim: int, rank: int, arms: int, rounds: int, noise: float, fresh: bool, scale: float
) -> np.ndarray:
    """Regret per task of every seed; relaxed bonus, one alternating sweep a round."""
    totals, rows = np.zeros(seeds), np.arange(tasks)
    for seed in range(seeds):
        generator = np.random.default_rng(seed)
        truth, truths = draw_problem(generator, tasks, dim, rank)
        gram, inverse = np.zeros((tasks, dim, dim)), np.stack([np.eye(dim)] * tasks)
        moment, heads = np.zeros((tasks, dim)), np.zeros((tasks, rank))
        basis, _ = np.linalg.qr(generator.normal(size=(dim, rank)))
        theta, contexts = truths @ truth.T, draw_arms(generator, tasks, arms, dim)
        for t in range(rounds):
            contexts = draw_arms(generator, tasks, arms, dim) if fresh else contexts
            means, rewards = rewards_of(generator, contexts, theta, noise)
            values, squares = np.zeros((tasks, arms)), np.zeros((tasks, arms))
            for i in range(tasks):
                values[i] = contexts[i] @ (basis @ heads[i])
                squares[i] = ((contexts[i] @ inverse[i]) * contexts[i]).sum(1)
            slack = scale * noise**2 * rank * (tasks + dim) * np.log(t + 2.0)
            chosen = joint_arms(values, squares, slack)
            for i in range(tasks):
                x = contexts[i, chosen[i]]
                gram[i] += np.outer(x, x)
                moment[i] += rewards[i, chosen[i]] * x
                direction = inverse[i] @ x
                inverse[i] -= np.outer(direction, direction) / (1.0 + direction @ x)
            for i in range(tasks):
                heads[i] = np.linalg.solve(basis.T @ gram[i] @ basis + np.eye(rank), basis.T @ moment[i])
            system = np.eye(rank * dim)
            for i in range(tasks):
                system += np.kron(np.outer(heads[i], heads[i]), gram[i])
            target = (heads.T @ moment).reshape(-1)
            basis, _ = np.linalg.qr(np.linalg.solve(system, target).reshape(rank, dim).T)
            for i in range(tasks):
                heads[i] = np.linalg.solve(basis.T @ gram[i] @ basis + np.eye(rank), basis.T @ moment[i])
            totals[seed] += (means.max(1) - means[rows, chosen]).mean()
    return totals
