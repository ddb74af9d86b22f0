"""Checks at the boundary: what a linear MDP and a configuration must satisfy before anything is traced."""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from mtrl.mdp.problem import Params
from mtrl.numerics.errors import BadInput


def check_sizes(
    *, tasks: int, stages: int, states: int, actions: int, rank: int, width: int, candidates: int = 1
) -> None:
    """Check M, H, S, A, k, the width k must fit in, and |Phi|.

    Raises:
      BadInput: M, H, S or |Phi| below 1, A below 2, or k outside 1 .. width.
    """
    if tasks < 1:
        raise BadInput(f"tasks (M) got {tasks}, but must be at least 1; M = 1 is the single-task problem")
    if stages < 1:
        raise BadInput(f"stages (H) got {stages}, but an episode needs at least 1 stage; H = 1 is a contextual bandit")
    if states < 1 or candidates < 1:
        raise BadInput(f"states got {states} and candidates {candidates}, but both must be at least 1")
    if actions < 2:
        raise BadInput(f"actions (A) got {actions}, but a choice needs at least 2")
    if rank < 1 or rank > width:
        raise BadInput(
            f"rank (k) got {rank}, but must lie between 1 and the width {width}; lower it or take more states or inputs"
        )


def check_radius(**radii: ArrayLike) -> None:
    """Check confidence radii, bonus and budget multipliers (beta, conf, alpha, budget).

    Raises:
      BadInput: one is negative or not a number.
    """
    for name, value in radii.items():
        if not np.all(np.asarray(value, dtype=float) >= 0.0):
            raise BadInput(f"{name} got {value}, but a confidence radius is a number of at least 0; 0 acts greedily")


def check_ridge(ridge: float) -> None:
    """Check lam.

    Raises:
      BadInput: not positive, so that directions without data would have no inverse.
    """
    if not ridge > 0:
        raise BadInput(f"ridge (lam) got {ridge}, but must be positive; the paper of LSVI-UCB takes 1")


def check_probabilities(name: str, table: ArrayLike, tolerance: float = 1e-6) -> None:
    """Check that the last axis of a table holds probability vectors.

    Raises:
      BadInput: a negative (or not finite) entry, or a row that does not sum to one within `tolerance`.
    """
    table = np.asarray(table, dtype=float)
    if not np.all(np.isfinite(table)) or table.min() < 0:
        raise BadInput(f"{name} has the entry {np.min(table):.4g}, but probabilities are finite and not negative")
    sums = table.sum(-1)
    worst = sums.flat[np.argmax(np.abs(sums - 1))]
    if abs(worst - 1) > tolerance:
        raise BadInput(f"{name} has a row that sums to {worst:.6g}, but rows must sum to 1; divide each row by its sum")


def check_bounds(features: ArrayLike, heads: ArrayLike, *, feature_bound: float = 1.0, head_bound: float) -> None:
    """Warn when features or heads leave the norms which the confidence radius assumes.

    Args:
      features: (..., k), assumed `||phi|| <= feature_bound`.
      heads: (..., k), assumed `||theta|| <= head_bound`; for rewards sqrt(k).
      feature_bound, head_bound: the declared bounds.
    """
    for name, array, bound in (("feature", features, feature_bound), ("parameter", heads, head_bound)):
        largest = float(np.max(np.linalg.norm(np.asarray(array, dtype=float), axis=-1)))
        if largest > bound * (1.0 + 1e-6):
            warnings.warn(
                f"{name} norm reaches {largest:.4g}, above the declared bound {bound:.4g}, so the confidence radius is not valid",
                stacklevel=2,
            )


def check_problem(params: Params) -> None:
    """Check a problem of one's own: sizes, simplex rows of the class and of mu, rewards, task axes, norms.

    Raises:
      BadInput: the first violation, in one sentence.
    """
    sizes = params.sizes
    check_sizes(
        tasks=sizes.tasks,
        stages=sizes.stages,
        states=sizes.states,
        actions=sizes.actions,
        rank=sizes.rank,
        width=sizes.states * sizes.actions,
        candidates=sizes.candidates,
    )
    if params.weights.shape != params.measures.shape[:3]:
        raise BadInput(
            f"nu has shape {params.weights.shape}, but needs the task, stage and rank axes of mu, {params.measures.shape[:3]}"
        )
    check_probabilities("phi (rows of the candidates)", params.known.candidates)
    check_probabilities("mu", params.measures)
    rewards = np.asarray(params.world.rewards)
    if rewards.min() < -1e-9 or rewards.max() > 1 + 1e-9:
        raise BadInput(
            f"mean rewards span {rewards.min():.4g} to {rewards.max():.4g}, but must lie in [0, 1]; scale nu to [0, 1]"
        )
    check_bounds(params.known.candidates, params.weights, head_bound=float(np.sqrt(sizes.rank)))


def check_tasks(arrivals: ArrayLike, counts: ArrayLike) -> None:
    """Check that an episode's task axis fits a state's counts.

    Args:
      arrivals: (task, stage, state, action).
      counts: (task, stage, state, action, next).

    Raises:
      BadInput: the tables do not fit.
    """
    shape, table = np.shape(arrivals), np.shape(counts)
    if shape != table[:-1]:
        raise BadInput(
            f"an episode of shape {shape} does not fit counts of shape {table}; both need the same (task, stage, state, action)"
        )


def check_teams(teams: int, tasks: int) -> None:
    """Check that the tasks split evenly.

    Raises:
      BadInput: they do not.
    """
    if teams < 1 or tasks % teams:
        raise BadInput(
            f"teams got {teams}, which does not divide {tasks} tasks; use 1 (shared) or {tasks} (independent)"
        )


def check_refit(refit_every: int, episodes: int) -> None:
    """Check the refit period of the neural algorithm.

    Raises:
      BadInput: the network would never be fitted, or the period is not positive.
    """
    if refit_every < 1:
        raise BadInput(f"refit_every got {refit_every}, but must be at least 1 episode")
    if refit_every >= episodes:
        raise BadInput(
            f"refit_every got {refit_every} in {episodes} episodes, so the network would never be fitted; lower it below {episodes}"
        )


def check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Check a named choice.

    Raises:
      BadInput: the name is unknown; the message lists the known ones.
    """
    if value not in choices:
        raise BadInput(f"{name} got '{value}', but takes one of {', '.join(choices)}")


def check_survivors(misfit: ArrayLike, allowed: float) -> None:
    """Check that some representation fits the data within an absolute allowance (a theorem's radius, for example).

    Sets relative to the smallest misfit, as `survivors` makes them, are never empty.

    Args:
      misfit: (candidate,) misfit summed over the tasks.
      allowed: largest misfit that is plausible.

    Raises:
      BadInput: none survives; names the smallest misfit and the allowance.
    """
    smallest = float(np.min(np.asarray(misfit, dtype=float)))
    if not smallest <= allowed:
        raise BadInput(
            f"no candidate representation survives: the smallest residual is {smallest:.4g} and beta is {allowed:.4g}; raise beta"
        )
