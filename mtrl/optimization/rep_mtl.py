"""Rep-MTL: regularising the tasks' saliencies at the shared representation (Wang, Li and Xu, ICCV 2025, arXiv 2507.21049).

The total is `sum_t L_t + l_tsr TSR + l_csa CSA`; gradients flow through the saliencies, so the derivative is of second order.

Symbols: S_t = dL_t / dZ -> saliencies (task, sample, channel, row, column), shaped as Z for every task; TSR, entropy of the tasks'
shares of the channel-mean saliency (section 3.3); CSA, contrastive alignment of channel affinities M_t = S_t S_t^T with those of the
anchor, the spatial mean of all tasks' saliencies (section 3.4, equations 8 and 9); tau -> its temperature, which the paper does not
state. Vector representations take one row and one column. Reconstructed: the anchor stacks the tasks, and the loss is averaged over them.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_nonnegative, check_positive
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import Scalar

GRID = (0.7, 0.9, 1.1, 1.3, 1.5)  # from which the paper takes both lambdas


class Terms(NamedTuple):
    """What a step of Rep-MTL is made of."""

    losses: Float[Array, " task"]
    tsr: Float[Array, ""]  # in [0, log T]
    csa: Float[Array, ""]


def task_saliencies(decode: Callable[[Any], Any], representation: Float[Array, "*shape"]) -> tuple[Any, Any]:
    """(losses (task,), saliencies (task, *shape)) of `decode: Z -> losses`, differentiable once more."""
    losses, pull = jax.vjp(decode, representation)
    return losses, jax.vmap(lambda row: pull(row)[0])(jnp.eye(losses.shape[0], dtype=losses.dtype))


def as_maps(saliencies: Float[Array, "task sample *shape"]) -> Float[Array, "task sample channel row column"]:
    """Saliencies of vectors as maps of one pixel; maps as they are.

    Raises:
      BadInput: neither (task, sample, channel) nor (task, sample, channel, row, column).
    """
    if saliencies.ndim == 3:
        return saliencies[..., None, None]
    if saliencies.ndim != 5:
        raise BadInput(
            f"saliencies have {saliencies.ndim} axes, but must be (task, sample, channel) or with (row, column) after it; "
            "flatten the representation"
        )
    return saliencies


def shares(saliencies: Float[Array, "task sample *shape"]) -> Float[Array, "task sample row column"]:
    """P_t, the tasks' shares of the absolute channel-mean saliency; uniform where none is salient."""
    size = jnp.abs(jnp.mean(as_maps(saliencies), axis=2))
    total = jnp.sum(size, axis=0)
    return jnp.where(total > 0, size / jnp.where(total > 0, total, 1.0), 1 / size.shape[0])


def tsr(saliencies: Float[Array, "task sample *shape"]) -> Float[Array, ""]:
    """Task-specific saliency regularisation: mean entropy of the shares, log T where all tasks are equally salient, 0 where one is."""
    share = shares(saliencies)
    inside = share > 0
    return jnp.mean(-jnp.sum(jnp.where(inside, share * jnp.log(jnp.where(inside, share, 1.0)), 0.0), axis=0))


def csa(saliencies: Float[Array, "task sample *shape"], *, tau: Scalar = 0.5) -> Float[Array, ""]:
    """Cross-task saliency alignment: every task's channel affinity goes to its sample's anchor, anchors of different samples part.

    Raises:
      BadInput: a batch of one sample (no negatives), or a temperature that is not positive.
    """
    maps = as_maps(saliencies)
    check_positive(tau=tau, hint="0.1 to 1 are usual")
    if maps.shape[1] < 2:
        raise BadInput(
            "the batch got 1 sample, but Rep-MTL contrasts samples and needs at least 2; raise the batch size"
        )
    flat = maps.reshape(*maps.shape[:3], -1)  # (task, sample, channel, position)
    affinity = jnp.einsum("tbcp,tbdp->tbcd", flat, flat)
    anchor = jnp.mean(flat, axis=-1)  # (task, sample, channel)
    target = jnp.einsum("tbc,tbd->bcd", anchor, anchor)
    z, za = _unit(affinity.reshape(*affinity.shape[:2], -1)), _unit(target.reshape(target.shape[0], -1))
    heat = jnp.asarray(tau, z.dtype)
    match = jnp.einsum("bk,tbk->tb", za, z) / heat
    others = jnp.where(jnp.eye(za.shape[0], dtype=bool), -jnp.inf, za @ za.T / heat)
    return jnp.mean(jax.nn.logsumexp(others, axis=-1) - match)


def _unit(rows: Float[Array, "*batch dim"]) -> Float[Array, "*batch dim"]:
    """Rows of length 1, scaled by their largest entry first; zero rows stay, with a zero derivative."""
    largest = jnp.max(jnp.abs(rows), axis=-1, keepdims=True)
    rows = rows / jax.lax.stop_gradient(jnp.where(largest > 0, largest, 1.0))
    square = jnp.sum(rows**2, axis=-1, keepdims=True)
    return rows / jnp.sqrt(jnp.where(square > 0, square, 1.0))


def regularised(
    decode: Callable[[Any], Any],
    representation: Float[Array, "sample *shape"],
    *,
    lambda_tsr: Scalar = 0.9,
    lambda_csa: Scalar = 0.9,
    tau: Scalar = 0.5,
) -> tuple[Float[Array, ""], Terms]:
    """`sum_t L_t + l_tsr TSR + l_csa CSA` of one batch; differentiate it with respect to whatever `representation` and `decode` hold.

    Raises:
      BadInput: see `csa`; a weight below 0.
    """
    check_nonnegative(lambda_tsr=lambda_tsr, lambda_csa=lambda_csa)
    losses, salient = task_saliencies(decode, representation)
    terms = Terms(losses, tsr(salient), csa(salient, tau=tau))
    own, aligned = jnp.asarray(lambda_tsr, losses.dtype), jnp.asarray(lambda_csa, losses.dtype)
    return jnp.sum(losses) + own * terms.tsr + aligned * terms.csa, terms
