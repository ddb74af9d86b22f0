"""Deep binary networks by the Gaussian-field rule: every pre-activation is a Gaussian with the weights' mean and variance.

| symbol | name | shape |
| --- | --- | --- |
| Theta^l, M^l = tanh(beta_f Theta^l) | `fields`, one array a layer | (unit, input) |
| z = M a / sqrt(n) + eps sqrt((1 - M^2) a^2 / n + 1e-30) | in `field_forward`, one eps per unit and example | (sample, unit) |
| beta_f | `temperature(step)`; `permuted_temperature`, `sequential_temperature` are the paper's | () |
| reference of the KL term | `Penalty`: the last update's fields (the practical rule) or the last task's (the theoretical one) | |

ReLU between the layers, softmax at the end, no bias; the loss is the SUM of the cross-entropy over a batch. The gradient of the KL term is
`beta_f^2 (1 - M^2) (Theta - reference)`.

Source: Li et al., Physical Review E 108, 014309 (2023), section V and appendix D.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from mtrl.continual.objective import fisher, magnetisation
from mtrl.continual.perceptron import check_anchor
from mtrl.continual.problem import sign
from mtrl.numerics.algorithm import Iteration
from mtrl.numerics.checks import check_choice, check_nonnegative, check_whole
from mtrl.numerics.types import PRNGKey, Scalar

TINY = 1e-30  # inside the root: the gradient at variance 0 is finite


class Batch(NamedTuple):
    """Images and classes."""

    x: Float[Array, "sample dim"]
    label: Int[Array, " sample"]


class Network(NamedTuple):
    """State of a rule."""

    fields: list[Float[Array, "_ _"]]
    previous: list[Float[Array, "_ _"]]  # before the last update
    optimiser: Any
    step: Int[Array, ""]


class Penalty(NamedTuple):
    """Report of a step."""

    loss: Float[Array, ""]  # cross-entropy of the batch, summed
    penalty: Float[Array, ""]  # norm of what the penalty adds to the gradient


def permuted_temperature(epoch: Scalar, epochs: Scalar) -> Float[Array, ""]:
    """beta_f = 10 tanh(0.1 + 2 e / E), e = 1..E."""
    return 10 * jnp.tanh(0.1 + 2 * jnp.asarray(epoch, jnp.result_type(float)) / epochs)


def sequential_temperature(epoch: Scalar, epochs: Scalar) -> Float[Array, ""]:
    """beta_f = 10 tanh(0.1 + (e + 1) / E)."""
    return 10 * jnp.tanh(0.1 + (jnp.asarray(epoch, jnp.result_type(float)) + 1) / epochs)


def draw_fields(key: PRNGKey, widths: Sequence[int], dtype: Any) -> list[Float[Array, "_ _"]]:
    """Theta ~ N(0, 1) for the widths (inputs, hidden, ..., classes).

    Raises:
      BadInput: a width below 1.
    """
    check_whole(widths=widths)
    pairs = list(zip(widths[:-1], widths[1:], strict=True))
    return [jax.random.normal(jax.random.fold_in(key, i), (n, d), dtype) for i, (d, n) in enumerate(pairs)]


def field_forward(
    key: PRNGKey, fields: Sequence[Float[Array, "_ _"]], x: Float[Array, "sample dim"], beta_f: Scalar
) -> Float[Array, "sample classes"]:
    """Scores by local reparametrisation."""
    a = x
    for i, theta in enumerate(fields):
        m, n = magnetisation(theta, beta_f), theta.shape[1]
        mean = a @ m.T / n**0.5
        spread = jnp.sqrt((a**2) @ (1 - m**2).T / n + TINY)
        z = mean + jax.random.normal(jax.random.fold_in(key, i), mean.shape, mean.dtype) * spread
        a = jnp.maximum(z, 0.0) if i < len(fields) - 1 else z
    return a


def binary_forward(
    weights: Sequence[Float[Array, "_ _"]], x: Float[Array, "sample dim"]
) -> Float[Array, "sample classes"]:
    """Scores of given weights, for instance `sampled_weights`."""
    a = x
    for i, w in enumerate(weights):
        z = a @ w.T / w.shape[1] ** 0.5
        a = jnp.maximum(z, 0.0) if i < len(weights) - 1 else z
    return a


def sampled_weights(key: PRNGKey, fields: Sequence[Float[Array, "_ _"]], beta_f: Scalar) -> list[Float[Array, "_ _"]]:
    """Weights +-1 from the posterior: P(w = 1) = (1 + m) / 2."""
    return [
        sign(magnetisation(t, beta_f) - jax.random.uniform(jax.random.fold_in(key, i), t.shape, t.dtype, -1.0, 1.0))
        for i, t in enumerate(fields)
    ]


def cross_entropy(scores: Float[Array, "sample classes"], label: Int[Array, " sample"]) -> Float[Array, ""]:
    """Summed over the examples."""
    chosen = jnp.take_along_axis(jax.nn.log_softmax(scores), label[:, None], axis=1)
    return -jnp.sum(chosen)


def accuracy(scores: Float[Array, "sample classes"], label: Int[Array, " sample"]) -> Float[Array, ""]:
    """Share of right classes; NaN scores have none."""
    hit = (jnp.argmax(scores, -1) == label) & jnp.isfinite(jnp.sum(scores, -1))
    return jnp.mean(hit.astype(scores.dtype))


def pulled(
    *,
    widths: Sequence[int],
    optimiser: optax.GradientTransformation,
    temperature: Callable[[Any], Any],
    pull: Callable[[Network, Any], Any],
    start: Any = None,
) -> Iteration:
    """Gradient steps on the noisy cross-entropy plus a pull, of which the rules below are cases.

    Args:
      widths, optimiser, temperature, start: as in `gaussian_field`.
      pull: (state, beta_f) -> what is added to the gradient, one array a layer.

    Raises:
      BadInput: a width below 1.
    """
    check_whole(widths=tuple(widths))

    def init(key: PRNGKey, batch: Batch) -> Network:
        fields = draw_fields(key, widths, batch.x.dtype) if start is None else list(start)
        return Network(fields, fields, optimiser.init(fields), jnp.asarray(0))  # pyright: ignore[reportArgumentType]

    def step(key: PRNGKey, state: Network, batch: Batch) -> tuple[Network, Penalty]:
        beta_f = jnp.asarray(temperature(state.step), batch.x.dtype)

        def loss(fields):
            return cross_entropy(field_forward(key, fields, batch.x, beta_f), batch.label)

        value, gradient = jax.value_and_grad(loss)(state.fields)
        added = pull(state, beta_f)
        size = jnp.sqrt(sum((jnp.sum(g**2) for g in added), jnp.zeros((), batch.x.dtype)))
        total = [g + a for g, a in zip(gradient, added, strict=True)]
        with jax.numpy_dtype_promotion("standard"):
            updates, inner = optimiser.update(total, state.optimiser, state.fields)  # pyright: ignore
            fields = [(t + u).astype(t.dtype) for t, u in zip(state.fields, updates, strict=True)]  # pyright: ignore
        return Network(fields, state.fields, inner, state.step + 1), Penalty(value, size)

    return Iteration(init, step)


def gaussian_field(
    *,
    widths: Sequence[int],
    optimiser: optax.GradientTransformation,
    temperature: Callable[[Any], Any],
    gamma: Scalar = 1.0,
    kl_reference: str = "step",
    anchor: Any = None,
    start: Any = None,
) -> Iteration:
    """BiVCL for deep networks; gamma = 0 is plain descent.

    Args:
      widths: (inputs, hidden, ..., classes).
      optimiser: of Optax; the paper's is `optax.adam(rate, 0.9, 0.99)`.
      temperature: number of the update -> beta_f.
      gamma: weight of the KL term's gradient.
      kl_reference: "step", the posterior at the update before (the practical rule), or "task", that at the end of the task before.
      anchor: fields at the end of the task before, one array a layer.
      start: first fields; drawn from N(0, 1) when None.

    Raises:
      BadInput: gamma < 0, an unknown reference, a width below 1, or no anchor for the reference "task" with gamma > 0.
    """
    check_nonnegative(gamma=gamma)
    check_choice("kl_reference", kl_reference, ("step", "task"))
    if kl_reference == "task":
        check_anchor("gamma", gamma, anchor)

    def pull(state, beta_f):
        reference = state.previous if kl_reference == "step" else state.fields if anchor is None else anchor
        return [
            gamma * fisher(magnetisation(t, beta_f), beta_f) * (t - b)
            for t, b in zip(state.fields, reference, strict=True)
        ]

    return pulled(widths=widths, optimiser=optimiser, temperature=temperature, pull=pull, start=start)


def gaussian_field_ewc(
    *,
    widths: Sequence[int],
    optimiser: optax.GradientTransformation,
    temperature: Callable[[Any], Any],
    lam: Scalar,
    anchor: Any,
    information: Any,
    start: Any = None,
) -> Iteration:
    """Elastic weight consolidation on the fields: `lam/2 sum F (Theta - anchor)^2`.

    Args:
      widths, optimiser, temperature, start: as in `gaussian_field`.
      lam: weight.
      anchor: fields at the end of the task before.
      information: F of every field, `squared_gradients` at the end of the task before.

    Raises:
      BadInput: lam < 0, or a width below 1.
    """
    check_nonnegative(lam=lam)

    def pull(state, beta_f):
        return [lam * f * (t - b) for t, b, f in zip(state.fields, anchor, information, strict=True)]

    return pulled(widths=widths, optimiser=optimiser, temperature=temperature, pull=pull, start=start)


def squared_gradients(
    key: PRNGKey, fields: Sequence[Float[Array, "_ _"]], batch: Batch, beta_f: Scalar
) -> list[Float[Array, "_ _"]]:
    """Mean over the examples of the squared gradient of one example's cross-entropy."""

    def one(key, x, label):
        def loss(fields):
            return cross_entropy(field_forward(key, fields, x[None], beta_f), label[None])

        return jax.tree.map(lambda g: g**2, jax.grad(loss)(list(fields)))

    def add(total, item):
        return jax.tree.map(jnp.add, total, one(*item)), None

    count = batch.x.shape[0]
    zeros = jax.tree.map(jnp.zeros_like, list(fields))
    total, _ = jax.lax.scan(add, zeros, (jax.random.split(key, count), batch.x, batch.label))
    return jax.tree.map(lambda t: t / count, total)
