"""The encoder layer against its formula."""

import jax
import numpy as np

from mtrl.nn import EncoderLayer
from tests.helpers import assert_close


def test_encoder_layer_is_the_written_formula(key):
    """`h = LN(x + attention(x))`, `LN(h + W_2 gelu(W_1 h))` of Vaswani et al. 2017, written as loops over the heads."""
    x = jax.random.normal(key, (5, 6))
    layer = EncoderLayer(heads=2, hidden=7)
    params = jax.jit(layer.init)(jax.random.key(2), x)
    leaves, shapes = jax.tree.flatten(params)
    random = [0.5 * jax.random.normal(jax.random.key(i), leaf.shape) for i, leaf in enumerate(leaves)]
    params = jax.tree.unflatten(shapes, random)
    p = jax.tree.map(np.asarray, params["params"])

    def norm(z, which):
        z = (z - z.mean(-1, keepdims=True)) / np.sqrt(z.var(-1, keepdims=True) + 1e-6)
        return z * p[which]["scale"] + p[which]["bias"]

    attention, summed = p["attention"], p["attention"]["out"]["bias"]
    for h in range(2):
        q, k, v = (x @ attention[n]["kernel"][:, h] + attention[n]["bias"][h] for n in ("query", "key", "value"))
        weights = np.exp(q @ k.T / np.sqrt(3))
        summed = summed + weights / weights.sum(1, keepdims=True) @ v @ attention["out"]["kernel"][h]
    middle = norm(x + summed, "LayerNorm_0")
    hidden = jax.nn.gelu(middle @ p["Dense_0"]["kernel"] + p["Dense_0"]["bias"])
    expected = norm(middle + hidden @ p["Dense_1"]["kernel"] + p["Dense_1"]["bias"], "LayerNorm_1")
    assert_close("encoder layer", jax.jit(layer.apply)(params, x), expected, rtol=1e-10)
