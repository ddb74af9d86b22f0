"""With installed tools, as a careful user would: recursions on arrays of all runs in NumPy, saddle points by SciPy's root finder.

And matrix completion in PyTorch, where it is installed: the first task once, then all branches as one batch.
"""

import functools
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.benchmark_dynamics import literal_saddle
from mtrl.harness import timing


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


def installed() -> bool:
    """Whether PyTorch is there."""
    return importlib.util.find_spec("torch") is not None


def quickest(call: Callable[[], Any]) -> Callable[[], Any]:
    """PyTorch's call on one thread or on all, whichever a trial finds faster: small products may lose more by waiting than they gain."""
    import torch  # pyright: ignore[reportMissingImports]

    usual = torch.get_num_threads()

    def on(threads: int) -> Any:
        torch.set_num_threads(threads)
        try:
            return call()
        finally:
            torch.set_num_threads(usual)

    ways = {count: functools.partial(on, count) for count in (1, usual)}
    took = timing.compare(ways, repeats=1)
    return ways[min(took, key=lambda count: took[count][0])]


def _descend(w: list[Any], target: Any, seen: Any, lr: float, steps: int) -> list[Any]:
    """Gradient descent on batches of three factors (batch, n, n), by hand. `seen`: the mask over the entries' number."""
    import torch  # pyright: ignore[reportMissingImports]

    for _ in range(steps):
        below = torch.bmm(w[1], w[0])
        slope = torch.baddbmm(target, w[2], below, beta=-1) * seen
        back = torch.bmm(w[2].mT, slope)
        forth = (w[1].mT, back), (back, w[0].mT), (slope, below.mT)
        w = [torch.baddbmm(own, *pair, alpha=-lr) for own, pair in zip(w, forth, strict=True)]
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
    """As `literal.switched`, the first task of all runs followed once and left at every T_c."""
    import torch  # pyright: ignore[reportMissingImports]

    with torch.inference_mode():
        goals, w = [torch.tensor(goal) for goal in (first, final)], list(torch.tensor(factors).unbind(1))
        seen = torch.tensor(mask / mask.sum((1, 2), keepdims=True))
        left, now = [], 0
        for switch in map(int, switches):
            w, now = _descend(w, goals[0], seen, lr, switch - now), switch
            left.append(w)
        starts = [torch.stack(parts, 1).flatten(0, 1) for parts in zip(*left, strict=True)]  # (run and switch, n, n)
        target, seen = (x.repeat_interleave(len(switches), 0) for x in (goals[1], seen))
        w = _descend(starts, target, seen, lr, steps)
        errors = ((w[2] @ w[1] @ w[0] - target) ** 2).mean((1, 2))
        return errors.reshape(len(factors), -1).numpy()
