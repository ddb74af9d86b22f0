"""A literal NumPy loop that trains DLinearU an update and a channel at a time, and the ridge as its equations are written."""

from typing import Any

import numpy as np

from experiments.benchmark_forecasting.programs import GAMMA_INV, GAMMAS, LAM_INV, LAMS, RATE, End, Sizes, Start


def features(x: np.ndarray) -> np.ndarray:
    """Moving average of 25 rows with the edges repeated, and the remainder, (sample, 2 lookback)."""
    edges = np.pad(x, ((0, 0), (12, 12)), mode="edge")
    trend = np.lib.stride_tricks.sliding_window_view(edges, 25, axis=1).mean(-1)
    return np.concatenate([trend, x - trend], 1)


def gather(channel: np.ndarray, rows: np.ndarray, lookback: int, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Look-backs and horizons of a channel's windows, (sample, row)."""
    both = channel[rows[:, None] + np.arange(lookback + horizon)]
    return both[:, :lookback], both[:, lookback:]


def train(begin: Start, series: np.ndarray, validation: np.ndarray, sizes: Sizes) -> End:
    """DLinearU, seed after seed."""
    ends = []
    for seed in range(len(begin.rows)):
        own = {name: np.array(x[seed]) for name, x in begin.weights["head"].items()}
        ends.append(_train(own, series, begin.rows[seed], validation, sizes))
    weights, errors = zip(*ends, strict=True)
    return End({"head": {name: np.stack([w[name] for w in weights]) for name in weights[0]}}, np.array(errors))


def _train(w: Any, series: np.ndarray, rows: np.ndarray, validation: np.ndarray, sizes: Sizes) -> Any:
    first, second = ({name: np.zeros_like(x) for name, x in w.items()} for _ in range(2))
    windows, errors, i = (sizes.lookback, sizes.horizon), [], 0
    for epoch in rows:
        for chosen in epoch:
            slope = {"centre": 2 * LAM_INV * w["centre"], "deviation": 2 * GAMMA_INV * w["deviation"]}
            slope["bias"] = np.zeros_like(w["bias"])
            for t in range(series.shape[1]):
                x, y = gather(series[:, t], chosen, *windows)
                x = features(x)
                left = x @ (w["centre"] + w["deviation"][t]) + w["bias"][t] - y
                back = 2 / left.size * (x.T @ left)
                slope["centre"] += back
                slope["deviation"][t] += back
                slope["bias"][t] += 2 / left.size * left.sum(0)
            i += 1
            for name, g in slope.items():
                first[name] = 0.9 * first[name] + 0.1 * g
                second[name] = 0.999 * second[name] + 0.001 * g**2
                root = np.sqrt(second[name] / (1 - 0.999**i)) + 1e-8
                w[name] = w[name] - RATE * first[name] / (1 - 0.9**i) / root
        total = 0.0
        for t in range(series.shape[1]):
            x, y = gather(series[:, t], validation, *windows)
            total += np.mean((features(x) @ (w["centre"] + w["deviation"][t]) + w["bias"][t] - y) ** 2)
        errors.append(total / series.shape[1])
    return w, errors


def regression(series: np.ndarray, rows: np.ndarray, lookback: int, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Windows (task, sample, row) relative to their look-back's mean."""
    pairs = [gather(channel, rows, lookback, horizon) for channel in series.T]
    levels = [x.mean(1, keepdims=True) for x, _ in pairs]
    both = [(x - level, y - level) for (x, y), level in zip(pairs, levels, strict=True)]
    return np.stack([x for x, _ in both]), np.stack([y for _, y in both])


def least(fit: Any, data: Any, lookback: int, horizon: int) -> tuple[np.ndarray, float]:
    """Maps (task, lookback, horizon) and error of the coupling with the least validation error; `fit(X, Y, gamma, lam)` gives maps."""
    series, train, valid = (np.asarray(x) for x in (data.series, data.train, data.validation))
    seen, held = (regression(series, rows, lookback, horizon) for rows in (train, valid))
    found = [fit(*seen, gamma, lam) for gamma in GAMMAS for lam in LAMS]
    errors = [np.mean((held[1] - held[0] @ maps) ** 2) for maps in found]
    return found[int(np.argmin(errors))], float(min(errors))


def dense(X: np.ndarray, Y: np.ndarray, gamma: float, lam: float) -> np.ndarray:
    """`(B^-1 x I + Z Z^T/(Td)) W = Z Y/sqrt(Td)` with B = gamma I + lam 11^T, all channels in one system of Td unknowns."""
    T, _, d = X.shape
    system = np.kron(np.linalg.inv(gamma * np.eye(T) + lam), np.eye(d))
    for t in range(T):
        system[t * d : (t + 1) * d, t * d : (t + 1) * d] += X[t].T @ X[t] / (T * d)
    right = np.concatenate([x.T @ y for x, y in zip(X, Y, strict=True)]) / np.sqrt(T * d)
    return np.linalg.solve(system, right).reshape(T, d, -1) / np.sqrt(T * d)


def scikit(X: np.ndarray, Y: np.ndarray, gamma: float, lam: float) -> np.ndarray:
    """scikit-learn's ridge on a shared copy of the features and one of each channel's own, scaled by the roots of lam and gamma."""
    from sklearn.linear_model import Ridge

    T, n, d = X.shape
    unit = 1 / np.sqrt(T * d)
    Z = np.zeros((T, n, T + 1, d))
    Z[:, :, 0] = np.sqrt(lam) * unit * X
    for t in range(T):
        Z[t, :, 1 + t] = np.sqrt(gamma) * unit * X[t]
    found = Ridge(alpha=1.0, fit_intercept=False, solver="cholesky").fit(Z.reshape(T * n, -1), Y.reshape(T * n, -1))
    parts = found.coef_.T.reshape(T + 1, d, -1)
    return unit * (np.sqrt(lam) * parts[0] + np.sqrt(gamma) * parts[1:])
