"""Values under heads, three ways of pairing points with tasks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.nn import all_values, draw_heads, own_values, picked_values
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close


def test_values_are_inner_products_with_the_right_head(key):
    heads, features = jax.random.normal(key, (2, 3)), jax.random.normal(jax.random.key(1), (2, 4, 3))
    own = own_values(heads, features)
    for i in range(2):
        for p in range(4):
            assert_close("own", own[i, p], np.dot(heads[i], features[i, p]), rtol=1e-12)
    task = jnp.array([0, 0, 0, 0, 1, 1, 1, 1])
    assert_close("picked", picked_values(heads, features.reshape(8, 3), task), own.ravel(), rtol=1e-12)
    both = all_values(heads, features[0])
    assert_close("all", both, np.stack([features[0] @ h for h in heads]), rtol=1e-12)
    with pytest.raises(BadInput, match="do not fit heads"):
        own_values(heads, features[:1])


def test_heads_have_the_asked_size(key):
    """Variance 1/k by default; 60,000 draws, relative standard error .6 %, five of them allowed (false-alarm rate 6e-7)."""
    many = draw_heads(key, tasks=10_000, rank=6)
    assert abs(float(many.var()) * 6 - 1) < 0.03
    assert_close(
        "scale", draw_heads(key, tasks=2, rank=6, scale=0.1) / 0.1, draw_heads(key, tasks=2, rank=6, scale=1.0)
    )
    assert draw_heads(key, tasks=2, rank=3, dtype=jnp.float32).dtype == jnp.float32
