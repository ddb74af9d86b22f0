"""The references as literal NumPy loops over runs, windows, depths and steps, vectorised over modes or matrix entries only."""

import numpy as np


def recursion(p: np.ndarray, s: np.ndarray, gates: np.ndarray, lr: float, steps: int, depth: int) -> np.ndarray:
    """Final K_b of balanced pathways, (run, gate, mode), from p (run, mode) in both."""
    out = np.zeros((len(p), len(gates), len(s)))
    for run in range(len(p)):
        for i, (start, stop) in enumerate(gates):
            a, b = p[run].copy(), p[run].copy()
            for t in range(steps):
                left = s - a**depth - b**depth
                a_next = a + lr * a ** (depth - 1) * left
                if not start <= t < stop:
                    b = b + lr * b ** (depth - 1) * left
                a = a_next
            out[run, i] = b**depth
    return out


def portraits(p: np.ndarray, s: float, depths: np.ndarray, gates: np.ndarray, lr: float, steps: int) -> np.ndarray:
    """Final (K_a, K_b) of unbalanced pathways, (run, gate, depth, 2), from p (run, 2)."""
    out = np.zeros((len(p), len(gates), len(depths), 2))
    for run in range(len(p)):
        for i, (start, stop) in enumerate(gates):
            for j, depth in enumerate(depths):
                now = p[run].copy()
                for t in range(steps):
                    others = (now**2 + 1) ** ((depth - 1) / 2)
                    move = lr * others * (s - (now * others).sum())
                    if start <= t < stop:
                        move[1] = 0.0
                    now = now + move
                out[run, i, j] = now * (now**2 + 1) ** ((depth - 1) / 2)
    return out


def descend(w: list[np.ndarray], target: np.ndarray, mask: np.ndarray, lr: float, steps: int) -> list[np.ndarray]:
    """Gradient descent on three factors."""
    count = mask.sum()
    for _ in range(steps):
        below = w[1] @ w[0]
        slope = mask * (w[2] @ below - target) / count
        back = w[2].T @ slope
        w = [w[0] - lr * (w[1].T @ back), w[1] - lr * (back @ w[0].T), w[2] - lr * (slope @ below.T)]
    return w


def switched(
    factors: np.ndarray,
    first: np.ndarray,
    final: np.ndarray,
    mask: np.ndarray,
    lr: float,
    switches: np.ndarray,
    steps: int,
) -> np.ndarray:
    """Final error for every T_c, each from the start, (run, switch); factors (run, 3, n, n), matrices (run, n, n)."""
    out = np.zeros((len(factors), len(switches)))
    for run in range(len(factors)):
        for i, switch in enumerate(switches):
            w = descend(list(factors[run]), first[run], mask[run], lr, int(switch))
            w = descend(w, final[run], mask[run], lr, steps)
            out[run, i] = np.mean((w[2] @ w[1] @ w[0] - final[run]) ** 2)
    return out
