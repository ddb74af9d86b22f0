"""A learner of tiny programs by soft selection: restarts of a hard search, standing in for neural programmers and random-access machines.

At each of T steps a softmax over five unary operations mixes their outputs; the program is right when the argmax of every step computes
the target function.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int

from mtrl import nn
from mtrl.descent.noise import GAMMA, clipped_noise
from mtrl.numerics.checks import check_choice, check_positive, check_whole
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar

OPERATIONS = ("x", "-x", "x+1", "2x", "x^2")
OPTIMISERS = ("sgd", "adam")


class Restarts(NamedTuple):
    """What became of every restart."""

    success: Bool[Array, " restart"]
    loss: Float[Array, " restart"]  # of the soft program, in variances of the target
    program: Int[Array, "restart step"]  # argmax operations
    finite: Bool[Array, " restart"]


def operations(x: Float[Array, "*shape"]) -> Float[Array, "*shape five"]:
    """Outputs of all operations."""
    return jnp.stack([x, -x, x + 1, 2 * x, x**2], axis=-1)


def compute(program: Int[Array, " step"], x: Float[Array, " point"]) -> Float[Array, " point"]:
    """Output of a hard program."""
    return jax.lax.scan(lambda y, op: (operations(y)[:, op], None), x, program)[0]


def mixed(logits: Float[Array, "step five"], x: Float[Array, " point"]) -> Float[Array, " point"]:
    """Output of a soft program."""
    return jax.lax.scan(lambda y, w: (operations(y) @ w, None), x, jax.nn.softmax(logits), unroll=True)[0]


def named_program(*names: str) -> Int[Array, " step"]:
    """A program from the names of its operations, the first applied first.

    Raises:
      BadInput: no names, or an unknown one.
    """
    check_whole(steps=len(names), hint="a program has at least one operation")
    for name in names:
        check_choice("operation", name, OPERATIONS)
    return jnp.array([OPERATIONS.index(name) for name in names])


def learn_program(
    key: PRNGKey,
    target: Int[Array, " step"],
    *,
    eta: Scalar,
    gamma: Scalar = GAMMA,
    lr: Scalar = 1.0,
    clip: Scalar = 1.0,
    steps: int = 1500,
    restarts: int = 400,
    points: int = 16,
    tolerance: float = 1e-3,
    optimiser: str = "sgd",
) -> Restarts:
    """Restarts from N(0, 1) logits, each clipped on its own and given its own noise.

    Args:
      key: PRNG key.
      target: program whose function is to be found.
      eta, gamma: noise after clipping.
      lr, clip: of the descent.
      steps: updates of a restart.
      restarts: their number.
      points: of the function, evenly spaced on [-1.5, 1.5].
      tolerance: largest error on a point, in standard deviations of the target, at which the found program is the target.
      optimiser: "sgd" or "adam".

    Raises:
      BadInput: a size below 1, lr, clip or tolerance not above 0, an unknown optimiser.
    """
    check_whole(steps=steps, restarts=restarts)
    check_whole(points=points, lower=2)
    check_positive(lr=lr, clip=clip, tolerance=tolerance)
    check_choice("optimiser", optimiser, OPTIMISERS)
    x = jnp.linspace(-1.5, 1.5, points, dtype=jnp.float32)
    y = compute(target, x)
    variance = jnp.var(y)
    last = optax.sgd if optimiser == "sgd" else nn.adam

    def loss(logits):
        return jnp.mean((mixed(logits, x) - y) ** 2) / variance

    def one(key: PRNGKey) -> tuple[Any, ...]:
        keys = split_named(key, "start", "noise")
        logits = jax.random.normal(keys["start"], (target.shape[0], len(OPERATIONS)), jnp.float32)
        rule = optax.chain(
            clipped_noise(keys["noise"], eta=eta, gamma=gamma, clip=clip), last(jnp.asarray(lr, jnp.float32))
        )

        state, _ = nn.descend(
            nn.start(logits, rule), jnp.zeros(steps), loss=lambda logits, _: loss(logits), optimiser=rule
        )
        found = jnp.argmax(state.params, axis=-1)
        error = jnp.max(jnp.abs(compute(found, x) - y))
        finite = jnp.isfinite(state.params).all()
        return (error <= tolerance * jnp.sqrt(variance)) & finite, loss(state.params), found, finite

    return Restarts(*jax.vmap(one)(jax.random.split(key, restarts)))
