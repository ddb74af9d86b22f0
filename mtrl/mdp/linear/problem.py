"""Linear MDPs: M tasks with H stages whose transitions and rewards are linear in one shared, unknown feature map.

| symbol | field | shape | meaning |
| --- | --- | --- | --- |
| phi_p | candidates | (P, S, A, k) | the class Phi; rows on the simplex |
| phi_h | features | (H, S, A, k) | the true map of stage h, a member of Phi |
| x | inputs | (S, A, D) | raw inputs, what a learner without Phi sees |
| P | transitions | (M, H, S, A, S) | `P_{h,i}(s'|s,a) = <phi_h(s,a), mu_{h,i}(s')>`, mu (M, H, k, S) with rows on the simplex |
| r | rewards | (M, H, S, A) | mean rewards `<phi_h(s,a), nu_{h,i}>` in [0, 1], nu (M, H, k) |
| V* | optimum | (M, H, S) | optimal values [return] |

Stages are counted from 0 here: h = 0 .. H - 1, with `H - h` the largest return from stage h on (the papers' H - h + 1).

Papers: Jin, Yang, Wang and Jordan 2020 (linear MDP); Lu, Zhao, Du and Huang, NeurIPS 2022 (shared general phi); Hu, Chen, Jin, Li and Wang,
ICML 2021 (linear phi).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int

from mtrl.numerics.checks import check_finite, check_nonnegative, check_rank, check_shape, check_whole, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import Scalar

# A table of one's own: an array, or lists.
Table = Array | np.ndarray | Sequence[Any]


class LinearMDP(NamedTuple):
    """M MDPs, their class of representations, and the solution."""

    candidates: Float[Array, "candidate state action rank"]
    inputs: Float[Array, "state action dim"]
    truth: Int[Array, " stage"]  # phi_h = candidates[truth[h]]
    transitions: Float[Array, "task stage state action next"]
    rewards: Float[Array, "task stage state action"]
    noise: Float[Array, ""]  # standard deviation of the observed rewards
    optimum: Float[Array, "task stage state"]

    @property
    def features(self) -> Float[Array, "stage state action rank"]:
        """The true maps phi_h."""
        return self.candidates[self.truth]


class View(NamedTuple):
    """What learners are told: at the beginning of every episode and, with `start` still zero, before the first."""

    TASK_AXES = {
        "returns": None,
        "candidates": None,
        "inputs": None,
    }  # for `independent`: these are common to the tasks
    start: Int[Array, " task"]  # s_1
    returns: Float[Array, " stage"]  # the largest return from stage h on, H - h
    candidates: Float[Array, "candidate state action rank"]
    inputs: Float[Array, "state action dim"]


def view(params: LinearMDP) -> View:
    """What `init` may know: sizes, range of the returns, class and inputs."""
    tasks, stages = params.rewards.shape[:2]
    returns = jnp.arange(stages, 0, -1).astype(params.rewards.dtype)
    return View(jnp.zeros(tasks, jnp.int32), returns, params.candidates, params.inputs)


def one_hot(states: int, actions: int, dtype: DTypeLike = float) -> Float[Array, "state action pair"]:
    """The code of the pairs (s, a), in which every MDP is linear."""
    return jnp.eye(states * actions, dtype=dtype).reshape(states, actions, -1)


def finite_view(
    *,
    stages: int,
    states: int,
    actions: int,
    tasks: int = 1,
    candidates: Table | None = None,
    inputs: Table | None = None,
) -> View:
    """What a learner is told of live environments with rewards in [0, 1]; class and inputs default to the one-hot code of (s, a).

    Raises:
      BadInput: sizes below 1 (actions 2), class or inputs of other shapes, a class whose rows are no probabilities.
    """
    check_sizes(tasks=tasks, stages=stages, states=states, actions=actions, rank=1, width=states * actions)
    code = one_hot(states, actions)
    candidates = code[None] if candidates is None else _floating(candidates)
    inputs = code if inputs is None else _floating(inputs)
    check_features(candidates, inputs, states, actions)
    return View(jnp.zeros(tasks, jnp.int32), jnp.arange(stages, 0, -1).astype(candidates.dtype), candidates, inputs)


def _floating(table: Table) -> Array:
    """Lists and whole numbers as floats; floating arrays keep their type."""
    table = jnp.asarray(table)
    return table if jnp.issubdtype(table.dtype, jnp.floating) else table.astype(float)


def check_features(candidates: Array, inputs: Array, states: int, actions: int) -> None:
    """Check the class Phi and the raw inputs of one's own.

    Raises:
      BadInput: they are no tables on (s, a), rows of the class are no probabilities, or inputs are not finite.
    """
    check_shape("candidates", candidates, (None, states, actions, None))
    check_shape("inputs", inputs, (states, actions, None))
    check_probabilities(candidates=candidates)
    check_finite(inputs=inputs)


def backup(
    transitions: Float[Array, "*batch state action next"],
    rewards: Float[Array, "*batch state action"],
    value: Float[Array, "*batch next"],
) -> Float[Array, "*batch state action"]:
    """Bellman backup `r(s,a) + sum_s' P(s'|s,a) V(s')`."""
    return rewards + jnp.einsum("...san,...n->...sa", transitions, value)


def optimum(
    transitions: Float[Array, "task stage state action next"], rewards: Float[Array, "task stage state action"]
) -> Float[Array, "task stage state"]:
    """Optimal values V*_h by backward induction."""

    def stage(value, model):
        transitions, rewards = model
        value = jnp.max(backup(transitions, rewards, value), axis=-1)
        return value, value

    models = (jnp.moveaxis(transitions, 1, 0), jnp.moveaxis(rewards, 1, 0))
    _, values = jax.lax.scan(stage, jnp.zeros_like(rewards[:, 0, :, 0]), models, reverse=True)
    return jnp.moveaxis(values, 0, 1)


def policy_value(
    transitions: Float[Array, "task stage state action next"],
    rewards: Float[Array, "task stage state action"],
    policy: Int[Array, "task stage state"],
) -> Float[Array, "task stage state"]:
    """Exact values V^pi_h of a deterministic policy by backward induction."""

    def stage(value, model):
        transitions, rewards, actions = model
        q = backup(transitions, rewards, value)
        value = jnp.take_along_axis(q, actions[..., None], axis=-1)[..., 0]
        return value, value

    models = jax.tree.map(lambda x: jnp.moveaxis(x, 1, 0), (transitions, rewards, policy))
    _, values = jax.lax.scan(stage, jnp.zeros_like(rewards[:, 0, :, 0]), models, reverse=True)
    return jnp.moveaxis(values, 0, 1)


def check_sizes(
    *, tasks: int, stages: int, states: int, actions: int, rank: int, width: int, candidates: int = 1
) -> None:
    """Check M, H, S, A, |Phi|, and that k fits in `width`, the number of pairs (s, a) or of inputs.

    Raises:
      BadInput: M, H, S or |Phi| below 1, A below 2, or k outside 1 .. width.
    """
    check_whole(tasks=tasks, hint="M = 1 is the single-task problem")
    check_whole(stages=stages, hint="H = 1 is a contextual bandit")
    check_whole(states=states, candidates=candidates)
    check_whole(actions=actions, lower=2, hint="a choice needs two")
    check_rank(rank, width, what="the width")


def check_probabilities(tolerance: float = 1e-6, **tables: Table) -> None:
    """Check that the last axis of every table holds probability vectors; traced tables pass.

    Raises:
      BadInput: an entry is negative or not finite, or a row does not sum to one within `tolerance`.
    """
    for name, table in tables.items():
        table = known(table)
        if table is None:
            continue
        if not np.all(np.isfinite(table)) or table.min() < 0:
            raise BadInput(
                f"{name} has the entry {np.min(table):.4g}, but probabilities are finite and not negative; mend that row"
            )
        sums = table.sum(-1)
        worst = sums.flat[np.argmax(np.abs(sums - 1))]
        if abs(worst - 1) > tolerance:
            raise BadInput(
                f"{name} has a row that sums to {worst:.6g}, but rows must sum to 1; divide each row by its sum"
            )


def from_tables(
    transitions: Table,
    rewards: Table,
    *,
    stages: int | None = None,
    noise: Scalar = 0.0,
    candidates: Table | None = None,
    truth: Table | int = 0,
    inputs: Table | None = None,
) -> LinearMDP:
    """MDPs of one's own as a problem, checked and solved.

    Any tabular MDP is linear in the one-hot code of the pairs (s, a), k = S A: that is the class and the input unless others are given.

    Args:
      transitions: P, (task, stage, state, action, next); with `stages` (task, state, action, next), the same at every stage.
      rewards: mean rewards in [0, 1], the same axes without next.
      stages: H, for tables without a stage axis.
      noise: standard deviation of the observed rewards.
      candidates: (candidate, state, action, rank), the class Phi of the multitask algorithms; rows on the simplex.
      truth: which candidate is true, one number or one per stage: for the oracle `known_representation` alone.
      inputs: (state, action, dim), what `lsvi_ucb`, `mtlr_lsvi` and the networks see.

    Raises:
      BadInput: shapes that do not fit, rows that are no probabilities, rewards that are not numbers in [0, 1], a negative noise.
    """
    model, mean = _floating(transitions), _floating(rewards)
    if stages is not None:
        check_whole(stages=stages)
        model, mean = (jnp.repeat(x[:, None], stages, axis=1) for x in (model, mean))
    if model.ndim != 5 or model.shape[2] != model.shape[4]:
        raise BadInput(
            f"transitions have shape {np.shape(transitions)}, but need (task, stage, state, action, next), or with stages= "
            "(task, state, action, next), as many next states as states"
        )
    check_shape("rewards", mean, model.shape[:-1], hint="the axes of the transitions without the next state")
    tasks, _, states, actions = mean.shape
    code = one_hot(states, actions, model.dtype)
    candidates = code[None] if candidates is None else _floating(candidates)
    inputs = code if inputs is None else _floating(inputs)
    check_sizes(tasks=tasks, stages=mean.shape[1], states=states, actions=actions, rank=1, width=states * actions)
    check_features(candidates, inputs, states, actions)
    check_probabilities(transitions=model)
    worst = known(mean)
    if worst is not None and not np.all((worst >= -1e-6) & (worst <= 1 + 1e-6)):
        raise BadInput(
            f"rewards span {worst.min():.4g} to {worst.max():.4g}, but mean rewards must lie in [0, 1]; shift and scale them"
        )
    check_nonnegative(noise=noise)
    check_whole(truth=truth, lower=0, upper=candidates.shape[0] - 1)
    which = jnp.broadcast_to(jnp.asarray(truth, jnp.int32), model.shape[1])
    return LinearMDP(candidates, inputs, which, model, mean, jnp.asarray(noise, model.dtype), optimum(model, mean))


def from_features(
    candidates: Float[Array, "candidate state action rank"],
    truth: Int[Array, " stage"],
    measures: Float[Array, "task stage rank next"],
    weights: Float[Array, "task stage rank"],
    noise: Scalar = 0.0,
    inputs: Float[Array, "state action dim"] | None = None,
) -> LinearMDP:
    """The linear MDPs `P = <phi, mu>`, `r = <phi, nu>` of given parts; `inputs` default to the one-hot code of (s, a)."""
    phi = candidates[truth]
    transitions = jnp.einsum("hsak,mhkn->mhsan", phi, measures)
    rewards = jnp.einsum("hsak,mhk->mhsa", phi, weights)
    return from_tables(transitions, rewards, noise=noise, candidates=candidates, truth=truth, inputs=inputs)


def backup_residual(
    features: Float[Array, "state action rank"],
    transitions: Float[Array, "state action next"],
    rewards: Float[Array, "state action"],
    value: Float[Array, " next"],
) -> Float[Array, ""]:
    """Root mean squared distance of the backup `r + P V` from the span of the features: zero for the true phi and any V.

    Least squares through an orthonormal basis (SVD) of the feature table; directions below `dim * machine epsilon` of the largest
    singular value count as absent.
    """
    table = features.reshape(-1, features.shape[-1])
    target = backup(transitions, rewards, value).reshape(-1)
    left, singular, _ = jnp.linalg.svd(table, full_matrices=False)
    kept = singular > table.shape[0] * jnp.finfo(table.dtype).eps * singular[0]
    fitted = left @ jnp.where(kept, left.T @ target, 0.0)
    return jnp.sqrt(jnp.mean((target - fitted) ** 2))
