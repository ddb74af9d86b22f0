"""Features of every pixel: shapes, dtype, how far a pixel sees, sizes that cannot be halved."""

import jax
import numpy as np
import pytest

from mtrl import nn
from mtrl.numerics.errors import BadInput

KEY = jax.random.key(0)


@pytest.mark.parametrize("lead", [(), (2,), (2, 3)])
def test_shapes_and_dtype(lead):
    body = nn.Maps(features=5, channels=(3, 4))
    for dtype in (np.float32, np.float64):
        x = jax.ShapeDtypeStruct((*lead, 8, 12, 2), dtype)
        out = jax.eval_shape(lambda x, body=body: body.apply(body.init(KEY, x), x), x)
        assert out.shape == (*lead, 8, 12, 5) and out.dtype == dtype


def test_a_pixel_sees_its_surroundings_alone():
    """One halving: a change of one pixel reaches at most six others in every direction, and not the far end."""
    body = nn.Maps(features=2, channels=(3,))
    x = np.array(jax.random.normal(KEY, (1, 2, 32, 1), np.float32))
    other = x.copy()
    other[0, 0, 0] += 1

    @jax.jit
    def both(x, other):
        weights = body.init(KEY, x)
        return body.apply(weights, x), body.apply(weights, other)

    moved = np.abs(np.subtract(*both(x, other))).max((0, 1, 3)) > 1e-6
    assert moved[:2].all() and not moved[7:].any()


def test_sizes_that_cannot_be_halved():
    with pytest.raises(BadInput, match="pictures of 6 x 8 cannot be halved 2 times; crop to multiples of 4"):
        jax.eval_shape(nn.Maps(features=2, channels=(3, 4)).init, KEY, jax.ShapeDtypeStruct((1, 6, 8, 1), np.float32))
