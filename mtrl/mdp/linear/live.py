"""Play live environments with finitely many states: the same algorithms, and the same choices, as in the scanned simulation."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.mdp.linear.episodes import Info, Trajectory
from mtrl.mdp.linear.problem import View
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_whole
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey


class Played(NamedTuple):
    """What happened, NumPy arrays with a leading episode axis, and the learner's last state."""

    seen: Trajectory
    info: Info
    state: Any


def _state(value: Any, states: int) -> int:
    """A state number, also from the array of one that some environments give."""
    number = np.asarray(value)
    if number.size != 1 or not 0 <= (state := int(number.item())) < states:
        raise BadInput(
            f"the environment gave the state {value}, but states are whole numbers from 0 to {states - 1}; number them"
        )
    return state


def _episode(environment: Any, policy: np.ndarray, states: int, start: int) -> list[tuple[int, int, float, int]]:
    """Visited states, actions, rewards and next states; an environment that ends early stays where it is, without rewards."""
    steps, state, over = [], start, False
    for row in policy:
        action, reward, following = int(row[state]), 0.0, state
        if not over:
            answer = environment.step(action)
            following, reward = _state(answer[0], states), float(answer[1])
            over = any(bool(flag) for flag in answer[2:4])
            if not np.isfinite(reward):
                raise BadInput(f"the environment gave the reward {reward}, but rewards are finite numbers")
        steps.append((state, action, reward, following))
        state = following
    return steps


def play(
    environment: Any,
    algorithm: Algorithm,
    key: PRNGKey,
    episodes: int,
    *,
    view: View | None = None,
    compile: Callable[[Callable], Callable] = lambda function: function,
) -> Played:
    """Let an algorithm play environments of one's own.

    With `key = jax.random.key(seed)` its choices are those of `mtrl.harness.simulate` at that seed when the environment answers as the
    simulated problem does.

    Args:
      environment: one environment, or a sequence with one per task. `reset()` gives the state a number from 0, or `(state, anything)`; then
        H times `step(action)` gives `(state, reward)`, which may go on with flags `(state, reward, terminated, truncated, ...)` as in
        Gymnasium: after a flag the rest of the episode counts as staying there without reward.
      algorithm: made by a factory, no oracle.
      key: of the learner's own draws.
      episodes: number of episodes.
      view: what the learner is told beforehand, see `finite_view`; by default the attribute `view` of the (first) environment.
      compile: `jax.jit`, applied to `select` and `update` once; without it every operation is dispatched by itself.

    Raises:
      BadInput: an oracle, no view, another number of environments than of tasks, a state that is no number, or a reward that is not finite.
    """
    if algorithm.oracle or algorithm.update is None:
        raise BadInput(
            "the algorithm is an oracle or never learns, which a live environment cannot serve; take a learner"
        )
    check_whole(episodes=episodes)
    worlds = list(environment) if isinstance(environment, Sequence) else [environment]
    view = getattr(worlds[0], "view", None) if view is None else view
    if view is None:
        raise BadInput(
            "the environment has no attribute `view`, so that sizes are not known; give view=finite_view(...)"
        )
    tasks, states = view.start.shape[0], view.candidates.shape[1]
    if len(worlds) != tasks:
        raise BadInput(f"environment has {len(worlds)} tasks, but the view {tasks}; give one environment per task")
    keys = split_named(key, "init", "step")
    select, update, state = compile(algorithm.select), compile(algorithm.update), algorithm.init(keys["init"], view)
    seen, infos = [], []
    for t in range(episodes):
        start = [w.reset() for w in worlds]
        start = [_state(s[0] if isinstance(s, tuple) else s, states) for s in start]
        now, luck = view._replace(start=jnp.asarray(start, jnp.int32)), jax.random.fold_in(keys["step"], t)
        policy = select(luck, state, now)
        table = np.asarray(policy)
        steps = np.array([_episode(w, p, states, s) for w, p, s in zip(worlds, table, start, strict=True)])
        kinds = (jnp.int32, jnp.int32, view.returns.dtype, jnp.int32)
        trajectory = Trajectory(*(jnp.asarray(steps[..., i], kind) for i, kind in enumerate(kinds)))
        state, info = update(luck, state, now, policy, trajectory)
        seen.append(trajectory)
        infos.append(info)
    everything, reports = (jax.tree.map(lambda *x: np.stack([np.asarray(i) for i in x]), *y) for y in (seen, infos))
    return Played(everything, reports, state)
