import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.representation.subspace.structures import STRUCTURES, structured_weights
from tests.helpers import assert_mean


@pytest.mark.parametrize("structure", STRUCTURES)
def test_columns_have_unit_mean_square_and_the_named_structure(structure, key):
    draw = lambda k: structured_weights(k, structure=structure, dim=12, tasks=9)  # noqa: E731
    many = jax.vmap(draw)(jax.random.split(key, 500))
    assert_mean("mean square", jnp.sum(many**2, axis=1).mean(1), 1.0)
    one = np.asarray(draw(key))
    rank = np.linalg.matrix_rank(one)
    if structure == "low rank":
        assert rank == 3
    if structure == "row sparse":
        assert np.sum(np.any(one != 0, axis=1)) == 8
    if structure == "outliers":
        assert np.linalg.matrix_rank(one[:, :7]) == 3
        assert rank == 5
    if structure == "clusters":
        same, other = np.linalg.norm(one[:, 0] - one[:, 3]), np.linalg.norm(one[:, 0] - one[:, 1])
        assert same < 0.5 * other
    if structure == "independent":
        assert rank == 9


def test_unknown_structure_is_refused(key):
    with pytest.raises(BadInput, match="unknown structure 'tree'; use one of low rank"):
        structured_weights(key, structure="tree", dim=3, tasks=2)
