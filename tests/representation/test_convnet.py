import jax
import jax.numpy as jnp
import numpy as np

from mtrl.representation.convnet import ConvNet


def test_shapes_dtype_and_a_forward_pass_by_hand():
    model = ConvNet(3, (2, 4))
    x = jax.random.uniform(jax.random.key(0), (5, 8, 8), jnp.float32)
    params = model.init(jax.random.key(1), x)
    phi = model.apply(params, x)
    assert phi.shape == (5, 3) and phi.dtype == jnp.float32
    layers = params["params"]
    assert layers["Conv_0"]["kernel"].shape == (3, 3, 1, 2) and layers["Conv_1"]["kernel"].shape == (3, 3, 2, 4)
    hidden = x[..., None]
    for name in ("Conv_0", "Conv_1"):
        kernel = layers[name]["kernel"]
        hidden = jax.lax.conv_general_dilated(
            hidden, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        hidden = jnp.maximum(hidden + layers[name]["bias"], 0)
        n, rows, columns, channels = hidden.shape
        hidden = hidden.reshape(n, rows // 2, 2, columns // 2, 2, channels).max((2, 4))
    by_hand = hidden.reshape(5, -1) @ layers["Dense_0"]["kernel"] + layers["Dense_0"]["bias"]
    np.testing.assert_allclose(phi, by_hand, rtol=1e-4, atol=1e-5)
