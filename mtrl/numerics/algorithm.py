"""The shape every online algorithm has."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Algorithm(NamedTuple):
    """An online algorithm as two pure functions.

    `init(key, problem, config) -> State` and `step(key, state, data, *, ...) -> (State, Info)`, where State and Info are NamedTuples of
    arrays of fixed shape, `config` is a hashable frozen dataclass (or None) and the keyword-only hyper-parameters may be traced.
    """

    init: Callable[..., Any]
    step: Callable[..., tuple[Any, Any]]
