"""Continuous classes: maximum likelihood of POMDPs whose tasks share their transition law, by EM or by gradients.

Data are counts of trajectories, one table per task, or trajectories. The expected counts of the E-step are gradients: with ll the
log-likelihood, `T * d ll / d T` is the expected number of transitions and `E * d ll / d E` that of emissions (Baum and Eagon); the M-step
normalises them, after T's were added over the tasks that share. mu is known. A team of all is the joint class, teams of one the
separate classes, and a matrix of zeros keeps T where it is: the class with known T, and the downstream class with T as estimated upstream.

Both optimisers find a local maximum; latent states are found up to their names.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.mdp.psr.problem import POMDP, trajectory_log_likelihood, trajectory_table
from mtrl.numerics.checks import check_positive, check_shape, check_whole
from mtrl.numerics.optim.lbfgs import minimise
from mtrl.numerics.types import PRNGKey, Scalar

Counts = Float[Array, "task ..."]
Sharing = Float[Array, "..."]  # (task, task)


class Paths(NamedTuple):
    """Trajectories instead of counts, where the table is too large: K per task."""

    observations: Int[Array, "task episode step"]
    actions: Int[Array, "task episode choice"]


class Fit(NamedTuple):
    """A fitted model per task and its certificate."""

    model: POMDP  # leading task axis
    log_likelihood: Float[Array, " task"]
    history: Float[Array, " step"]  # of the sum over tasks, before every step
    converged: Bool[Array, ""]  # the last step raised the sum by less than the tolerance, relatively


def log_likelihood(model: POMDP, data: Counts | Paths) -> Float[Array, ""]:
    """Log-likelihood of one task's data (without task axis); 0 log 0 is 0, minus infinity where what was seen is impossible."""
    if isinstance(data, Paths):
        return jnp.sum(jax.vmap(lambda o, a: trajectory_log_likelihood(model, o, a))(data.observations, data.actions))
    table = trajectory_table(model, horizon=(data.ndim + 1) // 2)
    return jnp.sum(data * jnp.log(jnp.where(data > 0, table, 1)))


def _normalised(counts: Array, before: Array) -> Array:
    """Columns as laws; a column that was never expected stays as it was."""
    total = counts.sum(-2, keepdims=True)
    return jnp.where(total > 0, counts / jnp.where(total > 0, total, 1), before)


def em(
    data: Counts | Paths,
    start: POMDP,
    *,
    sharing: Sharing | None = None,
    emission_sharing: Sharing | None = None,
    radius: Scalar | None = None,
    steps: int = 60,
    tolerance: Scalar = 1e-8,
) -> Fit:
    """Expectation maximisation; never lowers the log-likelihood (without `radius`).

    Args:
      data: counts (task, O, A, .., O), or `Paths`.
      start: models with a leading task axis; tasks that share start from the same T.
      sharing: who adds transition counts of whom; None is one team of all. Identity: separate classes; zeros: T stays at the start.
      emission_sharing: the same for E; None is the identity, each task its own. All ones with one team of all is pooling.
      radius: keeps every column of T within this L1 distance of the start, by moving back along the segment: the similarity constraint
        of a downstream class. Not an exact M-step: the log-likelihood may fall.
      steps: of EM.
      tolerance: relative, for the certificate alone.

    Raises:
      BadInput: sharing that is no (task, task) matrix, a radius not above 0, fewer than one step.
    """
    check_whole(steps=steps)
    check_positive(tolerance=tolerance)
    tasks = start.initial.shape[0]
    dtype = start.transitions.dtype
    sharing = jnp.ones((tasks, tasks), dtype) if sharing is None else sharing
    emission_sharing = jnp.eye(tasks, dtype=dtype) if emission_sharing is None else emission_sharing
    check_shape("sharing", sharing, (tasks, tasks), hint="a row per task: whose transition counts it adds")
    check_shape(
        "emission_sharing", emission_sharing, (tasks, tasks), hint="a row per task: whose emission counts it adds"
    )
    if radius is not None:
        check_positive(radius=radius, hint="for T that stays at the start use a sharing of zeros")
    each = jax.vmap(jax.value_and_grad(log_likelihood))

    def step(model, _):
        value, gradient = each(model, data)
        moved = jnp.einsum("nm,mats->nats", sharing, model.transitions * gradient.transitions)
        shown = jnp.einsum("nm,mos->nos", emission_sharing, model.emissions * gradient.emissions)
        transitions = _normalised(moved, model.transitions)
        if radius is not None:
            change = transitions - start.transitions
            size = jnp.abs(change).sum(-2, keepdims=True)
            transitions = start.transitions + change * jnp.minimum(1, radius / jnp.where(size > 0, size, 1))
        return POMDP(model.initial, transitions, _normalised(shown, model.emissions)), value.sum()

    model, history = jax.lax.scan(step, start, None, length=steps)
    final = jax.vmap(log_likelihood)(model, data)
    gain = final.sum() - history[-1]
    return Fit(model, final, history, jnp.abs(gain) <= tolerance * jnp.abs(history[-1]))


class Logits(NamedTuple):
    """Columns as logits: no constraint is left."""

    transitions: Float[Array, "batch action next state"]  # batch 1 where tasks share
    emissions: Float[Array, "task observation state"]


def _model(initial: Float[Array, "task state"], logits: Logits) -> POMDP:
    transitions = jax.nn.softmax(logits.transitions, axis=-2)
    shape = (initial.shape[0], *transitions.shape[1:])
    return POMDP(initial, jnp.broadcast_to(transitions, shape), jax.nn.softmax(logits.emissions, axis=-2))


def gradient_mle(
    data: Counts | Paths, start: POMDP, *, shared: bool = True, iterations: int = 500, tolerance: Scalar = 1e-13
) -> Fit:
    """The same maximum by L-BFGS on softmax logits; `start` as in `em`, T of task 0 where tasks share.

    Entries that are 0 at the start stay 0, as under EM, so that an `unrolled` model keeps its stages apart.
    The objective is the log-likelihood per episode. One loop per call: under `vmap` all lanes wait for the slowest.
    """
    check_whole(iterations=iterations)
    first = start.transitions[:1] if shared else start.transitions
    episodes = data.observations.size if isinstance(data, Paths) else data.sum()

    laws = Logits(first, start.emissions)
    possible = jax.tree.map(lambda p: p > 0, laws)

    def model_of(logits):
        # Impossible entries have finite logits, which differences of points need, and leave the softmax here.
        kept = jax.tree.map(lambda x, there: jnp.where(there, x, -jnp.inf), logits, possible)
        return _model(start.initial, kept)

    def loss(logits):
        return -jnp.sum(jax.vmap(log_likelihood)(model_of(logits), data)) / episodes

    begin = jax.tree.map(lambda p, there: jnp.log(jnp.where(there, p, 1.0)), laws, possible)
    found = minimise(loss, begin, iterations=iterations, value_tolerance=tolerance, gradient_tolerance=1e-9)
    model = model_of(found.point)
    final = jax.vmap(log_likelihood)(model, data)
    return Fit(model, final, jnp.stack([-found.value * episodes]), found.converged)


def random_start(key: PRNGKey, like: POMDP) -> POMDP:
    """Uniformly random columns of the sizes of `like`, T common to the tasks, mu kept."""
    key_t, key_e = jax.random.split(key)
    tasks, actions, states, _ = like.transitions.shape
    dtype = like.transitions.dtype
    t = jax.random.dirichlet(key_t, jnp.ones(states, dtype), (actions, states))
    e = jax.random.dirichlet(key_e, jnp.ones(like.emissions.shape[-2], dtype), (tasks, states))
    t = jnp.broadcast_to(jnp.swapaxes(t, -1, -2), like.transitions.shape)
    return POMDP(like.initial, t, jnp.swapaxes(e, -1, -2))


def best_of(key: PRNGKey, fit: Callable[[POMDP], Fit], like: POMDP, *, restarts: int = 20) -> Fit:
    """The fit of largest likelihood from several random starts, which runs them in turn."""
    check_whole(restarts=restarts)
    fits: Any = jax.lax.map(lambda key: fit(random_start(key, like)), jax.random.split(key, restarts))
    top = jnp.argmax(jnp.nan_to_num(fits.log_likelihood.sum(1), nan=-jnp.inf))
    return jax.tree.map(lambda x: x[top], fits)
