import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.random_matrix import coupling
from mtrl.random_matrix.classification import theory
from mtrl.random_matrix.classification.labels import (
    center_labels,
    contrast,
    optimal_labels,
    optimal_labels_every_target,
    signed_labels,
)
from mtrl.random_matrix.classification.problem import related_means
from tests.helpers import assert_close
from tests.random_matrix.classification.settings import error_midpoint, isotropic, optimal, score_law, signed

COUNTS = jnp.array([[60, 40], [15, 25]])


@jax.jit
def solve(beta, lam):
    eq = isotropic(related_means(beta[None], norm=2.0, dim=50), COUNTS, (1.0, 2.0), lam)
    found = optimal_labels(eq, COUNTS, 1)
    return found, theory.error_midpoint(theory.score_law(eq, found.ytil)), eq


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
    assert_close(
        "sum_j n_ij ytil_ij", np.sum(np.asarray(COUNTS) * np.asarray(found.ytil), axis=1), np.zeros(2), atol=1e-10
    )


def test_no_random_centred_perturbation_is_better():
    found, error, eq = solve(jnp.array(-0.3), 3.0)
    noise = np.random.default_rng(0).standard_normal((300, 2, 2)) * np.logspace(-3, 0, 300)[:, None, None]
    tried = jax.vmap(lambda e: center_labels(found.ytil + e, COUNTS))(jnp.asarray(noise))
    errors = jax.jit(jax.vmap(lambda y: theory.error_midpoint(theory.score_law(eq, y))[1]))(tried)
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
    alone = error_midpoint(score_law(eq, signed(COUNTS)))
    assert_close("source labels at lam = 0", found.ytil[0], np.zeros(2), atol=1e-12)
    assert_close("error at lam = 0 is the single-task one", error[1], alone[1], 1e-12)


def test_every_target_repeats_the_single_target():
    _, _, eq = solve(jnp.array(0.5), 3.0)
    every = jax.jit(optimal_labels_every_target)(eq, COUNTS)
    for i in range(2):
        assert_close(f"target {i}", every.ytil[i], optimal(eq, COUNTS, i).ytil, 1e-12)
    assert_close("own gap", every.ytil[0, 0, 0] - every.ytil[0, 0, 1], 2.0, 1e-12)


def test_rounding_takes_the_place_of_a_diagonal_that_is_lost():
    _, _, eq = solve(jnp.array(0.5), 3.0)
    exact, kept = optimal(eq, COUNTS, 1), optimal(eq, COUNTS, 1, rounding=0.5)
    assert not np.allclose(exact.ytil, kept.ytil)
    assert_close("tiny", optimal(eq, COUNTS, 1, rounding=1e-12).ytil, exact.ytil, 1e-9)


def test_equal_class_means_are_not_informative():
    eq = isotropic(jnp.zeros((2, 2, 50)), COUNTS, (1.0, 2.0), 3.0)
    found = optimal(eq, COUNTS, 1)
    assert not bool(found.informative)
    assert_close("labels", found.ytil, np.zeros((2, 2)))
    theory.check_centred(found.ytil, COUNTS)  # labels of 0 have mean 0
    assert_close("error", error_midpoint(score_law(eq, found.ytil)), [0.5, 0.5])


def test_contrast_of_several_classes():
    counts = jnp.array([[1.0, 2, 3], [4, 6, 2]])
    assert_close("contrast", contrast(counts, 1, 1), [0, 0, 0, -4 / 6, 1, -2 / 6], 1e-12)


@pytest.mark.parametrize(
    ("dtype", "gamma", "lam", "expected"), [("float32", 100.0, 1.0, 0.2745), ("float64", 1.0, 1e-8, 0.2156)]
)
def test_a_source_of_which_little_is_seen_still_helps(dtype, gamma, lam, expected):
    """p = 100, 200 + 200 source and 20 + 20 target samples, cosine .9: the labels make up for a small lam, whatever the precision."""
    gram, n = 4 * jnp.array([[1.0, 0.9], [0.9, 1.0]], dtype), jnp.array([[200, 200], [20, 20]])

    @jax.jit
    def run(gamma, lam):
        eq = theory.score_equivalent(theory.mean_gram(gram, n), n, coupling(jnp.full(2, gamma, dtype), lam), dim=100)
        ytil = optimal_labels(eq, n, 1).ytil
        return eq, ytil, theory.error_midpoint(theory.score_law(eq, ytil))[1]

    eq, ytil, error = run(gamma, lam)
    assert_close("error with optimal labels", error, expected, atol=1e-4, rtol=0)
    theory.score_law(eq, ytil)  # its own labels are centred
    for gamma, lam in ((1e4, 1e-4), (1e-4, 1e4), (1.0, 0.0)):
        _, ytil, _ = run(gamma, lam)
        theory.check_centred(ytil, n)


def test_gradient_with_optimal_labels():
    """By the envelope theorem that of the error with the labels held; finite at lam = 0, where the labels of the source vanish."""
    gram, gamma = jnp.array([[4.0, 3.0], [3.0, 4.0]]), jnp.array([1.0, 2.0])

    def equivalent(lam):
        return theory.score_equivalent(theory.mean_gram(gram, COUNTS), COUNTS, coupling(gamma, lam), dim=50)

    def error(eq, ytil):
        return theory.error_midpoint(theory.score_law(eq, ytil))[1]

    @jax.jit
    def slopes(lam):
        held = optimal_labels(equivalent(lam), COUNTS, 1).ytil
        optimal = jax.grad(lambda lam: error(equivalent(lam), optimal_labels(equivalent(lam), COUNTS, 1).ytil))(lam)
        return optimal, jax.grad(lambda lam: error(equivalent(lam), held))(lam)

    for lam in (0.0, 1e-6, 0.3):
        optimal, held = slopes(lam)
        assert abs(float(held)) > 1e-3
        assert_close(f"d error / d lam at {lam:g}", optimal, held, 1e-6)


def test_targets_and_counts_that_are_none():
    eq = isotropic(related_means([0.5], norm=2.0, dim=50), COUNTS, (1.0, 2.0), 3.0)
    for target in (-1, 5):
        with pytest.raises(BadInput, match=f"target got {target}, but must be a whole number from 0 to 1"):
            optimal_labels(eq, COUNTS, target)
    with pytest.raises(BadInput, match="positive got 2"):
        optimal_labels(eq, COUNTS, 1, positive=2)
    with pytest.raises(BadInput, match=r"counts has shape \(3, 2\), but must have \(2, 2\)"):
        optimal_labels(eq, [[3, 3]] * 3, 1)


def test_nan_is_not_taken_for_equal_means():
    eq = isotropic(related_means([0.5], norm=2.0, dim=50).at[0, 0, 0].set(jnp.nan), COUNTS, (1.0, 2.0), 3.0)
    found = optimal(eq, COUNTS, 1)
    assert not bool(found.informative) and np.isnan(found.ytil).any()
