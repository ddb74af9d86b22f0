"""The finite class: features on the sphere, the truth is a candidate."""

import jax.numpy as jnp
import numpy as np

from mtrl.bandits.finite_class import represent
from tests.bandits.worlds import finite, finite_data
from tests.helpers import assert_close


def test_truth_is_one_of_the_candidates(key):
    params = finite(key)
    data = finite_data(key, params, 0)
    assert data.candidates.shape == (4, 2, 4, 3)
    assert_close("unit features", jnp.linalg.norm(data.candidates, axis=-1), np.ones((4, 2, 4)), rtol=1e-12)
    assert_close("true features", data.features, data.candidates[params.truth], rtol=1e-12)
    assert_close("means", data.means, jnp.einsum("mak,mk->ma", data.features, params.heads), rtol=1e-12)
    by_hand = np.tanh(np.asarray(data.contexts[0, 0]) @ np.asarray(params.first[1]).T) @ np.asarray(params.second[1]).T
    ours = represent(params, data.contexts[0, 0])[1]
    assert_close("one candidate by hand", ours, by_hand / np.linalg.norm(by_hand), rtol=1e-12)
    assert params.sizes.candidates == 4
