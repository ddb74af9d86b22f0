"""The exact flow of singular values against the flow of the product, and against gradient descent on the factors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl import dynamics
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close

N = 6
KEYS = jax.random.split(jax.random.key(11), 4)


def point():
    """A full product with distinct singular values, and a gradient."""
    u, v = (jax.random.orthogonal(k, N) for k in KEYS[:2])
    return dynamics.Triple(u, jnp.linspace(2.0, 0.3, N), v), jax.random.normal(KEYS[2], (N, N))


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_flow_rebuilds_the_motion_of_the_product(depth):
    """dP/dt from dU, dsigma, dV equals -sum_j (P P^T)^((j-1)/D) G (P^T P)^((D-j)/D) (Arora et al. 2019, lemma 2)."""
    now, gradient = point()
    move = dynamics.singular_flow(now, gradient, depth=depth)
    ours = (move.u * now.sigma + now.u * move.sigma) @ now.v.T + (now.u * now.sigma) @ move.v.T
    assert_close("dP/dt", ours, dynamics.product_flow(dynamics.rebuilt(now), gradient, depth=depth), 1e-12)
    for a, b in ((now.u, move.u), (now.v, move.v)):
        assert_close("stays orthogonal", a.T @ b, -(b.T @ a), 1e-12)


def test_flow_is_one_small_gradient_step():
    """dsigma by finite differences of one descent step on balanced factors."""
    now, _ = point()
    depth, h = 3, 1e-6
    mask, target = dynamics.observed_entries(KEYS[3], n=N, count=20), dynamics.low_rank_matrix(KEYS[3], n=N, rank=2)
    data = dynamics.entries(target, mask)
    root = now.sigma ** (1 / depth)
    factors = jnp.stack([root[:, None] * now.v.T, jnp.diag(root), now.u * root])
    moved, _ = dynamics.completion(depth=depth, lr=h).step(None, factors, data)
    gradient = dynamics.observed_gradient(dynamics.rebuilt(now), data)
    move = dynamics.singular_flow(now, gradient, depth=depth)
    assert_close("dsigma", (dynamics.singular_values(moved, N) - now.sigma) / h, move.sigma, 1e-4)
    assert_close(
        "G", gradient, jax.grad(lambda p: jnp.sum(mask * (p - target) ** 2) / 40)(dynamics.rebuilt(now)), 1e-12
    )


def test_steps_follow_gradient_descent():
    """From the identity start with distinct values, D = 3: 400 steps of each give the same singular values within 2 %."""
    data = dynamics.entries(
        dynamics.low_rank_matrix(KEYS[0], n=N, rank=2), dynamics.observed_entries(KEYS[1], n=N, count=30)
    )
    options = dict(depth=3, lr=0.02, scale=0.2, noise=0.02)
    flow, descent = dynamics.svd_flow(**options), dynamics.completion(start="identity", **options)
    at = jnp.array([0, 400])
    states = dynamics.trajectory(flow, flow.init(KEYS[2], data), data, at)[1]
    values = dynamics.trajectory(
        descent, descent.init(KEYS[2], data), data, at, record=lambda w: dynamics.singular_values(w, N)
    )[1]
    assert_close("sigma", np.sort(states.sigma)[:, ::-1], values, 0.02)
    assert_close("basis", jax.vmap(lambda u: u.T @ u)(states.u)[1], jnp.eye(N), 1e-9)
    assert float(values[1, 0]) > 2 * float(values[0, 0])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (dict(depth=1), "depth got 1, but must be a whole number of at least 2"),
        (dict(noise=0.0), "noise got 0, .* equal singular values have no flow"),
        (dict(scale=-1.0), "scale got -1"),
    ],
)
def test_bad_input_is_refused(changes, words):
    with pytest.raises(BadInput, match=words):
        dynamics.svd_flow(**{**dict(depth=3, lr=0.1), **changes})
    if "depth" not in changes and "noise" not in changes:
        with pytest.raises(BadInput, match=words):
            dynamics.completion(**{**dict(depth=3, lr=0.1), **changes})
