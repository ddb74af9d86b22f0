"""Keys by name."""

import jax
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named


def test_a_new_name_does_not_move_the_others(key):
    few, more = split_named(key, "noise"), split_named(key, "problem", "noise")
    assert np.array_equal(jax.random.key_data(few["noise"]), jax.random.key_data(more["noise"]))
    assert not np.array_equal(jax.random.key_data(more["problem"]), jax.random.key_data(more["noise"]))


def test_names_must_differ(key):
    with pytest.raises(BadInput, match="distinct"):
        split_named(key, "a", "a")
