"""Training of deep networks under annealed gradient noise and its controls, with reports at checkpoints."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int

from mtrl import nn
from mtrl.descent.noise import GAMMA, clipped_noise, noisy_weights
from mtrl.dynamics.gradient_noise import network
from mtrl.dynamics.gradient_noise.problem import Clusters
from mtrl.numerics.checks import check_choice, check_nonnegative, check_positive, check_whole, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar

OPTIMISERS = ("sgd", "adam")


class Setting(NamedTuple):
    """What may differ between the lanes of one program; every number may be traced.

    | symbol | name | unit |
    | --- | --- | --- |
    | eta | eta | variance of the first update's noise |
    | gamma | gamma | its decay; 0 for fixed noise |
    | lr | lr | |
    | clip | clip | norm of the gradient; infinite for none |
    | | momentum | 0 for plain gradient descent; Adam has its own |
    | | spreads | standard deviations of the initial weights: first, hidden, output |
    | | weight_noise | standard deviation of the noise on weights at which gradients are taken |
    | | drop | share of hidden units dropped |
    """

    spreads: Any
    eta: Any = 0.0
    gamma: Any = GAMMA
    lr: Any = 0.1
    clip: Any = jnp.inf
    weight_noise: Any = 0.0
    drop: Any = 0.0
    momentum: Any = 0.0


class Report(NamedTuple):
    """What is seen at every checkpoint, the start included."""

    accuracy: Float[Array, "checkpoint task"]  # on test rows
    gain: Float[Array, "checkpoint deep"]
    std: Float[Array, "checkpoint deep"]  # of hidden weights
    loss: Float[Array, " checkpoint"]  # on the first train rows
    finite: Bool[Array, " checkpoint"]  # certificate: losses and weights were finite until here


def setting(
    spreads: Any,
    *,
    lr: Scalar = 0.1,
    drop: Scalar = 0.0,
    weight_noise: Scalar = 0.0,
    momentum: Scalar = 0.0,
    **more: Any,
) -> Setting:
    """A checked `Setting`.

    Raises:
      BadInput: lr is not above 0; a share of dropped units outside [0, 1) or together with zero weights; see `annealed_noise` too.
    """
    check_positive(lr=lr)
    check_nonnegative(weight_noise=weight_noise, drop=drop, momentum=momentum)
    dropped, sizes = known(drop), known(spreads)
    if dropped is not None and (dropped >= 1).any():
        raise BadInput(f"drop got {float(dropped.max()):g}, but must be below 1; at 1 nothing is left of a layer")
    if dropped is not None and sizes is not None and (dropped > 0).any() and not sizes.any():
        raise BadInput(
            f"drop got {float(dropped.max()):g} with zero weights, but then every unit is 0 and dropping does nothing; take drop = 0"
        )
    found = Setting(spreads, lr=lr, drop=drop, weight_noise=weight_noise, momentum=momentum, **more)
    clipped_noise(jax.random.key(0), eta=found.eta, gamma=found.gamma, clip=found.clip)  # checks
    return found


def rule(key: PRNGKey, given: Setting, *, optimiser: str = "sgd", dtype: Any = jnp.float32) -> Any:
    """Clipping, noise, then gradient descent with momentum, or Adam; both see the noisy gradient.

    Raises:
      BadInput: an unknown optimiser.
    """
    check_choice("optimiser", optimiser, OPTIMISERS)
    lr = jnp.asarray(given.lr, dtype)
    last = nn.adam(lr) if optimiser == "adam" else optax.sgd(lr, momentum=jnp.asarray(given.momentum, dtype))
    return optax.chain(clipped_noise(key, eta=given.eta, gamma=given.gamma, clip=given.clip), last)


def train(
    key: PRNGKey,
    data: Clusters,
    given: Setting,
    *,
    width: int,
    layers: int,
    classes: int,
    batch: int,
    every: int,
    checkpoints: int,
    optimiser: str = "sgd",
    controls: bool = False,
    probes: int = 500,
) -> Report:
    """Train one network from its initial weights.

    Args:
      key: PRNG key; settings that share it share initial draws, batches and noise draws.
      data: rows of every task.
      given: what is traced.
      width, layers, classes: sizes of the network.
      batch: rows of every task in an update.
      every: updates between checkpoints.
      checkpoints: their number, beside the start.
      optimiser: "sgd" or "adam".
      controls: whether weight noise and dropout are drawn; without, both must be 0.
      probes: rows of every task on which the loss (train) and the gains (test) are measured, at most all.

    Raises:
      BadInput: a size below 1, an unknown optimiser.
    """
    check_whole(batch=batch, every=every, checkpoints=checkpoints, hint="an empty batch has no gradient")
    keys = split_named(key, "weights", "noise", "batches", "gains")
    x, label = data.train
    tasks, rows, dim = x.shape
    sizes: dict[str, Any] = dict(dim=dim, width=width, layers=layers, classes=classes, tasks=tasks, dtype=x.dtype)
    weights = network.initial(keys["weights"], given.spreads, **sizes)
    descent = rule(keys["noise"], given, optimiser=optimiser, dtype=x.dtype)

    def batch_loss(weights, drawn):
        chosen, luck = drawn
        here = jnp.take_along_axis(x, chosen[..., None], axis=1), jnp.take_along_axis(label, chosen, axis=1)
        if not controls:
            return network.loss(weights, *here)
        own = split_named(luck, "weights", "drop")
        weights = noisy_weights(own["weights"], weights, sigma=given.weight_noise)
        return network.loss(weights, *here, key=own["drop"], drop=given.drop)

    change = jax.random.normal(keys["gains"], (tasks, probes, width), x.dtype)

    def chunk(carry, number):
        state, finite = carry
        now = state.params
        report = Report(
            network.accuracy(now, *data.test),
            network.gains(now, data.test.x[:, :probes], change),
            network.weight_stds(now),
            network.loss(now, *(part[:, :probes] for part in data.train)),
            finite,
        )
        own = split_named(jax.random.fold_in(keys["batches"], number), "rows", "luck")
        drawn = jax.random.randint(own["rows"], (every, tasks, batch), 0, rows)
        luck = jax.random.split(own["luck"], every) if controls else None
        state, updates = nn.descend(state, (drawn, luck), loss=batch_loss, optimiser=descent)
        finite &= jnp.isfinite(updates.loss).all() & jnp.isfinite(optax.tree.norm(state.params))
        return (state, finite), report

    # Reports come before their updates, those after the last report are for nothing: one copy of both in the program.
    begin = nn.start(weights, descent), jnp.asarray(True)
    return jax.lax.scan(chunk, begin, jnp.arange(checkpoints + 1))[1]


def escape(accuracy: Float[Array, "*lanes checkpoint"], *, every: int, classes: int) -> Float[Array, "*lanes"]:
    """First checkpoint, in updates, with at least twice the accuracy of chance; infinite if there is none."""
    out = accuracy >= 2 / classes
    first = jnp.argmax(out, axis=-1).astype(float) * every
    return jnp.where(out.any(-1), first, jnp.inf)


def check_trained(report: Report, given: Setting, *, every: int, layers: int) -> None:
    """Check that a training stayed finite.

    Raises:
      BadInput: it did not; step, eta, lr and depth are named.
    """
    finite: Int[Array, " checkpoint"] | Any = known(report.finite)
    if finite is not None and not finite.all():
        step = int(finite.argmin()) * every
        raise BadInput(
            f"the loss is not finite at step {step} with eta {float(given.eta):g}, lr {float(given.lr):g} and {layers} layers; "
            "lower lr or eta, or clip"
        )
