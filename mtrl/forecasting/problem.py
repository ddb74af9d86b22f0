"""Autoregressive channels with a common and an own part: the embedded stand-in for the forecasting benchmarks.

Not in the paper (which uses public files): channel t follows an AR(24) with coefficients `share * common + (1 - share) * own_t`,
where common is .35, .15, .25 at lags 1, 2, 24 and own_t has 3 random lags with values U(-.3, .3). `share` moves the truth between
independent and identical tasks, so independent, pooled and multitask ridge each have a regime.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_whole, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar

ORDER = 24
COMMON_LAGS, COMMON_VALUES = (1, 2, 24), (0.35, 0.15, 0.25)
OWN_LAGS, OWN_BOUND = 3, 0.3


def ar_coefficients(key: PRNGKey, *, tasks: int, share: Scalar) -> Float[Array, "task lag"]:
    """Coefficients at lags 1..24; their absolute sum is below 1, so every channel is stable.

    Raises:
      BadInput: a share outside [0, 1], or fewer than one task.
    """
    value = known(share)
    if value is not None and not 0 <= value <= 1:
        raise BadInput(f"share got {share}, but must be between 0 (tasks of their own) and 1 (identical tasks)")
    check_whole(tasks=tasks)
    keys = split_named(key, "lags", "values")
    common = jnp.zeros(ORDER).at[jnp.array(COMMON_LAGS) - 1].set(jnp.array(COMMON_VALUES))
    lags = jax.vmap(lambda k: jax.random.choice(k, ORDER, (OWN_LAGS,), replace=False))(
        jax.random.split(keys["lags"], tasks)
    )
    values = jax.random.uniform(keys["values"], (tasks, OWN_LAGS), minval=-OWN_BOUND, maxval=OWN_BOUND)
    own = jax.vmap(lambda lag, value: jnp.zeros(ORDER).at[lag].set(value))(lags, values)
    return share * common + (1 - share) * own


def ar_rollout(coefficients: Float[Array, "task lag"], noise: Float[Array, "row task"]) -> Float[Array, "row task"]:
    """`z_s,t = sum_k coefficients_t,k z_s-k,t + noise_s,t`, started at zero."""

    def advance(past, shock):
        now = (coefficients * past).sum(1) + shock
        return jnp.concatenate([now[:, None], past[:, :-1]], axis=1), now

    return jax.lax.scan(advance, jnp.zeros_like(coefficients), noise)[1]


def ar_channels(key: PRNGKey, *, tasks: int = 6, rows: int = 900, share: Scalar = 0.5) -> Float[Array, "row task"]:
    """Channels driven by independent unit Gaussian noise.

    Args:
      key: split into "coefficients" and "noise".
      tasks: T, channels.
      rows: length.
      share: in [0, 1]; 0 gives channels with nothing in common, 1 identical coefficients.
    """
    keys = split_named(key, "coefficients", "noise")
    coefficients = ar_coefficients(keys["coefficients"], tasks=tasks, share=share)
    return ar_rollout(coefficients, jax.random.normal(keys["noise"], (rows, tasks)))
