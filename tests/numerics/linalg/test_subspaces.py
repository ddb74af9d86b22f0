import hypothesis
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg

from mtrl.numerics.linalg import subspaces
from tests.helpers import assert_close


def pair(seed, dim=9, rank=3, tilt=1.0):
    first, second = (jax.random.normal(jax.random.key(seed + k), (dim, rank)) for k in (0, 1000))
    basis = subspaces.orthonormalise(first)[0]
    return basis, subspaces.orthonormalise(basis + tilt * second)[0]


@hypothesis.given(st.integers(0, 10**6), st.sampled_from([1e-6, 1e-2, 1.0]))
def test_three_forms_of_sin_theta_agree(seed, tilt):
    first, second = pair(seed, tilt=tilt)
    ours = subspaces.sin_theta(first, second)
    cosine = np.linalg.svd(first.T @ second, compute_uv=False)[-1]
    assert_close("square-root form", ours**2, max(0.0, 1 - float(cosine) ** 2), rtol=1e-6, atol=1e-14)
    gap = np.linalg.norm(subspaces.projector(first) - subspaces.projector(second), 2)
    assert_close("projector form", ours, gap, rtol=1e-8, atol=1e-14)
    frobenius = subspaces.frobenius_distance(first, second)
    assert_close("Frobenius", frobenius**2, 3 - np.sum((first.T @ second) ** 2), rtol=1e-6, atol=1e-13)


def test_principal_angles_match_scipy_and_stay_exact_near_zero():
    first, second = pair(3)
    assert_close(
        "angles", subspaces.principal_angles(first, second), scipy.linalg.subspace_angles(first, second), 1e-10
    )
    first, second = pair(3, tilt=1e-11)
    reference = scipy.linalg.subspace_angles(first, second)
    assert_close("tiny angles", subspaces.principal_angles(first, second), reference, 1e-3)
    assert float(subspaces.sin_theta(first, second)) > 1e-12  # the square-root form would give 0 here


def test_orthonormalise_has_fixed_sign_and_reproduces_the_matrix():
    matrix = jax.random.normal(jax.random.key(0), (7, 3))
    q, r = subspaces.orthonormalise(matrix)
    assert_close("QR", q @ r, matrix, 1e-12)
    assert_close("orthonormal", q.T @ q, np.eye(3), 1e-12)
    assert bool(jnp.all(jnp.diagonal(r) >= 0))
    assert_close("sign", subspaces.orthonormalise(q)[0], q, 1e-12)


def test_leading_spaces_match_numpy():
    wide = jax.random.normal(jax.random.key(1), (5, 40))
    left = np.linalg.svd(np.asarray(wide))[0][:, :2]
    for ours in (subspaces.top_left_singular(wide, 2), subspaces.top_eigenspace(wide @ wide.T, 2)):
        assert_close("projector", subspaces.projector(ours), left @ left.T, 1e-9)
    tall = subspaces.top_left_singular(wide.T, 2)
    right = np.linalg.svd(np.asarray(wide))[2][:2].T
    assert_close("tall", subspaces.projector(tall), right @ right.T, 1e-9)


def test_what_is_outside_a_span_has_nothing_along_it():
    """Even where the two spans agree to 1e-12: the remainder along B is rounding of the part outside, not of the whole."""
    first, second = pair(5, tilt=1e-12)
    outside = subspaces.remove_span(first, second)
    assert float(jnp.linalg.norm(first.T @ outside)) < 1e-9 * float(jnp.linalg.norm(outside))
