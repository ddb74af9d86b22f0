"""The contract every algorithm keeps: one table, one row per algorithm, one test per column (see test_contract.py)."""

from collections.abc import Callable
from typing import Any, NamedTuple


def identity(output: Any) -> Any:
    """Compare outputs as they are."""
    return output


class Case(NamedTuple):
    """One algorithm with its hyper-parameters bound.

    `call(key, *arrays)` is pure and jittable; an online algorithm runs a few rounds inside. `example(key, dtype)` gives tiny arrays.
    """

    name: str
    call: Callable[..., Any]
    example: Callable[..., tuple]
    scale: Callable[..., tuple] | None = None  # scale(arrays, s) -> arrays; None multiplies every floating array by s
    scales: tuple[float, ...] = (1e-10, 1e10)  # outputs must stay finite here; narrow only with a reason in `why`
    permute: Callable[..., tuple] | None = None  # permute(arrays, perm) -> arrays with tasks permuted
    unpermute: Callable[..., Any] | None = None  # unpermute(output, perm) -> what the unpermuted call gives
    tasks: int = 0  # number of tasks in the example, for the permutation
    compare: Callable[[Any], Any] = identity  # output -> what is comparable (a projector instead of a basis)
    differs_from: tuple[str, ...] = ()  # cases with the same example whose output must differ
    key_dependent: bool = False  # the output changes with the key
    why: str = ""  # the reason for anything narrowed
