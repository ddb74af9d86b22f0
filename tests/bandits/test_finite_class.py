"""The finite class: features on the sphere, the truth is a candidate."""

import jax
import numpy as np

from mtrl.bandits.finite_class import represent
from tests.bandits.worlds import CLASS, finite
from tests.helpers import assert_close, host


def test_truth_is_one_of_the_candidates(key):
    params = finite(key)
    view, data = host(jax.jit(CLASS.draw)(key, params, 0))
    assert view.candidates.shape == (4, 2, 4, 3)
    assert_close("unit features", np.linalg.norm(view.candidates, axis=-1), np.ones((4, 2, 4)), rtol=1e-12)
    assert_close("true features", data.features, view.candidates[int(params.truth)], rtol=1e-12)
    assert_close("means", data.means, np.einsum("mak,mk->ma", data.features, params.heads), rtol=1e-12)
    by_hand = np.tanh(view.contexts[0, 0] @ np.asarray(params.first)[1].T) @ np.asarray(params.second)[1].T
    ours = np.asarray(jax.jit(represent)(params, view.contexts[0, 0]))[1]
    assert_close("one candidate by hand", ours, by_hand / np.linalg.norm(by_hand), rtol=1e-12)
    assert params.sizes.candidates == 4
