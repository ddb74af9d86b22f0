import jax
import jax.numpy as jnp
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.optimization import choose
from tests.helpers import assert_close
from tests.optimization.worlds import FIRST, MEAN, UNIT

ROWS = {"a": jnp.array([[3.0, 4.0], [0.0, 2.0]])}


def test_each_index_is_its_aggregator():
    rules = (MEAN, FIRST, UNIT)

    def at(index):
        chosen = choose(rules, index)
        return chosen.update(ROWS, chosen.init({"a": jnp.zeros(2)}))[0]["a"]

    expected = jnp.stack([rule.update(ROWS, ())[0]["a"] for rule in rules])
    assert_close("map", jax.lax.map(at, jnp.arange(3)), expected, 1e-12)


def test_bad_choice():
    with pytest.raises(BadInput, match="aggregators got an empty list"):
        choose((), 0)
    with pytest.raises(BadInput, match="index got 2, but must be a whole number from 0 to 1"):
        choose((MEAN, FIRST), 2)
