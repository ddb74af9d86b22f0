"""A ratings table completed by alternating least squares, from flat (user, item, rating) rows."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.numerics.checks import check_finite, check_positive, check_rank, check_shape, check_whole
from mtrl.numerics.keys import split_named
from mtrl.numerics.linalg import elimination
from mtrl.numerics.moments import flat_moments
from mtrl.numerics.types import PRNGKey, Scalar


class Factors(NamedTuple):
    """M = U V^T."""

    users: Float[Array, "task dim"]  # U, one row a user: the tasks of the bandit
    items: Float[Array, "item dim"]  # V, one row an item: the features
    residual: Float[Array, ""]  # root mean squared error on the observed ratings
    moved: Float[Array, ""]  # its relative change in the last sweep


def predicted(
    users: Float[Array, "task dim"],
    items: Float[Array, "item dim"],
    user: Int[Array, " sample"],
    item: Int[Array, " sample"],
) -> Float[Array, " sample"]:
    """`U_u^T V_v` of the given pairs."""
    return jnp.sum(users[user] * items[item], axis=-1)


def complete(
    key: PRNGKey,
    user: Int[Array, " sample"],
    item: Int[Array, " sample"],
    rating: Float[Array, " sample"],
    weight: Float[Array, " sample"],
    *,
    users: int,
    items: int,
    rank: int,
    ridge: Scalar,
    iterations: int = 15,
) -> Factors:
    """Alternating least squares: `min sum_observed w (r - U_u^T V_v)^2 + ridge (||U||_F^2 + ||V||_F^2)`.

    A side is solved exactly given the other, by sums over its rows in blocks: no (ratings, rank, rank) array ever stands. The
    paper says neither the penalty nor how its weight is chosen; `hold_out_errors` chooses it. Who has no rating gets a zero row.

    Args:
      key: of the start, V ~ N(0, 1/rank).
      user, item, rating: observed entries.
      weight: of each; 0 leaves it out.
      users, items: sizes of the table.
      rank: of the completion (the paper's 10).
      ridge: weight of the penalty, above 0.
      iterations: sweeps (static).

    Raises:
      BadInput: lengths that differ, ids outside the table, NaN, a rank above its sizes, a ridge not above 0.
    """
    check_rank(rank, min(users, items), what="the smaller side of the table")
    check_positive(ridge=ridge)
    check_whole(iterations=iterations)
    for name, array in (("user", user), ("item", item), ("weight", weight)):
        check_shape(name, array, (rating.shape[0],), hint="one per rating")
    check_whole(lower=0, upper=users - 1, user=user)
    check_whole(lower=0, upper=items - 1, item=item)
    check_finite(rating=rating)
    root = jnp.sqrt(weight)
    start = jax.random.normal(split_named(key, "items")["items"], (items, rank), rating.dtype) / jnp.sqrt(
        jnp.asarray(rank, rating.dtype)
    )
    eye = jnp.eye(rank, dtype=rating.dtype)

    def side(other: Array, theirs: Array, mine: Array, count: int) -> Array:
        data = flat_moments(root[:, None] * other[theirs], root * rating, mine, count)
        return elimination.solve(data.gram + ridge * eye, data.cross[..., None], unroll_up_to=16)[..., 0]

    def error(u: Array, v: Array) -> Array:
        return jnp.sqrt(jnp.sum(weight * (rating - predicted(u, v, user, item)) ** 2) / jnp.sum(weight))

    def sweep(carry: tuple, _: None) -> tuple[tuple, None]:
        _, v, after, _ = carry
        u = side(v, item, user, users)
        v = side(u, user, item, items)
        return (u, v, error(u, v), after), None

    nothing = jnp.asarray(jnp.inf, rating.dtype)
    first = jnp.zeros((users, rank), rating.dtype), start, nothing, nothing
    (u, v, residual, before), _ = jax.lax.scan(sweep, first, None, length=iterations)
    return Factors(u, v, residual, jnp.abs(before - residual) / residual)


def hold_out_errors(
    key: PRNGKey,
    user: Int[Array, " sample"],
    item: Int[Array, " sample"],
    rating: Float[Array, " sample"],
    ridges: Float[Array, " candidate"],
    *,
    users: int,
    items: int,
    rank: int,
    share: float = 0.1,
    iterations: int = 15,
) -> Float[Array, " candidate"]:
    """Root mean squared error on a random share of the ratings that the completion has not seen, for every candidate ridge."""
    keys = split_named(key, "held", "start")
    held = jax.random.uniform(keys["held"], rating.shape) < share

    def one(ridge: Array) -> Array:
        seen = jnp.where(held, 0.0, 1.0).astype(rating.dtype)
        found = complete(
            keys["start"],
            user,
            item,
            rating,
            seen,
            users=users,
            items=items,
            rank=rank,
            ridge=ridge,
            iterations=iterations,
        )
        error = (rating - predicted(found.users, found.items, user, item)) ** 2
        return jnp.sqrt(jnp.mean(error, where=held))

    return jax.lax.map(one, ridges)
