"""T-output linear regression with noise of very different sizes: what uncertainty weighting must find.

y_i = x' theta_i + sigma_i eps, sigma_i from 1 to `widest` in equal ratios. Kendall, Gal and Cipolla (CVPR 2018, arXiv 1705.07115) minimise
sum_i 0.5 e^{-s_i} L_i + 0.5 s_i, L_i the mean squared error; its inner optimum is s_i = log L_i, so s_i -> log of the residual variance.

Symbols: x -> inputs (sample, dim); theta_i -> weights (task, dim); sigma_i -> noise (task,), in the unit of the outputs.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.descent import weightings
from mtrl.numerics.checks import check_positive, check_whole
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar
from mtrl.optimization.path import falling_adam


class Regression(NamedTuple):
    """One draw."""

    inputs: Float[Array, "sample dim"]
    outputs: Float[Array, "sample task"]
    weights: Float[Array, "task dim"]  # theta_i
    noise: Float[Array, " task"]  # sigma_i


def sample(key: PRNGKey, *, samples: int, dim: int, tasks: int, widest: Scalar = 100.0) -> Regression:
    """Inputs and weights N(0, 1); noise from 1 to `widest`.

    Raises:
      BadInput: a size below 1 (two tasks), or a `widest` that is not positive.
    """
    check_whole(samples=samples, dim=dim)
    check_whole(tasks=tasks, lower=2, hint="weights of one task alone decide nothing")
    check_positive(widest=widest)
    keys = split_named(key, "inputs", "weights", "noise")
    inputs = jax.random.normal(keys["inputs"], (samples, dim))
    weights = jax.random.normal(keys["weights"], (tasks, dim))
    noise = jnp.exp(jnp.linspace(0.0, 1.0, tasks) * jnp.log(jnp.asarray(widest, float)))
    return Regression(
        inputs, inputs @ weights.T + noise * jax.random.normal(keys["noise"], (samples, tasks)), weights, noise
    )


def losses(data: Regression, weights: Float[Array, "task dim"]) -> Float[Array, " task"]:
    """Mean squared error of every output."""
    return jnp.mean((data.inputs @ weights.T - data.outputs) ** 2, axis=0)


def residual_variances(data: Regression) -> Float[Array, " task"]:
    """The least mean squared errors, of ordinary least squares: the fixed point of e^{s_i}; expectation sigma_i^2 (1 - dim/samples)."""
    fitted = jnp.linalg.lstsq(data.inputs, data.outputs)[0]
    return losses(data, fitted.T)


def learned_log_variances(data: Regression, *, rate: Scalar, steps: int, records: int) -> Float[Array, "record task"]:
    """s_i along a joint descent on Kendall's objective in s and theta from zero, by Adam with a falling rate.

    Args:
      data: of T outputs.
      rate: Adam's first learning rate.
      steps: in all, `records` times a whole number.
      records: stretches after each of which s is kept.

    Raises:
      BadInput: a number of steps or records below 1, or one that does not divide the other.
    """
    check_whole(steps=steps, records=records)
    if steps % records:
        raise BadInput(f"records got {records}, but must divide the {steps} steps; take a divisor")
    tasks, dim = data.weights.shape
    optimiser, start = falling_adam(rate, steps), (jnp.zeros(tasks), jnp.zeros((tasks, dim)))

    def step(carry, _):
        both, memory = carry
        slope = jax.grad(lambda both: weightings.uw_objective(losses(data, both[1]), both[0]))(both)
        change, memory = optimiser.update(slope, memory, both)
        return (jax.tree.map(jnp.add, both, change), memory), None

    def stretch(carry, _):
        carry, _ = jax.lax.scan(step, carry, length=steps // records)
        return carry, carry[0][0]

    return jax.lax.scan(stretch, (start, optimiser.init(start)), length=records)[1]
