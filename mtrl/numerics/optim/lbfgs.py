"""Limited-memory BFGS with the stopping rules of SciPy's L-BFGS-B (optax.lbfgs, zoom line search)."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, PyTree

from mtrl.numerics.types import Scalar


class Minimum(NamedTuple):
    """Where the descent ended, and why."""

    point: Any  # PyTree like the start
    value: Float[Array, ""]
    gradient_norm: Float[Array, ""]  # largest absolute entry of the gradient
    iterations: Int[Array, ""]
    converged: Bool[Array, ""]  # a tolerance was met before the iterations ran out


class _Carry(NamedTuple):
    point: Any
    state: Any
    value: Float[Array, ""]
    gradient: Any
    count: Int[Array, ""]
    done: Bool[Array, ""]


def minimise(
    objective: Callable[[PyTree], Float[Array, ""]],
    start: PyTree,
    *,
    iterations: int = 1000,
    value_tolerance: Scalar = 2.2e-9,
    gradient_tolerance: Scalar = 1e-5,
    memory: int = 10,
) -> Minimum:
    """Minimise a smooth function.

    Stops when `(f_k - f_{k+1}) / max(|f_k|, |f_{k+1}|, 1) <= value_tolerance`, or the largest absolute gradient entry
    is at most `gradient_tolerance`, or after `iterations`; the defaults are those of `scipy.optimize.minimize(method=
    "L-BFGS-B")`, except for the number of iterations. Never silent: see `Minimum.converged`.

    A while loop: under vmap all lanes wait for the slowest.
    """
    solver = optax.lbfgs(memory_size=memory)

    def largest(tree):
        return optax.tree.norm(tree, ord=jnp.inf)

    def proceed(carry):
        return (carry.count < iterations) & ~carry.done

    def body(carry):
        # The line search leaves the value and gradient of the new point in its state: nothing is evaluated twice.
        with jax.numpy_dtype_promotion("standard"):  # Optax adds whole numbers of two widths
            update, state = solver.update(
                carry.gradient, carry.state, carry.point, value=carry.value, grad=carry.gradient, value_fn=objective
            )
        point = optax.apply_updates(carry.point, update)
        value, gradient = optax.tree.get(state, "value"), optax.tree.get(state, "grad")
        size = jnp.maximum(jnp.maximum(jnp.abs(carry.value), jnp.abs(value)), 1)
        done = (carry.value - value <= value_tolerance * size) | (largest(gradient) <= gradient_tolerance)
        return _Carry(point, state, value, gradient, carry.count + 1, done)

    value, gradient = jax.value_and_grad(objective)(start)
    done = largest(gradient) <= gradient_tolerance
    end = jax.lax.while_loop(
        proceed, body, _Carry(start, solver.init(start), value, gradient, jnp.zeros((), jnp.int32), done)
    )
    return Minimum(end.point, end.value, largest(end.gradient), end.count, end.done)
