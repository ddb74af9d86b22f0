"""What an algorithm is shown in one round, and how it is answered.

Two kinds of action sets: `ArmRound`, finitely many arms with inputs drawn afresh every round, and `BallRound`, any
action of the unit ball. A round carries the whole reward table so that all algorithms meet the same noise; `pull` and
`act` give an algorithm the answer of the action it chose and nothing else.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int


class ArmRound(NamedTuple):
    """One round with finitely many arms."""

    contexts: Float[Array, "task arm dim"]  # inputs x_{t,i,a}
    features: Float[Array, "task arm rank"]  # phi(x_{t,i,a}): for the oracle only
    rewards: Float[Array, "task arm"]  # R_{t,i,a} = mean + noise
    means: Float[Array, "task arm"]  # <phi(x_{t,i,a}), theta_i>


class ClassRound(NamedTuple):
    """One round with finitely many arms, for a learner that knows a finite class of candidate representations."""

    contexts: Float[Array, "task arm dim"]
    features: Float[Array, "task arm rank"]  # of the true candidate: for the oracle only
    rewards: Float[Array, "task arm"]
    means: Float[Array, "task arm"]
    candidates: Float[Array, "candidate task arm rank"]  # phi_p(x_{t,i,a}) for every phi_p in Phi


ArmData = ArmRound | ClassRound


class BallRound(NamedTuple):
    """One round on the unit ball: action a of task i pays `<theta_i, a> + noise_i`.

    An ellipsoid `{L u : ||u|| <= 1}` is the unit ball in the coordinates u with parameters `L^T theta_i`.
    """

    parameters: Float[Array, "task dim"]  # theta_i, or L^T theta_i for an ellipsoid
    noise: Float[Array, " task"]
    basis: Float[Array, "dim rank"]  # orthonormal basis of the parameters' subspace: for the oracle only


class Info(NamedTuple):
    """What a step reports."""

    actions: Int[Array, " task"] | Float[Array, "task dim"]  # chosen arm, or action in the ball
    regret: Float[Array, " task"]  # best mean minus mean of the chosen action


class Feedback(NamedTuple):
    """The answer to one action per task."""

    inputs: Float[Array, "task dim"]  # what was played
    rewards: Float[Array, " task"]


def take_arm(table: Float[Array, "task arm *rest"], arms: Int[Array, " task"]) -> Float[Array, "task *rest"]:
    """The chosen arm's entry of every task."""
    index = arms.reshape(arms.shape + (1,) * (table.ndim - 1))
    return jnp.take_along_axis(table, index, axis=1)[:, 0]


def pull(data: ArmData, arms: Int[Array, " task"]) -> tuple[Feedback, Info]:
    """Play one arm per task."""
    regret = jnp.max(data.means, axis=1) - take_arm(data.means, arms)
    return Feedback(take_arm(data.contexts, arms), take_arm(data.rewards, arms)), Info(arms, regret)


def act(data: BallRound, actions: Float[Array, "task dim"]) -> tuple[Feedback, Info]:
    """Play one action of the unit ball per task; the best one is `theta_i / ||theta_i||`."""
    means = jnp.sum(data.parameters * actions, axis=1)
    regret = jnp.linalg.norm(data.parameters, axis=1) - means
    return Feedback(actions, means + data.noise), Info(actions, regret)


def first_best(values: Float[Array, "*batch arm"]) -> Int[Array, "*batch"]:
    """Best arm; ties go to the lowest index, as int32 whatever the precision."""
    return jnp.argmax(values, axis=-1).astype(jnp.int32)
