"""Playing a live environment, one compiled call after another, with the same choices as in the scanned simulation."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.bandits.problem import ArmView, Sizes
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_finite, check_whole
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey


@runtime_checkable
class Environment(Protocol):
    """M bandits outside of JAX: a web service, a simulator, a table of logged rewards."""

    def reset(self) -> Any:
        """Start anew: what the first round shows, the arms' inputs (task, arm, dim); or any view an algorithm takes, `()` on the ball."""
        ...

    def step(self, action: np.ndarray) -> tuple[Any, Any]:
        """Play an arm (or action) per task: the rewards (task,), and what the next round shows."""
        ...


class History(NamedTuple):
    """What was played and paid."""

    actions: np.ndarray  # (round, task), or (round, task, dim) on the ball
    rewards: np.ndarray  # (round, task)
    state: Any  # the algorithm's, after the last round


def _view(shown: Any) -> Any:
    """A bare array of inputs is an `ArmView`."""
    if isinstance(shown, tuple):
        return jax.tree.map(jnp.asarray, shown)
    contexts = jnp.asarray(shown)
    check_finite(contexts=contexts, hint="the environment must show finite inputs")
    if contexts.ndim != 3:
        raise BadInput(
            f"the environment shows inputs of shape {contexts.shape}, but must show (task, arm, dim); one task is (1, arm, dim)"
        )
    return ArmView(contexts if jnp.issubdtype(contexts.dtype, jnp.floating) else contexts.astype(float))


def _sizes(view: Any) -> Sizes:
    """What `init` may know, from what a round shows."""
    if not hasattr(view, "contexts"):
        raise BadInput(
            "the environment shows no inputs, so the sizes are not known; give it an attribute `sizes` (mtrl.bandits.Sizes)"
        )
    tasks, _, dim = view.contexts.shape
    if not hasattr(view, "candidates"):
        return Sizes(tasks, dim, dim, view.contexts.dtype)
    return Sizes(tasks, dim, view.candidates.shape[-1], view.contexts.dtype, view.candidates.shape[0])


def play(
    environment: Environment,
    algorithm: Algorithm,
    key: PRNGKey,
    rounds: int,
    *,
    compile: Callable[[Callable], Callable] = lambda function: function,
) -> History:
    """Let an algorithm play a live environment.

    With `key = jax.random.key(seed)` its choices are those of `mtrl.harness.simulate` at that seed when the environment answers as the
    simulated problem does.

    Args:
      environment: any object with `reset` and `step`, see `Environment`; with an attribute `sizes` that is what `init` gets.
      algorithm: e.g. `linucb(alpha=0.5)`.
      key: randomness of the algorithm.
      rounds: how many.
      compile: `jax.jit`, applied to `select` and `update` once; without it every operation is dispatched by itself.

    Raises:
      BadInput: an oracle, no rounds, inputs of another shape or not finite, or rewards that are not one finite number per task.
    """
    if algorithm.oracle or algorithm.update is None:
        raise BadInput(
            "the algorithm is an oracle, which needs the truth of a simulated problem, or has no update; play a learner"
        )
    check_whole(rounds=rounds)
    keys = split_named(key, "init", "step")
    view = _view(environment.reset())
    sizes = getattr(environment, "sizes", None) or _sizes(view)
    state = algorithm.init(keys["init"], sizes)
    select, update = compile(algorithm.select), compile(algorithm.update)
    actions, rewards = [], []
    for t in range(rounds):
        luck = jax.random.fold_in(keys["step"], t)
        action = select(luck, state, view)
        reward, shown = environment.step(np.asarray(action))
        reward = jnp.asarray(reward, sizes.dtype)
        if reward.shape != (sizes.tasks,) or not bool(jnp.all(jnp.isfinite(reward))):
            raise BadInput(
                f"the environment paid {np.asarray(reward)} in round {t}, but must pay {sizes.tasks} finite rewards, one per task"
            )
        state, _ = update(luck, state, view, action, reward)
        actions.append(np.asarray(action))
        rewards.append(np.asarray(reward))
        view = _view(shown)
    return History(np.stack(actions), np.stack(rewards), state)
