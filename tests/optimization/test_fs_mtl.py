import jax
import jax.numpy as jnp
import pytest

from mtrl import optimization as mo
from mtrl.numerics.errors import BadInput
from mtrl.optimization.fs_mtl import ascent, sharp_gradients
from tests.helpers import assert_close
from tests.optimization.test_shared import direction
from tests.optimization.worlds import MEAN, SPLIT, UNIT, WEIGHTS


def test_flat_part_of_a_quadratic():
    """f = rho H g / |g| for losses 0.5 x' H x, task by task, heads aside."""
    hessians = jnp.stack([jnp.diag(jnp.array([1.0, 10.0, 0.1])), jnp.diag(jnp.array([3.0, 0.5, 2.0]))])
    x = jnp.array([1.0, -2.0, 0.5])
    weights = mo.Weights(x, (jnp.zeros(1), jnp.zeros(1)))
    losses = lambda shared, heads: 0.5 * jnp.einsum("i,tij,j->t", shared, hessians, shared)  # noqa: E731
    _, rows, sharp, _ = jax.jit(lambda w: sharp_gradients(losses, w, 0.3, 0.3))(weights)
    g = jnp.einsum("tij,j->ti", hessians, x)
    expected = 0.3 * jnp.einsum("tij,tj->ti", hessians, g) / jnp.linalg.norm(g, axis=1, keepdims=True)
    assert_close("flat part", sharp - rows, expected, 1e-12)


def test_sharp_gradients_move_shared_and_own_part():
    """Every task's gradient at its own worst point, by hand."""
    _, _, sharp, own = jax.jit(lambda w: sharp_gradients(SPLIT.losses, w, 0.1, 0.2))(WEIGHTS)
    grad = jax.jit(jax.grad(lambda w, t: SPLIT.losses(w.shared, w.heads)[t]))
    for t in range(2):
        g = grad(WEIGHTS, t)
        shared = WEIGHTS.shared["w"] + 0.1 * g.shared["w"] / jnp.linalg.norm(g.shared["w"])
        heads = tuple({"v": h["v"] + 0.2 * s["v"] / jnp.linalg.norm(s["v"])} if i == t else h
                      for i, (h, s) in enumerate(zip(WEIGHTS.heads, g.heads, strict=True)))  # fmt: skip
        at = grad(mo.Weights({"w": shared}, heads), t)
        assert_close("shared", sharp["w"][t], at.shared["w"], 1e-12)
        assert_close("own", own[t]["v"], at.heads[t]["v"], 1e-12)


def test_radius_zero_is_the_plain_rule():
    for decomposed in (True, False):
        got = direction(mo.fs_mtl(UNIT, rho_shared=0.0, rho_own=0.0, decomposed=decomposed))[0]
        if not decomposed:
            assert_close("plain", got.shared["w"], direction(mo.plain(UNIT))[0].shared["w"], 1e-12)
    got = direction(mo.fs_mtl(MEAN, rho_shared=0.0, rho_own=0.0))[0]
    assert_close("plain", got.shared["w"], direction(mo.plain(MEAN))[0].shared["w"], 1e-12)


def test_decomposition_matters_for_what_is_not_linear():
    """A linear aggregator gives plain sharpness-aware minimisation of every task, the ablation; another does not."""
    for rule, same in ((MEAN, True), (UNIT, False)):
        apart, direct = (direction(mo.fs_mtl(rule, decomposed=d))[0] for d in (True, False))
        assert (float(jnp.abs(apart.shared["w"] - direct.shared["w"]).max()) < 1e-12) == same


def test_vanishing_gradient_and_worst_losses():
    """No ascent without a gradient; along a linear loss the rise is radius times the length of the gradient."""
    assert_close("no ascent", ascent({"a": jnp.zeros(3)}, 0.1)["a"], jnp.zeros(3), 0, 1e-15)
    slopes = jnp.array([[3.0, 4.0], [0.0, 2.0]])
    weights = mo.Weights(jnp.ones(2), (jnp.zeros(1), jnp.zeros(1)))
    found = mo.worst_losses(lambda shared, heads: slopes @ shared, weights, 0.5)
    assert_close("rise", found, [7 + 2.5, 2 + 1.0], 1e-12)
    rise = mo.mean_rise(lambda shared, heads: slopes @ shared, weights, jnp.array([0.0, 0.5, 1.0]))
    assert_close("mean rise", rise, [0.0, 1.75, 3.5], 1e-12, 1e-15)


def test_bad_radius():
    for name in ("rho_shared", "rho_own"):
        with pytest.raises(BadInput, match=f"{name} got -0.1, but must be a finite number of at least 0; 0.01 to 0.5"):
            mo.fs_mtl(MEAN, **{name: -0.1})
