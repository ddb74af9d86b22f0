"""The contract every algorithm keeps: one table, one row per algorithm, one column per promise (see test_contract.py)."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp


def identity(output: Any) -> Any:
    """Compare outputs as they are."""
    return output


def first_entry_nan(arrays: tuple) -> tuple:
    """NaN in the first entry of the first floating array, which each row puts where its data are."""
    flat, tree = jax.tree.flatten(arrays)
    first = next(i for i, x in enumerate(flat) if jnp.issubdtype(x.dtype, jnp.floating))
    flat[first] = flat[first].at[(0,) * flat[first].ndim].set(jnp.nan)
    return jax.tree.unflatten(tree, flat)


class Case(NamedTuple):
    """One algorithm on tiny arrays.

    `call(key, *arrays, **hyper, **static)` is pure and jittable; an interaction runs a few rounds inside. `example(key, dtype)` gives the arrays.
    Its output holds the final state and certificates beside what is compared, so that NaN cannot hide.
    """

    name: str
    call: Callable[..., Any]
    example: Callable[..., tuple]
    hyper: Mapping[str, Any] = {}  # traced hyper-parameters
    static: Mapping[str, Any] = {}  # sizes and choices
    scale: Callable[..., tuple] | None = None  # scale(arrays, s) -> arrays; None multiplies every floating array by s
    scales: tuple[float, ...] = (1e-10, 1e10)  # outputs must stay finite here; narrow only with a reason in `why`
    permute: Callable[..., tuple] | None = None  # permute(arrays, perm) -> arrays with tasks permuted
    unpermute: Callable[..., Any] | None = None  # unpermute(output, perm) -> what the unpermuted call gives
    tasks: int = 0  # number of tasks in the example, for the permutation
    compare: Callable[[Any], Any] = identity  # output -> what is comparable (a projector instead of a basis)
    differs_from: tuple[str, ...] = ()  # cases with the same example whose output must differ
    key_dependent: bool = False  # the output changes with the key
    factory: Callable[..., Any] | None = None  # every keyword of it stands in `changed` or in `inert`
    changed: Mapping[str, Any] = {}  # hyper-parameter or choice -> another value, which must change what is compared
    inert: Mapping[str, str] = {}  # hyper-parameter -> why a few rounds of tiny arrays cannot show it
    actions: Callable[[Any], Any] | None = None  # output -> the actions taken, of whoever acts
    hide: Callable[..., tuple] | None = None  # arrays -> arrays with NaN wherever the truth is: same actions
    oracle: bool = False  # declared: the truth changes its actions
    poison: Callable[[tuple], tuple] | None = (
        first_entry_nan  # NaN in gives NaN, or a false certificate, out; None: see `why`
    )
    why: str = ""  # the reason for anything narrowed
