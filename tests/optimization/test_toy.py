import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.optimization import toy
from tests.helpers import assert_close


def literal(x1, x2):
    """The functions as the published programs write them, in plain NumPy."""
    f1 = np.log(max(abs(0.5 * (-x1 - 7) - np.tanh(-x2)), 5e-6)) + 6
    f2 = np.log(max(abs(0.5 * (-x1 + 3) + np.tanh(-x2) + 2), 5e-6)) + 6
    q1 = ((-x1 + 7) ** 2 + 0.1 * (-x2 - 8) ** 2) / 10 - 20
    q2 = ((-x1 - 7) ** 2 + 0.1 * (-x2 - 8) ** 2) / 10 - 20
    c1, c2 = max(np.tanh(0.5 * x2), 0), max(np.tanh(-0.5 * x2), 0)
    return [f1 * c1 + q1 * c2, f2 * c1 + q2 * c2]


def test_losses_are_the_published_ones():
    points = np.random.default_rng(0).uniform(-10, 10, (40, 2))
    points = np.concatenate([points, toy.NASH_STARTS, toy.CAGRAD_STARTS])
    assert_close("toy", jax.jit(jax.vmap(toy.losses))(jnp.asarray(points)), [literal(*x) for x in points], 1e-13)


def test_both_branches_pass_their_derivative_where_they_meet():
    """At x2 = 0 both clamps count: f1/2 - q1/2 along x2, for both tasks the same at x1 = 0, and no NaN."""
    rows = jax.jit(jax.jacrev(toy.losses))(jnp.zeros(2))
    expected = 0.5 * (np.log(3.5) + 6) - 0.5 * (5.54 - 20)
    assert_close("tie", rows, [[0, expected], [0, expected]], 1e-12)


def test_optimum_and_pareto_set():
    best = jax.jit(toy.optimum)()
    assert_close("optimum", best, [0, -8.35511], 1e-6)
    assert_close("mean loss", toy.losses(best).mean(), -15.09164, 1e-6)

    def on_front():
        front = toy.pareto_set(15)
        return front, jax.vmap(jax.jacrev(toy.losses))(front), jax.vmap(toy.losses)(front)

    front, rows, losses = map(np.asarray, jax.jit(on_front)())
    assert_close("ends", front[[0, -1], 0], [-7, 7], 1e-12)
    share = np.linspace(0, 1, 15)
    mixed = np.einsum("pt,pti->pi", np.stack([share, 1 - share], 1), rows)
    assert np.abs(mixed).max() < 1e-12, "a weighted gradient vanishes at every point"
    assert np.all(np.diff(losses[:, 0]) < 0) and np.all(np.diff(losses[:, 1]) > 0), "no point dominates another"


def test_scales_move_the_optimum_not_the_set():
    def both():
        at = toy.optimum((0.1, 1.0))
        return at, jax.grad(lambda x: toy.scaled(x, jnp.array([0.1, 1.0])).sum())(at)

    at, slope = jax.jit(both)()
    assert_close("stationary", slope, [0, 0], 1e-9, 1e-12)
    assert_close("x1", at[0], 7 * (2 / 11 - 1), 1e-12)


def test_bad_share():
    with pytest.raises(BadInput, match="share got 1.5, but must be from 0 to 1"):
        toy.pareto_point(1.5)
