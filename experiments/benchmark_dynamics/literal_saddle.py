"""The saddle point of one task as the paper's damped iteration in NumPy, from its equations."""

from collections.abc import Callable

import numpy as np


def energy_slopes(order: np.ndarray, beta: float, x: np.ndarray, weight: np.ndarray, floor: float) -> np.ndarray:
    """(dE/dq, dE/dr, dE/dq*) of the perceptron's energy at (q, r, q*), both Gaussians on the nodes x; derivatives by hand."""
    from scipy.special import log_ndtr, ndtr

    (q, r, q_star), z = order, x
    left, wide = np.sqrt(max(1 - q_star, floor)), np.sqrt(max(q_star - q, floor))
    apart, root = np.sqrt(max(q - r**2, floor)), np.sqrt(max(q, floor))
    g = (wide * x + root * z[:, None]) / left
    log_h = log_ndtr(-g)
    terms = beta * log_h + np.log(weight)
    top = terms.max(1, keepdims=True)
    density = np.exp(terms - top)
    total = density.sum(1, keepdims=True)
    inner = (top + np.log(total))[:, 0]
    pull = -beta * np.exp(-(g**2) / 2 - log_h) / np.sqrt(2 * np.pi) * density / total
    by_x, by_z, by_g = pull @ x, z * pull.sum(1), (pull * g).sum(1)
    aligned = ndtr(-z * r / apart)
    tilt = -z * np.exp(-((z * r / apart) ** 2) / 2) / np.sqrt(2 * np.pi) * inner
    d_q = tilt * -r / (2 * apart**3) + aligned * (by_z / (2 * root) - by_x / (2 * wide)) / left
    d_r = tilt * q / apart**3
    d_star = aligned * (by_x / (2 * wide * left) + by_g / (2 * left**2))
    return 2 * np.array([weight @ d_q, weight @ d_r, weight @ d_star])


def equations(beta: float, nodes: int, floor: float = 1e-9) -> Callable[[np.ndarray, float], np.ndarray]:
    """The map (q, r, q*), load -> (q, r, q*) whose fixed points are the saddle points.

    Gaussians on equal steps of +-7.5, the magnetisation on one node fewer by Gauss-Legendre in v on (-1, 0) and (0, 1), m = sin(pi v / 2).
    """
    x = np.linspace(-7.5, 7.5, nodes)
    weight = np.exp(-(x**2) / 2)
    weight /= weight.sum()
    v, dv = np.polynomial.legendre.leggauss((nodes - 1) // 2)
    v, dv = np.concatenate([-(v[::-1] + 1) / 2, (v + 1) / 2]), np.concatenate([dv[::-1], dv]) / 2
    m, log_dm = np.sin(np.pi * v / 2), np.log(dv * np.pi / 2 * np.cos(np.pi * v / 2))

    def image(order: np.ndarray, load: float) -> np.ndarray:
        hats = load * np.array([-2.0, 1.0, 1.0]) * energy_slopes(order, beta, x, weight, floor)
        field = np.sqrt(max(hats[0], 1e-300)) * x + hats[1]
        w = (hats[2] - hats[0] / 2) * m**2 + log_dm + field[:, None] * m
        w = np.exp(w - w.max(1, keepdims=True))
        w /= w.sum(1, keepdims=True)
        mean, square = w @ m, w @ m**2
        return np.array([weight @ mean**2, weight @ mean, weight @ square])

    return image


def saddle_curve(
    loads: np.ndarray, beta: float, start: np.ndarray, nodes: int, damping: float, tolerance: float, iterations: int
) -> np.ndarray:
    """((q, r, q*), residual, iterations) per load, (load, 5): the paper's damped iteration, every load from where the one before ended."""
    image = equations(beta, nodes)
    order, out = np.array(start, float), np.zeros((len(loads), 5))
    for i, load in enumerate(loads):
        count, residual = 0, np.inf
        while residual > tolerance and count < iterations:
            count += 1
            new = image(order, load)
            residual = np.abs(new - order).max()
            if residual > tolerance:
                order = damping * order + (1 - damping) * new
        out[i] = *order, residual, count
    return out
