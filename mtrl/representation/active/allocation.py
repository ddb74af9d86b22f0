"""How many samples to buy from each source task, given relevance.

Chen, Du, Jamieson 2022 (A-MTRL): `n_t = max(N nu_t^2 / ||nu||_2^2, N_min)` with the least-L2 nu. Wang et al. 2023
(L1-A-MTRL): `n_t = max(N |nu_t| / ||nu||_1, N_min)` with the least-L1 nu. Both are `|nu_t|^q` for q = 2 and 1;
q = 0 is passive sampling. Here the floor is water-filled and the counts are rounded, so that they sum to N exactly.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.numerics.checks import check_finite, check_positive, known
from mtrl.numerics.designs.rounding import apportion
from mtrl.numerics.types import Scalar
from mtrl.representation.active.checks import check_budget


class Rule(NamedTuple):
    """L(p, q) rule: `s_t = |nu^p_t|^q` with the relevance nu^p of least p-norm. Numbers, so rules can be vmapped."""

    norm: Scalar  # p: 1 or 2
    exponent: Scalar  # q: 0, 1 or 2


RULES = {
    "passive": Rule(2.0, 0.0),
    "L2": Rule(2.0, 2.0),
    "L1": Rule(1.0, 1.0),
    "L21": Rule(2.0, 1.0),  # ablations L(2, 1) and L(1, 2)
    "L12": Rule(1.0, 2.0),
}


def shares(
    relevance: Float[Array, " task"], exponent: Scalar, *, support: Bool[Array, " task"] | None = None
) -> Float[Array, " task"]:
    """`|nu_t|^q` normalised to sum one, on the `support` (None: all tasks); all-zero relevance gives equal shares there.

    NaN or infinite relevance gives NaN shares, unless q = 0.

    Args:
      relevance: nu.
      exponent: q >= 0; 0 gives equal shares whatever nu is.
      support: tasks that may be sampled beyond the floor (k-sparse selection).
    """
    allowed = jnp.ones_like(relevance, dtype=bool) if support is None else support
    size = jnp.where(allowed, jnp.abs(relevance), 0)
    top = jnp.max(size)
    base = jnp.where(top == 0, 1, size / jnp.where(top == 0, 1, top))
    raised = jnp.where(jnp.asarray(exponent) > 0, base ** jnp.asarray(exponent, base.dtype), 1)
    raised = jnp.where(allowed, raised, 0)
    return raised / jnp.sum(raised)


def allocate(
    relevance: Float[Array, " task"],
    *,
    budget: Scalar,
    floor: Scalar,
    exponent: Scalar,
    support: Bool[Array, " task"] | None = None,
) -> Int[Array, " task"]:
    """Counts n_t summing to `budget`, none under `floor`, in proportion to `|nu_t|^q` above it.

    Tasks off the `support` get the floor. Traced relevance that is not finite buys nothing (all counts are 0), unless q = 0.

    Raises:
      BadInput: N < M N_min; or relevance that is not finite, where it is known.
    """
    relevance = jnp.asarray(relevance)
    check_budget(budget, tasks=relevance.shape[0], floor=floor)
    if known(exponent) is not None and exponent > 0:
        check_finite(relevance=relevance, hint="look at the fit it was estimated from")
    wanted = shares(relevance, exponent, support=support)
    return jnp.where(jnp.all(jnp.isfinite(wanted)), apportion(wanted, budget, floor), 0)


def _counts(wanted: Float[Array, " task"]) -> Int[Array, " task"]:
    """Rounded up; nothing where one is not finite."""
    return jnp.where(jnp.all(jnp.isfinite(wanted)), jnp.ceil(wanted), 0).astype(jnp.int32)


def theoretical_l2_counts(
    relevance: Float[Array, " task"], *, accuracy: Scalar, beta: Scalar, floor: Scalar
) -> Int[Array, " task"]:
    """Epoch of A-MTRL: `n_t = max(beta nu_t^2 / eps_i^2, beta / eps_i, N_min)`, rounded up (Chen et al. 2022, Alg. 2).

    Args:
      relevance: nu_hat of the epoch before.
      accuracy: eps_i = 2^-i.
      beta: constant of the theory, a flag: the proven value is far too large to run.
      floor: N_min.
    """
    least = jnp.asarray(floor).astype(relevance.dtype)
    wanted = jnp.maximum(beta * relevance**2 / accuracy**2, jnp.maximum(beta / accuracy, least))
    return _counts(wanted)


def theoretical_l1_counts(
    relevance: Float[Array, " task"], *, accuracy: Scalar, beta: Scalar, floor: Scalar
) -> Int[Array, " task"]:
    """Epoch of L1-A-MTRL: `n_t = max(beta ||nu||_1 |nu_t| / eps_i^2, N_min)`, rounded up (Wang et al. 2023, Alg. 1).

    No `1/eps` floor. Arguments as in `theoretical_l2_counts`.
    """
    size = jnp.abs(relevance)
    least = jnp.asarray(floor).astype(size.dtype)
    return _counts(jnp.maximum(beta * jnp.sum(size) * size / accuracy**2, least))


def priced_allocation(
    relevance: Float[Array, " task"], prices: Float[Array, " task"], *, spend: Scalar
) -> Float[Array, " task"]:
    """Real counts `n_t` proportional to `|nu_t| / sqrt(c_t)` with `sum c_t n_t = spend`, for prices c_t > 0 per sample.

    Cost question of Wang et al. 2023, closed form derived here: minimises `sum nu_t^2 / n_t` at that spend, with value
    `(sum sqrt(c_t) |nu_t|)^2 / spend`.
    """
    check_positive(prices=prices, spend=spend)
    weights = jnp.abs(relevance) / jnp.sqrt(prices)
    total = jnp.sum(prices * weights)
    return spend * weights / jnp.where(total > 0, total, 1)


def power_cost_allocation(
    relevance: Float[Array, " task"], *, power: Scalar, accuracy: Scalar
) -> tuple[Float[Array, " task"], Float[Array, ""]]:
    """Real counts and total cost when n samples of one task cost `n^a`, 0 < a <= 1, and `sum nu_t^2/n_t = eps^2`.

    Derived here: `n_t = (S/eps^2) |nu_t|^{2/(1+a)}`, `S = sum |nu_t|^{2a/(1+a)}`, total `S^{1+a} eps^{-2a}`. a = 1 is
    `||nu||_1^2 / eps^2`; a -> 0 counts the tasks opened.

    Args:
      relevance: nu, fixed.
      power: a.
      accuracy: eps.
    """
    check_positive(power=power, accuracy=accuracy)
    size = jnp.abs(relevance)
    none = size == 0
    safe = jnp.where(none, 1, size)
    total = jnp.sum(jnp.where(none, 0, safe ** (2 * power / (1 + power))))
    counts = jnp.where(none, 0, safe ** (2 / (1 + power))) * total / accuracy**2
    return counts, total ** (1 + power) * accuracy ** (-2 * power)


def step_cost(counts: Int[Array, " task"] | Float[Array, " task"], *, floor: Scalar) -> Int[Array, ""]:
    """Step cost of Wang et al. 2023: the number of tasks sampled beyond the floor (each costs 1, the floor is free)."""
    return jnp.sum(counts > floor)
