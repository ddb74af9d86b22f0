"""Solvers for couplings and designs with other structure."""

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.random_matrix import coupling
from mtrl.random_matrix.regression import (
    fit_at,
    fit_conjugate_gradients,
    fit_dual,
    fit_primal,
    fit_shared_centre,
    fit_shared_features,
    prepare_path,
)
from tests.helpers import assert_close
from tests.random_matrix.regression_fixtures import random_data


def test_any_psd_coupling_singular_or_with_negative_entries():
    data = random_data(5, (6, 9, 4))
    F = np.random.default_rng(1).normal(size=(3, 2))
    B = jnp.asarray(F @ F.T)
    dual, primal, iterative = fit_dual(data, B=B), fit_primal(data, B=B), fit_conjugate_gradients(data, B=B)
    assert_close("primal", primal.W, dual.W, rtol=1e-12)
    assert_close("conjugate gradients", iterative.W, dual.W, rtol=1e-9)
    assert float(iterative.error) < 1e-11
    stopped = fit_conjugate_gradients(data, B=100 * B, iterations=2)
    assert float(stopped.error) > 1e-3  # an unfinished solve says so
    in_other_units = fit_conjugate_gradients(data._replace(targets=1e3 * data.targets), B=100 * B, iterations=2)
    assert_close("the error is a share of |Y|", in_other_units.error, stopped.error, rtol=1e-9)


def test_shared_design():
    rng = np.random.default_rng(2)
    X, Y = jnp.asarray(rng.normal(size=(8, 5))), jnp.asarray(rng.normal(size=(3, 8)))
    F = rng.normal(size=(3, 2))
    B = jnp.asarray(F @ F.T)
    data = random_data(5, (8, 8, 8))._replace(features=jnp.stack([X] * 3), targets=Y[:, :, None])
    assert_close("two eigendecompositions", fit_shared_features(X, Y, B=B), fit_dual(data, B=B).W[:, :, 0], rtol=1e-12)


def test_path_over_lam():
    gamma = jnp.array([0.7, 1.6])
    for dim, counts in ((6, (10, 14)), (20, (5, 9))):
        data = random_data(dim, counts)
        path = prepare_path(data, gamma=gamma)
        fits = jax.vmap(lambda lam, path=path: fit_at(path, lam))(jnp.array([0.0, 0.9, 30.0]))
        for i, lam in enumerate((0.0, 0.9, 30.0)):
            direct = fit_shared_centre(data, gamma=gamma, lam=lam)
            for field, a, b in zip(direct._fields[:3], fits, direct, strict=False):
                assert_close(f"d {dim} lam {lam} {field}", a[i], b, rtol=1e-11)


def test_huge_lam_by_the_dual_form():
    """lam = 1e9 with n < d: both forms finite and alike to the conditioning of the problem."""
    data, gamma = random_data(20, (5, 9)), jnp.array([0.7, 1.6])
    dual, star = fit_dual(data, B=coupling(gamma, 1e9)), fit_shared_centre(data, gamma=gamma, lam=1e9)
    assert_close("residual", star.residual, dual.residual, rtol=1e-4)
