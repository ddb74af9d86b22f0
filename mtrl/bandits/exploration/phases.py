"""The loop over the phases t = 1, 2, ... of DouExpDes (Du, Huang and Sun 2023, arXiv 2302.04441, Algorithm 1) and of RAGE on every task.

A phase recovers features, eliminates in them (`eliminate`), and ends when every task has one arm left.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mtrl.bandits.exploration.eliminate import Rules, countable, estimate, plan_phase, survivors
from mtrl.bandits.exploration.sampler import ArmSampler
from mtrl.numerics.checks import check_whole
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import PRNGKey


class Identification(NamedTuple):
    """The arms that are left, and what they cost."""

    # The survivor; the best estimate of those left where it is not alone; 0 for tasks that are not there.
    best: Int[Array, " task"]
    separated: Bool[Array, " task"]  # whether one arm is left
    active: Bool[Array, "task arm"]
    pulls: Int[Array, ""]  # of all tasks, both stages
    feature_pulls: Int[Array, " phase"]  # of all tasks
    elimination_pulls: Int[Array, " phase"]  # of all tasks
    task_pulls: Int[Array, " task"]  # of the second stage
    remaining: Int[Array, " phase"]  # tasks that still had a choice before the phase
    phases: Int[Array, ""]
    estimates: Float[Array, "task arm"]  # x^T theta_hat when the task last chose
    basis: Float[Array, "dim rank"]  # the last B_hat
    gap: Float[Array, ""]  # largest relative gap of a design that was used


class _State(NamedTuple):
    phase: Array
    active: Array
    values: Array
    basis: Array
    store: Any
    counts: Array
    sums: Array
    feature_pulls: Array
    elimination_pulls: Array
    task_pulls: Array
    remaining: Array
    gap: Array


def run_phases(
    key: PRNGKey,
    sampler: ArmSampler,
    recover: Callable[..., tuple[Array, Array, Any]],
    basis: Float[Array, "dim rank"],
    store: Any,
    *,
    phases: int,
    rules: Rules,
) -> Identification:
    """Phases t = 1, 2, ... until every task has one arm left, or `phases` are over.

    Args:
      key: PRNG key; a phase has its own.
      sampler: what may be pulled.
      recover: `(key, t, store) -> (B_hat, pulls of all tasks, store)`, the first stage.
      basis: of the features before the first phase (its shape is what matters).
      store: what `recover` keeps between phases.
      phases: most phases; two arms that are equally good are never separated.
      rules: the second stage.
    """
    check_whole(phases=phases)
    shape, dtype = (sampler.present.shape[0], sampler.arms.shape[0]), sampler.arms.dtype
    most = countable(shape[0] * phases)
    if shape[1] < 2:
        raise BadInput(f"arms got {shape[1]}, but a best arm is sought among at least 2; add arms")

    def phase(state):
        t = state.phase + 1
        keys = {
            name: jax.random.fold_in(jax.random.fold_in(key, t), i) for i, name in enumerate(("features", "rewards"))
        }
        basis, feature_pulls, store = recover(keys["features"], t, state.store)
        features = sampler.arms @ basis
        plan = plan_phase(sampler, features, state.active, t, rules, most)
        counts = jnp.maximum(plan.counts - state.counts, 0) if rules.reuse else plan.counts
        sums = sampler.sums(keys["rewards"], counts)
        gathered = (state.counts + counts, state.sums + sums) if rules.reuse else (counts, sums)
        values = estimate(features, *gathered)
        choosing = jnp.sum(state.active, axis=1) > 1
        kept = survivors(values, state.active, t, plan.uncertainty, sampler.noise, rules)
        pulls = jnp.sum(counts, axis=1)
        return _State(
            t,
            jnp.where(choosing[:, None], kept, state.active),
            jnp.where(choosing[:, None], values, state.values),
            basis,
            store,
            *gathered,
            state.feature_pulls.at[t - 1].set(feature_pulls),
            state.elimination_pulls.at[t - 1].set(jnp.sum(pulls)),
            state.task_pulls + pulls,
            state.remaining.at[t - 1].set(jnp.sum(choosing)),
            jnp.maximum(state.gap, plan.gap),
        )

    none = jnp.zeros(phases, int)
    everything = sampler.present[:, None] | (jnp.arange(shape[1]) == 0)  # of a task that is not there, one arm is left
    state = jax.lax.while_loop(
        lambda state: (state.phase < phases) & jnp.any(jnp.sum(state.active, axis=1) > 1),
        phase,
        _State(
            jnp.asarray(0), everything, jnp.zeros(shape, dtype), basis, store, jnp.zeros(shape, int),
            jnp.zeros(shape, dtype), none, none, jnp.zeros(shape[0], int), none, jnp.zeros((), dtype),
        ),
    )  # fmt: skip
    return Identification(
        jnp.argmax(jnp.where(state.active, state.values, -jnp.inf), axis=1),
        jnp.sum(state.active, axis=1) == 1,
        state.active,
        jnp.sum(state.feature_pulls) + jnp.sum(state.elimination_pulls),
        state.feature_pulls,
        state.elimination_pulls,
        state.task_pulls,
        state.remaining,
        state.phase,
        state.values,
        state.basis,
        state.gap,
    )


def status(result: Identification) -> str:
    """One word on a single finished run: "separated", or "not separated" with what is left, never an endless loop."""
    open_tasks = int((~np.asarray(result.separated)).sum())
    if not open_tasks:
        return "separated"
    return f"not separated: {open_tasks} tasks still have several arms after {int(result.phases)} phases; their best may be tied"
