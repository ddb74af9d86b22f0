import jax
import jax.numpy as jnp
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.optimization import noise_scales
from tests.helpers import assert_close, assert_mean


def test_residual_variances_are_those_of_the_noise():
    """E of the residual variance is sigma^2 (1 - d/n)."""
    draw = jax.vmap(lambda key: noise_scales.sample(key, samples=40, dim=4, tasks=3))(
        jax.random.split(jax.random.key(1), 200)
    )
    found = jax.vmap(noise_scales.residual_variances)(draw)
    assert_mean("residual variance / sigma^2", found / draw.noise[0] ** 2, 0.9)


def test_uncertainty_weighting_finds_them():
    """The inner optimum s_i = log L_i, reached by descent on Kendall's objective itself; the last of ten records is the nearest."""
    data = noise_scales.sample(jax.random.key(0), samples=100, dim=3, tasks=3, widest=5.0)
    truth = jnp.log(noise_scales.residual_variances(data))
    found = noise_scales.learned_log_variances(data, rate=0.1, steps=2000, records=10)
    assert_close("s = log variance", found[-1], truth, 1e-4)
    away = jnp.abs(found - truth).max(-1)
    assert found.shape == (10, 3) and away[-1] == away.min()
    with pytest.raises(BadInput, match="records got 3, but must divide the 10 steps"):
        noise_scales.learned_log_variances(data, rate=0.1, steps=10, records=3)


def test_bad_input():
    for bad, message in (
        (dict(widest=0.0), "widest got 0"),
        (dict(tasks=1), "tasks got 1"),
        (dict(samples=0), "samples got 0"),
    ):
        with pytest.raises(BadInput, match=message):
            noise_scales.sample(jax.random.key(0), **{"samples": 5, "dim": 2, "tasks": 2, **bad})
