import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.random_matrix import classification_theory as theory
from mtrl.random_matrix.classification_problem import related_means
from mtrl.random_matrix.labels import (
    center_labels,
    contrast,
    optimal_labels,
    optimal_labels_every_target,
    signed_labels,
)
from tests.helpers import assert_close
from tests.random_matrix.classification_settings import error_midpoint, isotropic, optimal, predict, signed

COUNTS = jnp.array([[60, 40], [15, 25]])


@jax.jit
def solve(beta, lam):
    eq = isotropic(related_means(beta[None], norm=2.0, dim=50), COUNTS, (1.0, 2.0), lam)
    found = optimal_labels(eq, COUNTS, 1)
    return found, theory.error_midpoint(theory.predict(eq, found.ytil)), eq


def test_closed_form_numbers():
    found, error, _ = solve(jnp.array(0.5), 3.0)
    assert_close("labels over ytil_21", found.ytil / found.ytil[1, 0], [[0.35531977, -0.53297966], [1, -0.6]], 1e-7)
    assert_close("error with optimal labels", error[1], 0.27039722, 1e-7)
    assert_close("scale", found.ytil[1, 0] - found.ytil[1, 1], 2.0, 1e-12)


def test_signed_labels_are_centred_and_plain_for_equal_classes():
    assert_close("centred +-1", signed_labels(COUNTS, jnp.float64), [[0.8, -1.2], [1.25, -0.75]], 1e-12)
    assert_close("balanced +-1", signed_labels(jnp.array([[5, 5]]), jnp.float64), [[1, -1]], 1e-12)


def test_optimal_labels_are_centred():
    found, _, _ = solve(jnp.array(0.5), 3.0)
    assert_close("sum_j n_ij ytil_ij", jnp.sum(COUNTS * found.ytil, axis=1), np.zeros(2), atol=1e-10)


def test_no_random_centred_perturbation_is_better():
    found, error, eq = solve(jnp.array(-0.3), 3.0)
    noise = np.random.default_rng(0).standard_normal((300, 2, 2)) * np.logspace(-3, 0, 300)[:, None, None]
    tried = jax.vmap(lambda e: center_labels(found.ytil + e, COUNTS))(jnp.asarray(noise))
    errors = jax.jit(jax.vmap(lambda y: theory.error_midpoint(theory.predict(eq, y))[1]))(tried)
    # the predicted error depends on labels through (m_1 - m_2)/sd; perturbations that flip the sign are worse still
    assert np.all(np.asarray(errors) >= float(error[1]) - 1e-12)
    assert float(jnp.min(errors - error[1])) < 1e-3, "the perturbations were too large to test optimality"


@pytest.mark.parametrize("beta", [0.2, 0.9])
def test_error_is_even_and_source_labels_are_odd_in_the_similarity(beta):
    (plus, error_plus, _), (minus, error_minus, _) = solve(jnp.array(beta), 3.0), solve(jnp.array(-beta), 3.0)
    assert_close("error at -beta", error_minus[1], error_plus[1], 1e-12)
    assert_close("source labels at -beta", -minus.ytil[0], plus.ytil[0], 1e-10)
    assert_close("target labels at -beta", minus.ytil[1], plus.ytil[1], 1e-10)


def test_unrelated_source_gets_label_zero():
    found, _, _ = solve(jnp.array(0.0), 3.0)
    assert_close("source labels at beta = 0", found.ytil[0], np.zeros(2), atol=1e-12)


def test_without_coupling_the_source_is_left_out():
    found, error, eq = solve(jnp.array(0.7), 0.0)
    alone = error_midpoint(predict(eq, signed(COUNTS)))
    assert_close("source labels at lam = 0", found.ytil[0], np.zeros(2), atol=1e-12)
    assert_close("error at lam = 0 is the single-task one", error[1], alone[1], 1e-12)


def test_every_target_repeats_the_single_target():
    _, _, eq = solve(jnp.array(0.5), 3.0)
    every = jax.jit(optimal_labels_every_target)(eq, COUNTS)
    for i in range(2):
        assert_close(f"target {i}", every.ytil[i], optimal(eq, COUNTS, i).ytil, 1e-12)
    assert_close("own gap", every.ytil[0, 0, 0] - every.ytil[0, 0, 1], 2.0, 1e-12)


def test_cutoff_leaves_out_small_directions():
    _, _, eq = solve(jnp.array(0.5), 3.0)
    exact, cut = optimal(eq, COUNTS, 1), optimal(eq, COUNTS, 1, cutoff=0.5)
    assert not np.allclose(exact.ytil, cut.ytil)


def test_equal_class_means_are_not_informative():
    eq = isotropic(jnp.zeros((2, 2, 50)), COUNTS, (1.0, 2.0), 3.0)
    found = optimal(eq, COUNTS, 1)
    assert not bool(found.informative)
    assert_close("labels", found.ytil, np.zeros((2, 2)))
    assert_close("error", error_midpoint(predict(eq, found.ytil)), [0.5, 0.5])


def test_contrast_of_several_classes():
    counts = jnp.array([[1, 2, 3], [4, 6, 2]])
    assert_close("contrast", contrast(counts, 1, 1), [0, 0, 0, -4 / 6, 1, -2 / 6], 1e-12)
