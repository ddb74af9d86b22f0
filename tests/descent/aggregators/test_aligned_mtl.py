"""Aligned-MTL: table, the aligned Gramian, descent, the Procrustes form, what does and does not change it."""

import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.descent import aligned_mtl
from mtrl.descent.aggregators import aligned_mtl_weights, alignment
from tests.descent.fixtures import J2, TABLE, direction, directions, random_jacobians
from tests.helpers import assert_close

ROWS = {
    "min": ([0.213279, 0.967333, 0.967333], [-0.076663, 0.750430, 0.979323, 0.114446], [0.384900, 0.384900]),
    "median": ([0.213279, 0.967333, 0.967333], [-0.087332, 0.854863, 1.115610, 0.130373], [0.384900, 0.384900]),
    "rmse": ([0.576376, 2.614172, 2.614172], [-0.105463, 1.032346, 1.347226, 0.157440], [0.544331, 0.544331]),
}
PREFERRED = ([1.034088, 0.876846, 0.876846], [-0.067800, 0.433545, 1.191900, 0.379178], [0.383013, 0.483013])


@pytest.mark.parametrize("scale, row", ROWS.items())
def test_table(scale, row):
    for J, expected in zip(TABLE, row, strict=True):
        assert_close("TorchJD 0.18", direction(aligned_mtl, J, scale=scale), expected, atol=1e-6)


def test_table_with_preferences():
    for J, w, expected in zip(TABLE, ((0.2, 0.8), (0.2, 0.3, 0.5), (0.2, 0.3, 0.5)), PREFERRED, strict=True):
        assert_close("TorchJD 0.18", direction(aligned_mtl, J, preference=w), expected, atol=1e-6)


def test_gramian_of_the_aligned_gradients_is_a_multiple_of_the_identity():
    """`B M B' = sigma_R^2 I`: condition number 1 (Senushkin et al. 2023, section 4)."""
    for J in random_jacobians(30)[::3]:
        M = J @ J.T
        B = np.asarray(alignment(jnp.asarray(M)))
        assert_close("aligned", B @ M @ B.T, np.linalg.eigvalsh(M)[0] * np.eye(3), rtol=1e-8, atol=1e-10 * np.trace(M))


def test_descends_on_the_weighted_loss_and_is_the_nearest_orthonormal_matrix():
    """`g0 . d >= |d|^2` and `d = sigma_R U V' w` of the singular value decomposition `J' = U S V'`."""
    Js = random_jacobians(60)[::3]
    d, g0 = directions(aligned_mtl_weights, Js), Js.mean(1)
    assert ((g0 * d).sum(1) >= (d**2).sum(1) * (1 - 1e-9)).all()
    for J, found in zip(Js, d, strict=True):
        U, S, Vt = np.linalg.svd(J.T, full_matrices=False)
        assert_close("Procrustes", found, S[-1] * U @ Vt @ np.full(3, 1 / 3), atol=1e-10 * S[0])


def test_orthogonal_gradients_of_one_norm_are_left_alone_and_scales_matter():
    """Unlike Nash-MTL's, its direction turns when tasks are rescaled: by .07 = |u - u'| / sqrt(2) for (.1, 3, 40)."""
    assert_close("mean", direction(aligned_mtl, 2 * np.eye(3)), np.full(3, 2 / 3), rtol=1e-12)
    one, other = direction(aligned_mtl, J2 * np.array([[0.1], [3], [40]])), direction(aligned_mtl, J2)
    cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    assert_close("turned", np.sqrt(1 - cosine), 0.072, atol=1e-3)
