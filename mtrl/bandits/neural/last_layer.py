"""Neural GFUCB with the confidence set on the last layer: one network, the heads' joint ellipsoid on its features.

The fitted body is taken for the truth between refits, as if Phi had one element: `V_i = lam I + sum phi phi^T`, ridge
heads, and one arm per task maximising `sum_i <phi(x_i), theta_i> + sqrt(beta sum_i ||phi(x_i)||^2_{V_i^-1})` with one
budget `beta = alpha^2 M`. At equal widths that moves an index as much as `alpha ||phi||_{V^-1}` per task does, which
is `PER_TASK`: M budgets instead of one, the baseline without coupling.
"""

import functools
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.bandits.checks import check_radius
from mtrl.bandits.joint_index import joint_argmax
from mtrl.bandits.linear_stats import squared_widths
from mtrl.bandits.neural.state import Config, State, init, play
from mtrl.bandits.rounds import ArmData, Info, first_best
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import PRNGKey, Scalar

__all__ = ["Config", "State", "budget", "init", "last_layer", "last_layer_per_task", "ridge_view"]


def ridge_view(
    state: State, data: ArmData, config: Config
) -> tuple[Float[Array, "task arm"], Float[Array, "task arm"]]:
    """Mean estimates by ridge on the network's features, and squared widths."""
    features = config.body().apply(state.network.body, data.contexts)
    heads = jnp.einsum("mkl,ml->mk", state.inverse, state.moment)
    return jnp.einsum("mak,mk->ma", features, heads), squared_widths(state.inverse, features)


def budget(alpha: Scalar, tasks: int, dtype: Any) -> Float[Array, ""]:
    """`beta = alpha^2 M`, the joint squared radius.

    Raises:
      BadInput: alpha is negative or not a number (when it is not traced).
    """
    check_radius(alpha=alpha)
    return jnp.asarray(alpha, dtype) ** 2 * tasks


def step(
    key: PRNGKey, state: State, data: ArmData, *, config: Config, alpha: Scalar = 0.2, coupled: bool = True
) -> tuple[State, Info]:
    """Play the arms with the largest joint index (or each task its own when not coupled).

    Args:
      key: minibatches of the refits.
      state: network, buffer, statistics.
      data: the round.
      config: as given to `init`, fixed at compile time.
      alpha: width, at least 0; 0 acts greedily.
      coupled: one budget for all tasks; fixed at compile time.
    """

    def choose(key, state, data):
        del key
        values, squares = ridge_view(state, data, config)
        if coupled:
            return joint_argmax(values, squares, budget(alpha, values.shape[0], values.dtype)).arms
        return first_best(values + jnp.asarray(alpha, values.dtype) * jnp.sqrt(squares))

    return play(key, state, data, config, choose)


def last_layer(config: Config) -> Algorithm:
    """The algorithm for a configuration; hyper-parameter `alpha`."""
    return Algorithm(init, functools.partial(step, config=config))


def last_layer_per_task(config: Config) -> Algorithm:
    """The same network with a separate budget per task (baseline)."""
    return Algorithm(init, functools.partial(step, config=config, coupled=False))
