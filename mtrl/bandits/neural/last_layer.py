"""Neural GFUCB with the confidence set on the last layer: one network, the heads' joint ellipsoid on its features.

The fitted body is taken for the truth between refits, as if Phi had one element: `V_i = lam I + sum phi phi^T`, ridge
heads, and one arm per task maximising `sum_i <phi(x_i), theta_i> + sqrt(beta sum_i ||phi(x_i)||^2_{V_i^-1})` with one
budget `beta = alpha^2 M`. At equal widths that moves an index as much as `alpha ||phi||_{V^-1}` per task does, which
is `coupled=False`: M budgets instead of one, as practical variants have it; the coupling here is the exact algorithm's step 3.
"""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl import nn
from mtrl.bandits.neural.learner import learner
from mtrl.bandits.problem import first_best
from mtrl.bandits.regret.joint_index import joint_argmax
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_nonnegative
from mtrl.numerics.types import Scalar


def budget(alpha: Scalar, tasks: int, dtype: Any) -> Float[Array, ""]:
    """`beta = alpha^2 M`, the joint squared radius."""
    return jnp.asarray(alpha, dtype) ** 2 * tasks


def last_layer(*, alpha: Scalar = 0.2, coupled: bool = True, **network: Any) -> Algorithm:
    """The arms with the largest joint index (or each task its own when not coupled).

    Args:
      alpha: width, at least 0; 0 acts greedily.
      coupled: one budget for all tasks.
      **network: as in `learner`.

    Raises:
      BadInput: a number outside its range.
    """
    check_nonnegative(alpha=alpha, hint="0 acts greedily")
    own = learner(**network)

    def choose(key, state, view):
        del key
        values, squares = nn.ridge_index(state.ridge, own.features(state, view.contexts))
        if coupled:
            return joint_argmax(values, squares, budget(alpha, values.shape[0], values.dtype)).arms
        return first_best(values + jnp.asarray(alpha, values.dtype) * jnp.sqrt(squares))

    return own.algorithm(choose)
