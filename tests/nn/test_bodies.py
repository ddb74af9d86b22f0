"""Bodies: a perceptron and a ConvNet written out, and what keeps shapes and dtypes."""

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.nn import Body
from tests.helpers import assert_close


def test_perceptron_is_the_written_formula(key):
    x = jax.random.normal(key, (2, 5, 3))
    body = Body(features=2, hidden=(4, 6), activation=jnp.tanh)
    params = body.init(jax.random.key(1), x)
    p = [params["params"][f"Dense_{i}"] for i in range(3)]
    hidden = np.tanh(np.tanh(x @ p[0]["kernel"] + 1.0) @ p[1]["kernel"] - 2.0)
    p[0]["bias"], p[1]["bias"] = jnp.full(4, 1.0), jnp.full(6, -2.0)
    assert_close("two tanh layers, a linear last one", body.apply(params, x), hidden @ p[2]["kernel"], rtol=1e-12)
    flat = {"params": {"Dense_0": p[0]}}
    assert_close("no hidden layer: affine", Body(features=4).apply(flat, x), x @ p[0]["kernel"] + 1.0, rtol=1e-12)


def test_convolutions_and_pooling_are_the_written_loops(key):
    """3x3 convolution with zeros around, activation, 2x2 pooling; flattened pictures and pictures are one."""
    x = jax.random.normal(key, (2, 4, 4))
    body = Body(features=3, channels=(2,))
    params = jax.jit(body.init)(jax.random.key(1), x)
    kernel, dense = (np.asarray(params["params"][n]["kernel"]) for n in ("Conv_0", "Dense_0"))
    padded, conv = np.pad(x, [(0, 0), (1, 1), (1, 1)]), np.zeros((2, 4, 4, 2))
    for i in range(4):
        for j in range(4):
            conv[:, i, j] = np.einsum("nab,abc->nc", padded[:, i : i + 3, j : j + 3], kernel[:, :, 0])
    blocks = np.maximum(conv, 0).reshape(2, 2, 2, 2, 2, 2)
    expected = blocks.max((2, 4)).reshape(2, -1) @ dense
    assert_close("max pooling", jax.jit(body.apply)(params, x), expected, rtol=1e-10)
    flat = Body(features=3, channels=(2,), side=4, pool="mean")
    expected = blocks.mean((2, 4)).reshape(2, -1) @ dense
    assert_close("mean pooling", jax.jit(flat.apply)(params, x.reshape(1, 2, 16)), expected[None], rtol=1e-10)


def test_dtype_is_kept():
    x = jnp.ones((2, 16), jnp.float32)
    body = Body(features=3, hidden=(5,), channels=(2,), side=4)
    shapes = jax.eval_shape(lambda key: body.init_with_output(key, x), jax.random.key(0))
    assert {leaf.dtype for leaf in jax.tree.leaves(shapes)} == {jnp.dtype(jnp.float32)}
