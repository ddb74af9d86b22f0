"""The replicon eigenvalue: no data, and the slope of the map of two replicas' overlap, written in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import log_ndtr, ndtr

from mtrl import continual
from mtrl.numerics.errors import BadInput


@jax.jit
def solved(load, beta):
    found = continual.saddle_point(load, beta=beta)
    ends = [found._replace(converged=jnp.asarray(way)) for way in (True, False)]
    answer, lost = (continual.replicon(end, load=load, beta=beta) for end in ends)
    return found, answer, lost


def overlap_after(found, load, beta, cross, grid=1201):
    """The overlap of two replicas, of overlap q - cross before, after an iteration: both see the same examples.

    A label's sign is taken into the pre-activations t, so that the teacher's, of overlap r with either, is below 0.
    """
    q, r, q_star, q_hat, r_hat, star_hat = (
        float(x) for x in (found.q, found.r, found.q_star, found.q_hat, found.r_hat, found.q_star_hat)
    )
    a, b = np.linspace(-8, 8, 801), np.polynomial.hermite_e.hermegauss(5)
    weight = np.exp(-(a[:, None] ** 2) / 2) * (a[1] - a[0]) * b[1] / (2 * np.pi)

    def pair(variance, covariance):
        """Two correlated normals from their sum and difference."""
        both = np.sqrt((variance + covariance) / 2) * a[:, None]
        return [both + s * np.sqrt((variance - covariance) / 2) * b[0] for s in (1, -1)]

    def pull(t):
        """phi'(t), by a sum over x."""
        x = np.linspace(-25, 25, grid)
        at = beta * log_ndtr(-(np.sqrt(q_star - q) * x + t[..., None]) / np.sqrt(1 - q_star)) - x**2 / 2
        tilted = np.exp(at - at.max(-1, keepdims=True))
        return (tilted @ x) / tilted.sum(-1) / np.sqrt(q_star - q)

    t1, t2 = pair(q, q - cross)
    known = (2 * q - cross) / r**2  # of the teacher's variance, what the sum of both tells
    teacher = 2 * ndtr(-(t1 + t2) * r / (2 * q - cross) / np.sqrt(1 - 2 / known))
    cross_hat = load * np.sum(weight * teacher * pull(t1) * pull(t2))
    m = np.sin(np.pi * np.linspace(-1, 1, grid) / 2)

    def magnetisation(h):
        at = (star_hat - q_hat / 2) * m**2 + h[..., None] * m
        tilted = np.exp(at - at.max(-1, keepdims=True)) * np.sqrt(1 - m**2)
        return (tilted @ m) / tilted.sum(-1)

    h1, h2 = pair(q_hat, min(cross_hat, q_hat))
    return np.sum(weight * magnetisation(h1 + r_hat) * magnetisation(h2 + r_hat))


@pytest.mark.parametrize(("load", "beta"), [(0.3, 5.0), (0.5, 20.0), (0.9, 20.0)])
def test_overlap_of_two_replicas(load, beta):
    """An overlap of q - d becomes q - (1 - lambda) d: d falls below the threshold at beta = 20 and grows above it."""
    found, answer, lost = jax.tree.map(np.asarray, solved(load, beta))
    still, d = overlap_after(found, load, beta, 0.0), 0.004 * found.q
    assert abs(still - found.q) < 2e-5, "the saddle point itself"
    slopes = [(still - overlap_after(found, load, beta, step)) / step for step in (d, d / 2)]
    slope = 2 * slopes[1] - slopes[0]
    assert abs(slope - (1 - answer)) < 0.01 * slope
    assert (answer > 0) == (load < 0.7) and np.isnan(lost)


def test_little_data_and_bad_input():
    assert abs(float(solved(1e-6, 20.0)[1]) - 1) < 1e-3
    found, answer, _ = solved(0.5, 3.0)
    assert 0 < float(answer) < 1
    with pytest.raises(BadInput, match="load got 0"):
        continual.replicon(found, load=0.0, beta=3.0)
    with pytest.raises(BadInput, match="gamma got -1"):
        continual.replicon(found, load=0.5, beta=3.0, gamma=-1.0)
