"""What sets the networks apart: shapes, which channels see which, the head, and the normalisation."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.forecasting import MODELS, MULTIVARIATE, UNIVARIATE, Forecaster, build_model, sharpness_radius
from mtrl.forecasting.itransformer import ITransformer
from mtrl.forecasting.patchtst import PatchTST
from mtrl.forecasting.samformer import ChannelAttention
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close

T, L, H = 3, 24, 4
MIXES = {
    "PatchTST": False,
    "DLinearU": False,
    "Transformer": True,
    "DLinearM": False,
    "SAMformer": True,
    "iTransformer": True,
}


@pytest.mark.parametrize("name", MODELS)
def test_shape_head_mixing_and_dropout(name, key):
    model = build_model(name, lookback=L, horizon=H, sizes="small")
    x = jax.random.normal(key, (2, T, L))
    params = jax.jit(model.init)(jax.random.key(1), x)
    apply = jax.jit(model.apply)
    y = apply(params, x)
    assert y.shape == (2, T, H) and bool(jnp.isfinite(y).all())
    assert ("deviation" in params["params"]["head"]) == (name in UNIVARIATE)
    moved = apply(params, x.at[:, 0].add(jnp.linspace(0.0, 3.0, L) ** 2))
    others_moved = not np.allclose(moved[:, 1:], y[:, 1:], rtol=1e-12, atol=1e-12)
    assert others_moved == MIXES[name]


@pytest.mark.parametrize("name", ["Transformer", "PatchTST"])
def test_reversible_normalisation_carries_level_and_scale(name, key):
    model = build_model(name, lookback=L, horizon=H, sizes="small")
    x = jax.random.normal(key, (1, T, L))
    params = jax.jit(model.init)(jax.random.key(1), x)
    apply = jax.jit(model.apply)
    y, moved = apply(params, x), apply(params, 1e3 * x + 50.0)
    assert_close("affine equivariance", moved, 1e3 * y + 50.0, rtol=1e-4)  # 1e-5 is added to the variance


class Identity(nn.Module):
    def __call__(self, x, train=False):
        return x


def test_reversible_normalisation_is_undone_whatever_the_learned_stretch_and_shift(key):
    """RevIN's denormalisation inverts its normalisation: with trunk and head the identity the forecast is the window itself."""
    x = 3 * jax.random.normal(key, (2, T, 5)) + 7
    head = {"centre": jnp.eye(5), "deviation": jnp.zeros((T, 5, 5)), "bias": jnp.zeros((T, 5))}
    learned = {"stretch": jnp.array([[0.5], [2.0], [1.3]]), "shift": jnp.array([[1.0], [-2.0], [0.3]])}
    model = Forecaster(Identity(), 5, affine=True)
    assert_close("window given back", model.apply({"params": {"head": head, **learned}}, x), x, rtol=1e-8)


def test_a_forecast_is_in_units_of_the_window_s_own_deviation(key):
    """A head that is its bias alone gives mean + bias sqrt(var + 1e-5), also where the window hardly varies (RevIN)."""
    x = jnp.array([[1e-3], [0.0], [2.0]]) * jax.random.normal(key, (2, T, 5)) + 7
    head = {"centre": jnp.zeros((5, 2)), "deviation": jnp.zeros((T, 5, 2)), "bias": jnp.ones((T, 2))}
    forecast = Forecaster(Identity(), 2).apply({"params": {"head": head}}, x)
    expected = np.mean(x, -1, keepdims=True) + np.sqrt(np.var(x, -1, keepdims=True) + 1e-5)
    assert_close("units", forecast - 7, np.repeat(expected - 7, 2, -1), rtol=1e-9)


@pytest.mark.parametrize("name", ["DLinearU", "DLinearM"])
def test_dlinear_is_two_linear_maps_of_the_raw_window(name, key):
    """Zeng et al. 2023: forecast = W_trend trend + W_remainder (x - trend) + bias, without normalising the window."""
    x = 3 * jax.random.normal(key, (1, T, L)) + 7
    model = build_model(name, lookback=L, horizon=H)
    shapes = jax.eval_shape(model.init, key, x)
    params = jax.tree.map(lambda leaf: jax.random.normal(jax.random.key(leaf.size), leaf.shape), shapes)
    head = params["params"]["head"]
    padded = np.pad(np.asarray(x), [(0, 0), (0, 0), (12, 12)], mode="edge")
    trend = np.stack([padded[..., i : i + 25].mean(-1) for i in range(L)], -1)
    maps = head["centre"] + head.get("deviation", jnp.zeros((T, 1, 1)))
    expected = np.einsum("btf,tfh->bth", np.concatenate([trend, x - trend], -1), maps) + head["bias"]
    assert_close("two maps", model.apply(params, x), expected, rtol=1e-12)


def test_channel_attention_is_the_written_formula(key):
    x = jax.random.normal(key, (T, 7))
    trunk = ChannelAttention(width=4)
    params = trunk.init(jax.random.key(2), x)
    p = jax.tree.map(np.asarray, params["params"])
    q, k, v = (np.asarray(x) @ p[n]["kernel"] + p[n]["bias"] for n in ("query", "key", "value"))
    scores = np.exp(q @ k.T / 2.0)
    assert_close(
        "x + softmax(QK'/sqrt m)V", trunk.apply(params, x), x + scores / scores.sum(1, keepdims=True) @ v, rtol=1e-12
    )


def test_patches_and_tokens_are_embedded_as_written(key):
    """Without encoder layers: W patch + b + position, flattened, the last value repeated once per stride (PatchTST);
    LayerNorm(W x + b) (iTransformer)."""
    x = jax.random.normal(key, (2, 1, 7))
    trunk = PatchTST(patch=4, stride=2, width=3, layers=0)
    shapes = jax.eval_shape(trunk.init, key, x)
    params = jax.tree.map(lambda leaf: jax.random.normal(jax.random.key(leaf.size), leaf.shape), shapes)
    p, longer = params["params"], np.concatenate([x, x[..., -1:], x[..., -1:]], -1)
    tokens = [
        longer[..., 2 * i : 2 * i + 4] @ p["Dense_0"]["kernel"] + p["Dense_0"]["bias"] + p["positions"][i]
        for i in range(3)
    ]
    assert_close("patches", trunk.apply(params, x), np.concatenate(tokens, -1), rtol=1e-12)
    tokens = ITransformer(width=5, layers=0)
    params = tokens.init(key, x)
    embedded = x @ params["params"]["Dense_0"]["kernel"]
    expected = (embedded - embedded.mean(-1, keepdims=True)) / np.sqrt(embedded.var(-1, keepdims=True) + 1e-6)
    assert_close("tokens", tokens.apply(params, x), expected, rtol=1e-10)


def test_published_sizes():
    patch = build_model("PatchTST", lookback=336, horizon=96)
    assert patch.trunk.layers == 3 and build_model("iTransformer", lookback=96, horizon=96).trunk.width == 256
    shapes = jax.eval_shape(patch.init, jax.random.key(0), jnp.zeros((1, 7, 336)))
    assert shapes["params"]["head"]["centre"].shape == (42 * 16, 96)  # 42 patches of width 16
    assert sharpness_radius("SAMformer") == 0.7 and sharpness_radius("Transformer") == 0.0


def test_unknown_names_are_refused():
    assert set(UNIVARIATE) | set(MULTIVARIATE) == set(MODELS)
    for changes, message in (
        (dict(name="LSTM"), "model got 'LSTM'"),
        (dict(sizes="huge"), "sizes got 'huge'"),
        (dict(horizon=0), "horizon got 0"),
    ):
        with pytest.raises(BadInput, match=message):
            build_model(**{**dict(name="DLinearU", lookback=L, horizon=H), **changes})
    with pytest.raises(BadInput, match="head got 'many'"):
        build_model("DLinearU", lookback=L, horizon=H, head="many").init(jax.random.key(0), jnp.zeros((1, T, L)))
