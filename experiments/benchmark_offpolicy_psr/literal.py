"""The references in NumPy: posteriors of many tasks by loops or on stacks of matrices, the tree of trajectories by stages or histories."""

import numpy as np

SIGMA_Q, SIGMA_0, NOISE = 1.0, 0.5, 0.5


def sums_by_loop(task, features, reward, tasks):
    """G_s and B_s, task by task; the rows are put in the order of their tasks first."""
    order = np.argsort(task, kind="stable")
    ends = np.searchsorted(task[order], np.arange(tasks + 1))
    G, B = np.zeros((tasks, features.shape[1], features.shape[1])), np.zeros((tasks, features.shape[1]))
    for s in range(tasks):
        rows = order[ends[s] : ends[s + 1]]
        G[s] = features[rows].T @ features[rows] / NOISE**2
        B[s] = features[rows].T @ reward[rows] / NOISE**2
    return G, B


def posteriors(G, B):
    """The posteriors as written, task by task, in the form that needs one inverse a task and takes empty tasks."""
    m, d = B.shape
    P, prior, W, r = np.eye(d) / SIGMA_0**2, np.eye(d) / SIGMA_Q**2, np.zeros((d, d)), np.zeros(d)
    inverses, mean, cov = np.zeros((m, d, d)), np.zeros((m, d)), np.zeros((m, d, d))
    for s in range(m):
        inverses[s] = np.linalg.inv(P + G[s])
        W += P - P @ inverses[s] @ P
        r += P @ inverses[s] @ B[s]
    hyper_cov = np.linalg.inv(prior + W)
    hyper_mean = hyper_cov @ r
    for s in range(m):
        mean[s] = inverses[s] @ (P @ hyper_mean + B[s])
        cov[s] = inverses[s] + inverses[s] @ P @ hyper_cov @ P @ inverses[s]
    return mean, cov, hyper_mean, hyper_cov


def stacked(G, B):
    """The same with NumPy's products and inverses of stacks of matrices."""
    d = B.shape[1]
    P, prior = np.eye(d) / SIGMA_0**2, np.eye(d) / SIGMA_Q**2
    inverses = np.linalg.inv(P + G)
    hyper_cov = np.linalg.inv(prior + (P - P @ inverses @ P).sum(0))
    hyper_mean = hyper_cov @ (P @ (inverses @ B[:, :, None])[:, :, 0].sum(0))
    mean = (inverses @ (P @ hyper_mean + B)[:, :, None])[:, :, 0]
    return mean, inverses + inverses @ (P @ hyper_cov @ P) @ inverses, hyper_mean, hyper_cov


def by_stage(p: np.ndarray, q: np.ndarray) -> tuple:
    """The same recursion in NumPy, whole stages at once; the policy as action numbers."""
    value, policy = np.abs(p - q).sum(-1), []
    while value.ndim:
        policy.append(value.argmax(-1))
        value = value.max(-1).sum(-1)
    return value / 2, policy[::-1]


def by_history(p: np.ndarray, q: np.ndarray) -> tuple:
    """The recursion as it is written: a call per history, NumPy for the sum over the last observation."""
    stages = (p.ndim - 1) // 2
    policy = [np.zeros(p.shape[: 2 * h + 1], int) for h in range(stages)]

    def best(part, history):
        if part.ndim == 1:
            return part.sum()
        total = 0.0
        for o in range(part.shape[0]):
            values = [best(part[o, a], (*history, o, a)) for a in range(part.shape[1])]
            policy[len(history) // 2][(*history, o)] = action = int(np.argmax(values))
            total += values[action]
        return total

    return best(np.abs(p - q), ()) / 2, policy
