"""The penalised head: the linear network's optimum is the closed-form multitask ridge."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from mtrl.forecasting import Forecaster, Head, head_penalty
from mtrl.numerics.moments import moments
from mtrl.numerics.multitask_ridge import couple, decompose, fit
from tests.helpers import assert_close

T, D, N, Q = 3, 4, 20, 2


class Identity(nn.Module):
    def __call__(self, x, train=False):
        return x


def test_closed_form_is_stationary_for_the_network_loss(key):
    """lam_inv = T d/(lam n q) and gamma_inv = T d/(gamma n q) carry the divided convention into the multiplied one."""
    kx, ky, kp = jax.random.split(key, 3)
    x, y = jax.random.normal(kx, (N, T, D)), jax.random.normal(ky, (N, T, Q))
    gamma, lam = 0.8, 2.3
    grams = moments(jnp.swapaxes(x, 0, 1), jnp.swapaxes(y, 0, 1))
    spectra = decompose(grams)
    ridge = fit(spectra, couple(spectra, jnp.full(T, gamma)), lam)
    model = Forecaster(Identity(), Q, normalise=False)
    params = model.init(kp, x)
    root = np.sqrt(T * D)
    head = {
        "centre": ridge.centre / root,
        "deviation": (ridge.weights - ridge.centre) / root,
        "bias": params["params"]["head"]["bias"],
    }
    unit = T * D / (N * Q)

    def loss(head):
        p = {"params": {"head": head}}
        forecast = ((y - model.apply(p, x)) ** 2).mean((0, 2)).sum()
        return forecast + head_penalty(p, lam_inv=unit / lam, gamma_inv=unit / gamma)

    slope = jax.grad(loss)(head)
    scale = float(jnp.abs(jax.grad(loss)(params["params"]["head"])["centre"]).max())
    assert_close("slope in H_0", slope["centre"] / scale, np.zeros((D, Q)), atol=1e-13)
    assert_close("slope in V_t", slope["deviation"] / scale, np.zeros((T, D, Q)), atol=1e-13)


def test_penalty_counts_each_norm_once():
    params = {"params": {"head": {"centre": jnp.full((2, 3), 2.0), "deviation": jnp.ones((4, 2, 3))}}}
    assert_close("penalty", head_penalty(params, lam_inv=0.5, gamma_inv=10.0), 0.5 * 24 + 10 * 24)
    assert_close(
        "shared head", head_penalty({"params": {"head": {"centre": jnp.ones((2, 3))}}}, lam_inv=0.5, gamma_inv=9.0), 3.0
    )


def test_shared_head_treats_channels_alike(key):
    head = Head(2, "shared")
    x = jnp.broadcast_to(jax.random.normal(key, (1, D)), (3, D))
    y = head.apply(head.init(key, x), x)
    np.testing.assert_array_equal(y[0], y[2])  # pyright: ignore[reportGeneralTypeIssues]


def test_each_channel_has_its_own_map_and_bias(key):
    """`(H_0 + V_t) phi_t + b_t`, channel by channel."""
    x, head = jax.random.normal(key, (5, T, D)), Head(Q)
    shapes = jax.eval_shape(head.init, key, x)
    params = jax.tree.map(lambda leaf: jax.random.normal(jax.random.key(leaf.size), leaf.shape), shapes)
    p = params["params"]
    expected = [x[:, t] @ (p["centre"] + p["deviation"][t]) + p["bias"][t] for t in range(T)]
    assert_close("maps", head.apply(params, x), np.stack(expected, 1), rtol=1e-12)
