import jax
import jax.numpy as jnp
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.numerics.linalg.subspaces import projector
from mtrl.numerics.moments import moments
from mtrl.representation.subspace import alternating_minimisation, alternating_minimisation_streamed, problem
from tests.helpers import assert_close


def test_gives_the_iterates_of_the_plain_version_also_with_padding(key):
    params = problem.sample(key, tasks=12, dim=6, rank=2, noise=0.2)
    x, y = problem.draw(jax.random.key(1), params, samples=9)
    mask = jnp.arange(9)[None] < jnp.where(jnp.arange(12) % 2 == 0, 9, 6)[:, None]
    data = moments(x, y, mask)
    start = jnp.eye(6)[:, :2]
    plain = alternating_minimisation(data, start, iterations=5)
    streamed = alternating_minimisation_streamed(x, y, start, mask, iterations=5, block=3)
    assert_close("basis", projector(streamed.basis), projector(plain.basis), 1e-8)
    assert_close("heads", streamed.heads, plain.heads, 1e-7)
    assert_close("residual", streamed.residual, plain.residual, 1e-5, atol=1e-10)


def test_blocks_must_divide_the_tasks(key):
    with pytest.raises(BadInput, match="block=5 does not divide the 12 tasks"):
        alternating_minimisation_streamed(jnp.ones((12, 3, 2)), jnp.ones((12, 3)), jnp.eye(2)[:, :1], block=5)
