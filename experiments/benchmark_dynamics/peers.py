"""With installed tools, as a careful user would: recursions on arrays of all runs in NumPy, saddle points by SciPy's root finder."""

import numpy as np

from experiments.benchmark_dynamics import literal_saddle


def _open(gates: np.ndarray, t: int, extra: int) -> np.ndarray:
    """Whether each window lets the second pathway learn at step t, (gate, 1, ...) with `extra` axes more."""
    moves = ~((gates[:, 0] <= t) & (t < gates[:, 1]))
    return moves.reshape(-1, *[1] * extra)


def recursion(p: np.ndarray, s: np.ndarray, gates: np.ndarray, lr: float, steps: int, depth: int) -> np.ndarray:
    """As `literal.recursion`, all runs, windows and modes at once."""
    a = np.repeat(p[:, None], len(gates), 1)
    b = a.copy()
    for t in range(steps):
        slope_a, slope_b = a ** (depth - 1), b ** (depth - 1)
        left = lr * (s - a * slope_a - b * slope_b)
        a, b = a + slope_a * left, b + _open(gates, t, 1) * slope_b * left
    return b**depth


def portraits(p: np.ndarray, s: float, depths: np.ndarray, gates: np.ndarray, lr: float, steps: int) -> np.ndarray:
    """As `literal.portraits`, all runs, windows and depths at once."""
    now = np.broadcast_to(p[:, None, None], (len(p), len(gates), len(depths), 2)).copy()
    half = (np.asarray(depths)[:, None] - 1) / 2
    for t in range(steps):
        others = (now**2 + 1) ** half
        move = lr * others * (s - (now * others).sum(-1, keepdims=True))
        move[..., 1:] *= _open(gates, t, 2)
        now = now + move
    return now * (now**2 + 1) ** half


def saddle_curve(loads: np.ndarray, beta: float, start: np.ndarray, nodes: int, tolerance: float) -> np.ndarray:
    """((q, r, q*), residual, evaluations) per load, (load, 5): `scipy.optimize.root` on the same equations and nodes, load after load."""
    from scipy import optimize

    image = literal_saddle.equations(beta, nodes)
    order, out = np.array(start, float), np.zeros((len(loads), 5))
    for i, load in enumerate(loads):
        count, residual = 0, np.inf
        for xtol in (
            100 * tolerance,
            tolerance,
            tolerance / 100,
        ):  # it looks at its steps; the loosest that ends at the residual
            if residual > tolerance:
                found = optimize.root(lambda x, load=load: image(x, load) - x, order, options={"xtol": xtol})
                order, count, residual = found.x, count + found.nfev, np.abs(found.fun).max()
        out[i] = *order, residual, count
    return out
