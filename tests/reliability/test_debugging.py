"""The library under JAX's own debugging: no key is used twice, and no NaN appears that was not put there."""

import functools

import jax
import pytest

from tests.contract.test_contract import CASES, drawn, three_keys

pytestmark = pytest.mark.reliability


def reused(case):
    """What JAX says of a key that the algorithm of a row uses twice, "" where it uses every key once."""
    arrays = jax.tree.map(lambda x: x[0], drawn(case.example))
    call = functools.partial(case.call, **case.hyper, **case.static)
    jax.config.update("jax_debug_key_reuse", True)
    try:
        jax.jit(call).trace(three_keys()[0], *arrays)
    except jax.errors.KeyReuseError as error:
        return str(error)
    finally:
        jax.config.update("jax_debug_key_reuse", False)
    return ""


def test_no_key_is_used_twice(say):
    """Every algorithm of the contract table, traced with jax_debug_key_reuse."""
    twice = {case.name: reused(case) for case in CASES}
    found = {name: words for name, words in twice.items() if words}
    assert not found, found
    say(f"{len(twice)} algorithms, no key used twice")
