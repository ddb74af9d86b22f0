import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from mtrl.numerics.errors import BadInput
from mtrl.random_matrix import coupling
from mtrl.random_matrix.classification import theory
from mtrl.random_matrix.classification.estimator import fit, score_moments
from mtrl.random_matrix.classification.labels import center_labels
from mtrl.random_matrix.classification.problem import Mixture, mean_differences, related_means, sample_mixture
from tests.helpers import assert_close, assert_mean
from tests.random_matrix.classification.settings import error_at, error_midpoint, isotropic, score_law, signed, simulate

COUNTS = ((60, 40), (15, 25))
MEANS = jnp.zeros((2, 2, 50)).at[0, 0, 0].set(2.0).at[1, 0, 0].set(1.0).at[1, 0, 1].set(3**0.5)


def test_closed_form_numbers():
    eq = isotropic(MEANS, COUNTS, (1.0, 2.0), 3.0)
    law = score_law(eq, signed(jnp.asarray(COUNTS)))
    assert bool(eq.converged)
    assert_close("delta", eq.delta, [0.50714146, 1.00728458], 1e-8)
    assert_close("m", law.mean, [[0.32870685, -0.49306028], [0.42554438, -0.25532663]], 1e-7)
    assert_close("var", law.variance, [0.33068306, 0.32414983], 1e-7)
    assert_close("error", error_midpoint(law), [0.23745366, 0.27493799], 1e-7)


def test_mean_is_label_minus_residual():
    eq = isotropic(MEANS, COUNTS, (1.0, 2.0), 3.0)
    ytil = signed(jnp.asarray(COUNTS))
    r = theory.residual_labels(eq, ytil).reshape(2, 2)
    assert_close("G K r = ytil - r", score_law(eq, ytil).mean, ytil - r, 1e-12)


@pytest.mark.parametrize(
    ("beta", "labels", "expected"),
    [(0.8, None, 0.1891), (-0.4, None, 0.3125), (0.5, ((0.6, -0.9), (1.0, -1.0)), 0.2092)],
)
def test_theory_and_simulation_at_p_100(key, beta, labels, expected):
    """Reference run at p = 100; 400 training sets, exact conditional moments."""
    counts = ((60, 90), (30, 25))
    params = Mixture(related_means(jnp.array([beta]), norm=2.5, dim=100))
    n = jnp.asarray(counts)
    ytil = signed(n) if labels is None else center_labels(jnp.asarray(labels), n)
    law = score_law(isotropic(params.means, counts, (0.8, 1.5), 2.0), ytil)
    assert_close("predicted error", error_midpoint(law)[1], expected, atol=5.1e-5, rtol=0)
    mean, variance = simulate(key, params, ytil, coupling(jnp.array([0.8, 1.5]), 2.0), counts=counts, seeds=400)
    error = error_at(mean, variance, theory.midpoint(law))[:, 1]
    gap, predicted_gap = mean[:, :, 0] - mean[:, :, 1], law.mean[:, 0] - law.mean[:, 1]
    assert_mean("error", error, error_midpoint(law)[1], sigmas=4, bias=0.001)
    assert_mean("score gap", gap / predicted_gap, np.ones(2), sigmas=4, bias=0.011)
    assert_mean("score variance", variance / law.variance, np.ones(2), sigmas=4, bias=0.011)


@pytest.mark.parametrize(
    ("similarity", "dim", "counts", "gamma", "seeds", "bias"),
    [
        ((0.6,), 200, ((120, 80), (30, 50)), (1.0, 2.0), 150, 0.005),
        ((0.7, -0.5), 150, ((60, 50), (70, 40), (20, 30)), (1.0, 0.5, 2.0), 150, 0.002),
    ],
)
def test_theory_and_simulation_at_other_sizes(key, similarity, dim, counts, gamma, seeds, bias):
    params = Mixture(related_means(jnp.asarray(similarity), norm=2.0, dim=dim))
    ytil = signed(jnp.asarray(counts))
    law = score_law(isotropic(params.means, counts, gamma, 3.0), ytil)
    mean, variance = simulate(key, params, ytil, coupling(jnp.asarray(gamma), 3.0), counts=counts, seeds=seeds)
    error = error_at(mean, variance, theory.midpoint(law))
    assert_mean("errors", error, error_midpoint(law), sigmas=4, bias=bias)


def test_without_coupling_source_labels_are_irrelevant_to_the_target():
    eq = isotropic(MEANS, COUNTS, (1.0, 2.0), 0.0)
    one, other = (score_law(eq, jnp.array([source, [1.25, -0.75]])) for source in ([0.8, -1.2], [-4.0, 6.0]))
    assert_close("target's mean", one.mean[1], other.mean[1], 1e-12)
    assert_close("target's variance", one.variance[1], other.variance[1], 1e-12)


def test_error_at_a_fixed_threshold():
    mean, variance, c = jnp.array([[0.7, -0.2], [0.1, 0.4]]), jnp.array([0.5, 0.3]), jnp.array([0.1, 0.0])
    expected = [
        (stats.norm.cdf((0.1 - 0.7) / 0.5**0.5) + stats.norm.sf((0.1 + 0.2) / 0.5**0.5)) / 2,
        (stats.norm.cdf(-0.1 / 0.3**0.5) + stats.norm.sf(-0.4 / 0.3**0.5)) / 2,
    ]
    assert_close("error at a threshold", error_at(mean, variance, c), expected, 1e-12)
    assert float(error_at(jnp.zeros(2), jnp.array(0.0), jnp.array(0.0))) == 0.5


def test_task_renaming_renames_the_prediction():
    counts, dmu = jnp.asarray(COUNTS), mean_differences(MEANS)

    @jax.jit
    def law(order):
        n, d = counts[order], dmu[order]
        B = coupling(jnp.array([1.0, 2.0])[order], 3.0)
        eq = theory.score_equivalent(theory.mean_gram(d @ d.T, n), n, B, dim=50)
        return score_law(eq, signed(n))

    straight, swapped = law(jnp.array([0, 1])), law(jnp.array([1, 0]))
    assert_close("permuted means", swapped.mean[::-1], straight.mean, 1e-12)
    assert_close("permuted variances", swapped.variance[::-1], straight.variance, 1e-12)


def test_gradient_is_finite_and_matches_differences():
    n, gram = jnp.asarray(COUNTS), jnp.array([[4.0, 2.0], [2.0, 4.0]])

    def error(lam):
        eq = theory.score_equivalent(theory.mean_gram(gram, n), n, coupling(jnp.array([1.0, 2.0]), lam), dim=50)
        return error_midpoint(score_law(eq, signed(n)))[1]

    values, slopes = jax.jit(jax.vmap(jax.value_and_grad(error)))(jnp.array([3.0 - 1e-4, 3.0, 3.0 + 1e-4]))
    assert_close("d error / d lam", slopes[1], (values[2] - values[0]) / 2e-4, 1e-6)


def test_centring_noise_is_the_excess_over_the_known_mean(key):
    """Paired over training sets: centring by the training mean instead of its expectation costs what the correction says."""
    counts = ((20, 20),)
    means = jnp.zeros((1, 2, 100)).at[0, 0, 0].set(1.0).at[0, 1, 0].set(-1.0)
    B, n = jnp.array([[0.1]]), jnp.asarray(counts)
    dmu = mean_differences(means)
    eq = jax.jit(theory.score_equivalent, static_argnames="dim")(theory.mean_gram(dmu @ dmu.T, n), n, B, dim=100)
    law = score_law(eq, signed(n))
    cost = error_midpoint(theory.with_centring_noise(law, n)) - error_midpoint(law)

    def once(key):
        data = sample_mixture(key, Mixture(means), counts=counts)
        fitted = fit(data, signed(n), B)
        errors = [
            theory.error_at(*score_moments(f, means), jnp.zeros(1))
            for f in (fitted, fitted._replace(centre=jnp.zeros((1, 100))))
        ]
        return errors[0] - errors[1]

    excess = jax.jit(lambda keys: jax.lax.map(once, keys, batch_size=50))(jax.random.split(key, 1000))
    assert_mean("excess from the estimated mean", excess, cost, sigmas=4, bias=2e-4)


def test_uncentred_labels_are_refused():
    n = [[60, 90], [30, 30]]
    with pytest.raises(BadInput, match="labels of task 0 have sample mean -0.3, but must be centred .*--center_labels"):
        theory.check_centred(np.array([[0.6, -0.9], [1.0, -1.0]]), np.array(n))
    eq = isotropic(MEANS, COUNTS, (1.0, 2.0), 3.0)
    with pytest.raises(BadInput, match="labels of task 0 have sample mean 0.2, but must be centred"):
        theory.score_law(eq, [[1.0, -1.0], [1.25, -0.75]])
    with pytest.raises(BadInput, match="labels has shape"):
        theory.check_centred(np.array([1.0, -1.0]), np.array(n))
    with pytest.raises(BadInput, match="labels holds nan"):
        theory.check_centred(np.array([[np.nan, -1.0]]), np.array(n[:1]))
    for tiny in (1e-300, 1e-12):  # the test is relative
        theory.check_centred(tiny * np.array([[0.9, -0.6], [1.0, -1.0]]), np.array(n))
        with pytest.raises(BadInput, match="centred"):
            theory.check_centred(tiny * np.array([[0.6, -0.9], [1.0, -1.0]]), np.array(n))


@pytest.mark.parametrize(
    ("gram", "counts", "match"),
    [
        ([[1.0, 2.0], [2.0, 1.0]], COUNTS, "gram has the negative eigenvalue -1, .*; apply nearest_psd"),
        ([[1.0, 2.0], [0.0, 1.0]], COUNTS, "not symmetric"),
        ([[4.0, 2.0], [2.0, 4.0]], [*COUNTS, (3, 3)], r"counts has shape \(3, 2\), but must have \(2, 2\)"),
    ],
)
def test_gram_matrices_that_cannot_be_one(gram, counts, match):
    with pytest.raises(BadInput, match=match):
        theory.mean_gram(gram, counts)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (dict(counts=[[3, 3], [0, 2]]), "counts got 0, .* every class of every task needs a sample"),
        (dict(counts=[[3, 3]] * 3), r"counts has shape \(3, 2\), but must have \(2, any\); B has a row for every task"),
        (dict(B=[[1.0, 2.0], [2.0, 1.0]]), "B has the negative eigenvalue"),
        (dict(dim=0), "dim got 0"),
        (dict(M=jnp.eye(3)), "M has shape"),
    ],
)
def test_sizes_that_disagree(change, match):
    good = dict(M=jnp.eye(4), counts=[[3, 3], [2, 2]], B=[[2.0, 1.0], [1.0, 2.0]], dim=5)
    with pytest.raises(BadInput, match=match):
        theory.score_equivalent(**{**good, **change})


def test_equal_class_means_warn():
    with pytest.warns(UserWarning, match="equal means.*error is 0.5"):
        gram = theory.mean_gram(np.zeros((2, 2)), COUNTS)
    assert not np.any(gram)


def test_means_beyond_rounding():
    """Classes infinitely far apart: scores reach their labels, m -> ytil; one shared hyperplane of equal tasks reaches their mean."""
    ytil = jnp.array([[0.8, -1.2], [0.9, -0.54]])
    for size, limit in ((1e5, 1e-5), (1e20, 0.2)):  # the pooled problem loses its identity to rounding in the end
        means = size * related_means(jnp.array([1.0]), norm=2.0, dim=50)
        assert_close("m", score_law(isotropic(means, COUNTS, (1.0, 2.0), 3.0), ytil).mean, ytil, 1e-8)
        equal = isotropic(means, ((30, 50), (30, 50)), (0.0, 0.0), 3.0)
        pooled = score_law(equal, jnp.array([[5.0, -3.0], [2.5, -1.5]])).mean
        assert_close("pooled m", pooled, [[3.75, -2.25]] * 2, limit)
