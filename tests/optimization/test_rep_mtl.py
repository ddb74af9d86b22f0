import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.optimization import rep_mtl
from tests.helpers import assert_close

MAPS = jax.random.normal(jax.random.key(0), (3, 4, 5, 2, 2))


def test_entropy_of_shares():
    """log T where all tasks are equally salient (1.098612 for three), 0 where one task alone is."""
    assert_close("equal", rep_mtl.tsr(jnp.repeat(MAPS[:1], 3, axis=0)), 1.098612, 1e-6)
    alone = MAPS * jnp.array([1.0, 0.0, 0.0])[:, None, None, None, None]
    assert_close("alone", rep_mtl.tsr(alone), 0.0, 0, 1e-12)
    assert jnp.all(jnp.isfinite(jax.grad(rep_mtl.tsr)(alone)))


def test_alignment_by_its_formula():
    """Equations 8 and 9 in loops."""
    tasks, samples, channels = MAPS.shape[:3]
    flat, tau, total = np.asarray(MAPS).reshape(tasks, samples, channels, -1), 0.3, 0.0
    anchors = [flat[:, b].mean(-1).T @ flat[:, b].mean(-1) for b in range(samples)]
    za = [a.ravel() / np.linalg.norm(a) for a in anchors]
    for b in range(samples):
        below = sum(np.exp(za[b] @ za[k] / tau) for k in range(samples) if k != b)
        for t in range(tasks):
            m = (flat[t, b] @ flat[t, b].T).ravel()
            total -= np.log(np.exp(za[b] @ m / np.linalg.norm(m) / tau) / below) / (samples * tasks)
    assert_close("CSA", rep_mtl.csa(MAPS, tau=tau), total, 1e-12)


def test_alignment_has_no_scale():
    """Not where squares underflow either, nor beside a channel that is salient for nothing (its affinities are 0)."""
    silent = MAPS.at[:, :, 2].set(0.0)
    for maps, scale in ((MAPS, 7.0), (silent, 1e-60), (silent, 1e-90), (silent, 1e70)):
        assert_close("scale", rep_mtl.csa(scale * maps), rep_mtl.csa(maps), 1e-9)


def test_gradients_flow_through_the_saliencies():
    """The derivative of the total is the derivative by differences, of the losses and of both terms."""
    keys = jax.random.split(jax.random.key(1), 3)
    x, targets = jax.random.normal(keys[0], (6, 3)), jax.random.normal(keys[1], (6, 2))
    heads, start = jax.random.normal(keys[2], (2, 4)), jnp.arange(12.0).reshape(3, 4) / 10 - 0.5

    def total(weights):
        decode = lambda z: jnp.mean((jnp.sin(z @ heads.T) - targets) ** 2, axis=0)  # noqa: E731
        return rep_mtl.regularised(decode, jnp.tanh(x @ weights), lambda_tsr=0.7, lambda_csa=1.3)[0]

    slope, step = jax.jit(jax.grad(total))(start), 1e-6
    value = jax.jit(total)
    for i, j in ((0, 0), (2, 3)):
        move = jnp.zeros_like(start).at[i, j].set(step)
        assert_close("difference", slope[i, j], (value(start + move) - value(start - move)) / (2 * step), 1e-6)


def test_bad_input():
    with pytest.raises(BadInput, match="the batch got 1 sample, but Rep-MTL contrasts samples"):
        rep_mtl.csa(MAPS[:, :1])
    with pytest.raises(BadInput, match="tau got 0"):
        rep_mtl.csa(MAPS, tau=0.0)
    with pytest.raises(BadInput, match="saliencies have 4 axes"):
        rep_mtl.tsr(MAPS[..., 0])
    with pytest.raises(BadInput, match="lambda_tsr got -1"):
        rep_mtl.regularised(lambda z: z[0], jnp.ones((2, 3)), lambda_tsr=-1.0)
