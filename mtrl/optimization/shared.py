"""Training of a shared part and one head a task with any aggregator: how the per-task gradients come about, and one update.

A *rule* turns the loss vector of a batch into a direction: `Rule(init, update)` with
`update(key, state, split, weights) -> (direction, state, report)`.
The shared part moves along the aggregate of the tasks' gradients, every head along its own task's gradient.

- `plain`: the Jacobian of the losses with respect to the shared weights, aggregated.
- `upper_bound`: the "-UB" form, in which the gradients at the shared representation are aggregated and one vector goes back through the
  encoder (Sener and Koltun, NeurIPS 2018; Aligned-MTL-UB in Senushkin et al., CVPR 2023).
- `saliency_rule`: Rep-MTL, equal weights with the saliency terms. FS-MTL has its own file.

An aggregator is an `optax.GradientTransformationExtraArgs` whose updates have a leading task axis and lose it (`mtrl.descent`).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from mtrl.numerics.algorithm import Iteration
from mtrl.numerics.checks import check_nonnegative, check_positive
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import PRNGKey, Scalar
from mtrl.optimization import rep_mtl


class Weights(NamedTuple):
    """Parameters of a multi-task model."""

    shared: Any  # theta_sh
    heads: Any  # theta_ns, a sequence with one pytree a task; loss t depends on heads[t] only


class Split(NamedTuple):
    """A batch's losses in two parts, `losses = decode(heads, encode(shared))`."""

    encode: Callable[[Any], Any] | None  # shared -> Z (sample, ...)
    decode: Callable[[Any, Any], Any]  # (heads, Z) -> losses (task,)

    def losses(self, shared: Any, heads: Any) -> Any:
        """The loss vector."""
        return self.decode(heads, _encoder(self)(shared))


class Report(NamedTuple):
    """What a rule says of its step."""

    losses: Float[Array, " task"]
    cosine: Float[Array, ""]  # smallest cosine of two tasks' shared gradients
    conflicts: Float[Array, ""]  # share of the pairs whose cosine is negative


class Rule(NamedTuple):
    """How a direction is made."""

    init: Callable[[Weights], Any]
    update: Callable[..., tuple[Weights, Any, Report]]


class Learner(NamedTuple):
    """State of a training."""

    weights: Weights
    rule: Any
    memory: Any  # of the optimiser


def _encoder(split: Split) -> Callable[[Any], Any]:
    if split.encode is None:
        raise BadInput(
            "encode got None, but this rule needs the model as encoder and decoder; give Split(encode, decode)"
        )
    return split.encode


def per_task(fn: Callable[[Any], Any], at: Any) -> tuple[Any, Any]:
    """(losses (task,), their Jacobian: leaves of `at` with a leading task axis) by one backward pass a task."""
    losses, pull = jax.vjp(fn, at)
    return losses, jax.vmap(lambda row: pull(row)[0])(jnp.eye(losses.shape[0], dtype=losses.dtype))


def gramian(rows: Any) -> Float[Array, "task task"]:
    """Inner products of the tasks' gradients, leaf by leaf."""
    first, *more = [jnp.einsum("i...,j...->ij", leaf, leaf) for leaf in jax.tree.leaves(rows)]
    return sum(more, first)


def agreement(losses: Any, rows: Any) -> Report:
    """Smallest cosine and share of conflicting pairs; pairs with a vanishing gradient have cosine 0."""
    products = gramian(rows)
    norms = jnp.sqrt(jnp.maximum(jnp.diagonal(products), 0.0))
    size = norms[:, None] * norms[None, :]
    cosine = jnp.where(size > 0, products / jnp.where(size > 0, size, 1.0), 0.0)
    upper = jnp.triu(jnp.ones(cosine.shape, bool), 1)
    pairs = jnp.asarray(max(1, losses.shape[0] * (losses.shape[0] - 1) // 2), losses.dtype)
    return Report(
        losses,
        jnp.min(jnp.where(upper, cosine, 1.0)),
        jnp.sum((upper & (cosine < 0)).astype(losses.dtype)) / pairs,
    )


def head_gradients(split: Split, representation: Any, heads: Any) -> Any:
    """Every head's gradient of its own task: of the plain sum, as no head enters another task's loss."""
    return jax.grad(lambda heads: jnp.sum(split.decode(heads, representation)))(heads)


def both_gradients(split: Split, weights: Weights) -> tuple[Any, Any, Any]:
    """(losses, shared rows with a leading task axis, every head's gradient of its own task) by one forward pass."""
    losses, rows = per_task(lambda w: split.losses(w.shared, w.heads), weights)
    return losses, rows.shared, jax.tree.map(lambda leaf: jnp.sum(leaf, axis=0), rows.heads)


def plain(aggregator: optax.GradientTransformationExtraArgs) -> Rule:
    """Aggregate the gradients with respect to the shared weights."""

    def update(key, state, split, weights, **extra):
        losses, rows, own = both_gradients(split, weights)
        shared, state = aggregator.update(rows, state, weights.shared, losses=losses, key=key, **extra)
        return Weights(shared, own), state, agreement(losses, rows)

    return Rule(lambda weights: aggregator.init(weights.shared), update)


def alone(task: int) -> optax.GradientTransformationExtraArgs:
    """An aggregator that follows one task: the single-task baseline of a comparison."""

    def update(updates, state, params=None, **extra):
        return jax.tree.map(lambda leaf: leaf[task], updates), state

    return optax.GradientTransformationExtraArgs(lambda params: optax.EmptyState(), update)


def upper_bound(aggregator: optax.GradientTransformationExtraArgs) -> Rule:
    """Aggregate the gradients with respect to the representation, and send the one vector back ("-UB").

    Raises (at the first update):
      BadInput: the split has no encoder.
    """

    def update(key, state, split, weights, **extra):
        representation, back = jax.vjp(_encoder(split), weights.shared)
        losses, rows = per_task(lambda z: split.decode(weights.heads, z), representation)
        vector, state = aggregator.update(rows, state, representation, losses=losses, key=key, **extra)
        own = head_gradients(split, representation, weights.heads)
        return Weights(back(vector)[0], own), state, agreement(losses, rows)

    return Rule(lambda weights: aggregator.init(weights.shared), update)


def saliency_rule(*, lambda_tsr: Scalar = 0.9, lambda_csa: Scalar = 0.9, tau: Scalar = 0.5) -> Rule:
    """Rep-MTL as a rule: the gradient of the regularised equal-weight sum with respect to everything.

    Raises:
      BadInput: a weight below 0, tau not above 0; at the first update, a batch of one sample or a split without encoder.
    """
    check_nonnegative(lambda_tsr=lambda_tsr, lambda_csa=lambda_csa)
    check_positive(tau=tau, hint="0.1 to 1 are usual")

    def update(key, state, split, weights, **extra):
        def total(weights):
            return rep_mtl.regularised(
                lambda z: split.decode(weights.heads, z), _encoder(split)(weights.shared),
                lambda_tsr=lambda_tsr, lambda_csa=lambda_csa, tau=tau,
            )  # fmt: skip

        (_, terms), direction = jax.value_and_grad(total, has_aux=True)(weights)
        _, rows = per_task(lambda shared: split.losses(shared, weights.heads), weights.shared)
        return direction, state, agreement(terms.losses, rows)

    return Rule(lambda weights: (), update)


def train(
    rule: Rule,
    *,
    optimiser: optax.GradientTransformation,
    initial: Callable[[Any], Weights],
    split: Callable[..., Split],
) -> Iteration:
    """Training as an iteration: `init(key, data)` draws the weights, `step(key, state, batch)` makes one update.

    Args:
      rule: one of the above.
      optimiser: Optax, of shared part and heads alike.
      initial: key -> weights.
      split: batch -> `Split`.
    """

    def init(key, data):
        weights = initial(key)
        return Learner(weights, rule.init(weights), optimiser.init(weights))

    def step(key, state, batch):
        direction, memory, report = rule.update(key, state.rule, split(batch), state.weights)
        change, after = optimiser.update(direction, state.memory, state.weights)
        weights: Any = optax.apply_updates(state.weights, change)
        return Learner(weights, memory, after), report

    return Iteration(init, step)


def fit(
    learner: Iteration, data: Any, rows: Int[Array, "step batch"], *, init: PRNGKey, luck: PRNGKey
) -> tuple[Learner, Report]:
    """Train on given rows of the data, one batch an update.

    Args:
      learner: of `train`.
      data: PyTree whose leaves have the samples first.
      rows: of every batch.
      init: draws the weights.
      luck: for rules that draw.

    Returns:
      (last state, reports with the steps first).
    """

    def step(state, at):
        return learner.step(at[0], state, jax.tree.map(lambda x: x[at[1]], data))

    return jax.lax.scan(step, learner.init(init, None), (jax.random.split(luck, rows.shape[0]), rows))
