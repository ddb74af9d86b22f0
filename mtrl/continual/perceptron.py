"""Learning rules of the binary perceptron: `bivcl`, and elastic weight consolidation, `ewc`.

| symbol | name | shape |
| --- | --- | --- |
| theta, theta_0 | `Fields.theta`, `anchor` | (dim,) |
| gamma | `gamma` | () |
| beta_f | `beta_f`, 1 in the paper's perceptron | () |
| lambda, F_i | `lam`, `information` | (), (dim,) |

Source: Li et al., Physical Review E 108, 014309 (2023), section II (rule), section IV (EWC as the quadratic part of the KL term).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from mtrl.continual.objective import FLOOR, data_gradient, data_loss, fisher, kl, kl_gradient, magnetisation
from mtrl.continual.problem import Examples
from mtrl.numerics.algorithm import Iteration
from mtrl.numerics.checks import check_nonnegative, check_positive, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import PRNGKey, Scalar


class Fields(NamedTuple):
    """State: the fields and the optimiser's own."""

    theta: Float[Array, " dim"]
    optimiser: Any


class Report(NamedTuple):
    """Before the step."""

    loss: Float[Array, ""]  # - sum_mu ln H(-u_mu) of the batch
    penalty: Float[Array, ""]  # KL to the anchor, or the quadratic of `ewc`, without its weight


def _descent(
    optimiser: optax.GradientTransformation,
    start: Float[Array, " dim"] | None,
    beta_f: Scalar,
    floor: float,
    penalty: Callable[[Any], Any],
    penalty_gradient: Callable[[Any], Any],
) -> Iteration:
    """Gradient steps on the data's sum plus a penalty, of which a mini-batch takes its share."""

    def init(key: PRNGKey, task: Examples) -> Fields:
        theta = jax.random.normal(key, task.x.shape[1:], task.x.dtype) if start is None else start
        return Fields(theta, optimiser.init(theta))

    def step(key: PRNGKey, state: Fields, task: Examples) -> tuple[Fields, Report]:
        theta = state.theta
        report = Report(data_loss(magnetisation(theta, beta_f), task, floor), penalty(theta))
        gradient = data_gradient(theta, task, beta_f, floor) + task.share * penalty_gradient(theta)
        with jax.numpy_dtype_promotion("standard"):
            updates, inner = optimiser.update(gradient, state.optimiser, theta)
            return Fields(optax.apply_updates(theta, updates).astype(theta.dtype), inner), report  # pyright: ignore

    return Iteration(init, step)


def check_anchor(name: str, weight: Scalar, anchor: Any) -> None:
    """Check that a penalty knows where it pulls.

    Raises:
      BadInput: its weight is above 0 and there is no anchor.
    """
    number = known(weight)
    if anchor is None and (number is None or (number > 0).any()):
        shown = "a traced value" if number is None else f"{float(number.max()):g}"
        raise BadInput(
            f"anchor got None, but with {name} = {shown} the fields theta0 of the task before are needed; give them, or zeros for the "
            f"entropy of a first task, or use {name} = 0"
        )


def bivcl(
    *,
    optimiser: optax.GradientTransformation,
    gamma: Scalar = 0.0,
    anchor: Float[Array, " dim"] | None = None,
    start: Float[Array, " dim"] | None = None,
    beta_f: Scalar = 1.0,
    floor: float = FLOOR,
) -> Iteration:
    """Descend `- sum_mu ln H(-u_mu) + gamma KL(q_theta || q_theta0)`; gamma = 0 is plain gradient descent.

    The theory's posterior of task 1 with its own KL term has `anchor=zeros`: that KL is minus the entropy of the weights up to a constant.

    Args:
      optimiser: of Optax; `optax.adamw` is the paper's Adam with decoupled weight decay, `optax.sgd(rate, momentum=0.9)` its momentum.
      gamma: weight of the KL term.
      anchor: fields after the task before.
      start: first fields; drawn from N(0, 1) when None.
      beta_f: inverse temperature of the fields.
      floor: least V.

    Raises:
      BadInput: gamma < 0, gamma > 0 without an anchor, beta_f <= 0.
    """
    check_nonnegative(gamma=gamma)
    check_positive(beta_f=beta_f, floor=floor)
    check_anchor("gamma", gamma, anchor)
    if anchor is None:
        return _descent(
            optimiser,
            start,
            beta_f,
            floor,
            lambda theta: jnp.zeros((), theta.dtype),
            lambda theta: jnp.zeros_like(theta),
        )
    return _descent(
        optimiser,
        start,
        beta_f,
        floor,
        lambda theta: kl(theta, anchor, beta_f),
        lambda theta: gamma * kl_gradient(theta, anchor, beta_f),
    )


def ewc(
    *,
    optimiser: optax.GradientTransformation,
    lam: Scalar,
    anchor: Float[Array, " dim"],
    information: Float[Array, " dim"] | None = None,
    start: Float[Array, " dim"] | None = None,
    beta_f: Scalar = 1.0,
    floor: float = FLOOR,
) -> Iteration:
    """Elastic weight consolidation (Kirkpatrick et al. 2017): `lam/2 sum_i F_i (theta_i - theta0_i)^2` instead of the KL term.

    Args:
      optimiser, anchor, start, beta_f, floor: as in `bivcl`.
      lam: weight of the penalty.
      information: F; the information of the fields, beta_f^2 (1 - m_0^2), when None, `squared_gradients` for that of the data.

    Raises:
      BadInput: lam < 0, beta_f <= 0.
    """
    check_nonnegative(lam=lam)
    check_positive(beta_f=beta_f, floor=floor)
    strength = fisher(magnetisation(anchor, beta_f), beta_f) if information is None else information
    return _descent(
        optimiser,
        start,
        beta_f,
        floor,
        lambda theta: jnp.sum(strength * (theta - anchor) ** 2) / 2,
        lambda theta: lam * strength * (theta - anchor),
    )


def squared_gradients(
    theta: Float[Array, " dim"], task: Examples, beta_f: Scalar = 1.0, floor: float = FLOOR
) -> Float[Array, " dim"]:
    """The mean over the examples that count of the squared gradient of one example's loss: the empirical information of a task."""

    def one(x, y):
        row = Examples(x[None], y[None], jnp.ones(1, bool), jnp.ones((), x.dtype))
        return data_gradient(theta, row, beta_f, floor) ** 2

    weight = task.mask.astype(theta.dtype)
    return (weight @ jax.vmap(one)(task.x, task.y)) / jnp.sum(weight)


def scaled_to(theta: Float[Array, " dim"], q_star: Scalar, *, halvings: int = 24) -> Float[Array, " dim"]:
    """The fields (beta_f = 1) whose magnetisations are a common factor times m = tanh(theta), cut at 1 - 1e-6, with mean m^2 = q*.

    Args:
      theta: fields, not all zero.
      q_star: in (0, 1), at most what the cut leaves.
      halvings: of the factor's logarithm between -8 and 8.
    """
    m, low, high = jnp.tanh(theta), *(jnp.full((), end, theta.dtype) for end in (-8.0, 8.0))

    def times(power):
        return jnp.clip(jnp.exp(power) * m, -1 + 1e-6, 1 - 1e-6)

    def halve(_, ends):
        low, high = ends
        middle = (low + high) / 2
        less = jnp.mean(times(middle) ** 2) < q_star
        return jnp.where(less, middle, low), jnp.where(less, high, middle)

    low, high = jax.lax.fori_loop(0, halvings, halve, (low, high))
    return jnp.arctanh(times((low + high) / 2))
