"""The two shapes an algorithm has, and the shape of what it plays on.

An algorithm is declared by a factory, `name(*, hyper...) -> Algorithm`, which checks its arguments and closes over them:
hyper-parameters may be traced (the driver calls the factory inside its jit), sizes and choices are static. Nothing else configures it.

- `Algorithm(init, select, update)` interacts with a `Problem`: per round `action = select(key, state, view)`, the world answers, then
  `state, info = update(key, state, view, action, feedback)`.
- `Iteration(init, step)` descends on data: per round `state, info = step(key, state, data)`.

States and infos are NamedTuples of arrays of fixed shape. `select` and `update` of one round get the same key: an algorithm that draws in
both splits it by name.
"""

from collections.abc import Callable
from typing import Any, NamedTuple


class Algorithm(NamedTuple):
    """A learner that acts, as three pure functions; it sees the view of a round and the answer to its own action, never the truth.

    `init(key, view)` gets what the problem's `view` tells beforehand (sizes, a known class of features).
    """

    init: Callable[..., Any]
    select: Callable[..., Any]
    update: Callable[..., tuple[Any, Any]]
    oracle: bool = False  # is handed the whole `Round` instead of its view: a yardstick, not a learner


class Iteration(NamedTuple):
    """A descent or training loop, as two pure functions: `init(key, data)` and `step(key, state, data)`."""

    init: Callable[..., Any]
    step: Callable[..., tuple[Any, Any]]


class Round(NamedTuple):
    """One round of a problem."""

    view: Any  # what every learner may see before it acts
    truth: Any  # means, tables of luck, true features: for the answer, the regret and oracles


class Problem(NamedTuple):
    """What an algorithm plays on, as pure functions at module level (or partials with hashable arguments)."""

    sample: Callable[..., Any]  # (key, *inputs) -> params
    draw: Callable[..., Any]  # (key, params, t) -> Round, or the batch itself for an `Iteration`
    # (round, action) -> (feedback, outcome); the outcome holds the regret. An `Iteration` asks nothing.
    answer: Callable[..., tuple[Any, Any]] = lambda now, action: (None, None)
    view: Callable[..., Any] = lambda params: params  # params -> what `init` may know


class Step(NamedTuple):
    """One round as a record sees it; an `Iteration` has neither action nor outcome."""

    params: Any
    state: Any  # after the round
    round: Any  # the `Round`, or the batch
    action: Any
    info: Any  # what the algorithm reports of itself
    outcome: Any  # what the world says of the action


def begin(algorithm: Algorithm | Iteration, key: Any, problem: Problem, params: Any) -> Any:
    """The state before the first round."""
    return algorithm.init(key, problem.view(params))


def take(algorithm: Algorithm | Iteration, key: Any, problem: Problem, params: Any, state: Any, now: Any) -> Step:
    """One round: `now` is what `problem.draw` gave."""
    if isinstance(algorithm, Iteration):
        state, info = algorithm.step(key, state, now)
        return Step(params, state, now, None, info, None)
    import jax  # studies import this module, and answer a mistyped flag without JAX

    seen = now if algorithm.oracle else now.view
    action = algorithm.select(key, state, seen)
    feedback, outcome = problem.answer(now, action)
    state, info = algorithm.update(
        jax.random.clone(key), state, seen, action, feedback
    )  # the same luck, and meant to be
    return Step(params, state, now, action, info, outcome)
