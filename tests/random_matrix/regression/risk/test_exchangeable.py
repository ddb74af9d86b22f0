import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

from mtrl.numerics.errors import BadInput
from mtrl.random_matrix import coupling
from mtrl.random_matrix.regression import aligned_energies, risk_exchangeable, risk_isotropic
from tests.helpers import assert_close

exchangeable = jax.jit(risk_exchangeable)


def test_reference_value_and_matrix_formula():
    ours = exchangeable(aligned_energies(0.6, 2), gamma=1.5, lam=0.8, noise=0.3, ratio=0.7)
    assert_close("risk", ours.test, 0.597140, rtol=1e-6)
    gram, ones = np.array([[1.0, 0.6], [0.6, 1.0]]) / 2, np.ones(2)
    matrix = jax.jit(risk_isotropic)(coupling(1.5 * ones, 0.8), 70 * ones, 100, gram, 0.3 * ones)
    assert_close("scalar = matrix, test", ours.test, np.asarray(matrix.test)[0], rtol=1e-12)
    assert_close("scalar = matrix, train", ours.train, np.asarray(matrix.train)[0], rtol=1e-12)


def test_five_tasks_equal_the_matrix_formula():
    gram, ones = (0.7 * np.eye(5) + 0.3) / 5, np.ones(5)
    ours = exchangeable(aligned_energies(0.3, 5), gamma=2.0, lam=0.4, noise=0.2, ratio=1.4)
    matrix = jax.jit(risk_isotropic)(coupling(2.0 * ones, 0.4), 140 * ones, 100, gram, 0.2 * ones)
    assert_close("five tasks", ours.test, np.asarray(matrix.test)[3], rtol=1e-12)


def test_root_by_bisection():
    ours = exchangeable(aligned_energies(0.6, 2), gamma=1.5, lam=0.8, noise=0.3, ratio=0.7)
    a = np.array([3.1, 1.5])
    root = scipy.optimize.bisect(lambda k: float(k + np.sum(k * a / (1 + k * a)) / 4 - 0.35), 0.0, 0.35, xtol=1e-15)
    assert_close("k", ours.k, root, rtol=1e-12)


@pytest.mark.parametrize(
    ("ratio", "at_zero", "at_ten"), [(0.5, 0.5650, 0.5189), (1.5, 0.3947, 0.4076), (2.5, 0.3162, 0.3206)]
)
def test_three_shapes_of_the_decomposition_figure(ratio, at_zero, at_ten):
    """alpha .9, gamma 10, sig2 .21: decreasing, convex, increasing in lam as samples per dimension grow."""
    risk = jax.jit(
        jax.vmap(
            lambda lam: risk_exchangeable(aligned_energies(0.9, 2), gamma=10.0, lam=lam, noise=0.21, ratio=ratio).test
        )
    )
    values = np.asarray(risk(np.array([0.0, 10.0, 0.65])))
    assert_close("R(0), R(10)", values[:2], [at_zero, at_ten], rtol=1.2e-4)
    shape = {
        0.5: values[1] < values[2] < values[0],
        1.5: values[2] < values[0] < values[1],
        2.5: values[0] < values[2] < values[1],
    }
    assert bool(shape[ratio])


def test_double_descent_survives_sharing_but_not_matched_gamma():
    """n_t = d, alpha .5, sig2 .3: 1.25 (gamma 100, lam 0), 1.51 (lam 100), .543 with the matched coupling."""
    energies = aligned_energies(0.5, 2)
    values = [
        exchangeable(energies, gamma=g, lam=lam, noise=0.3, ratio=1.0).test
        for g, lam in ((100.0, 0.0), (100.0, 100.0), (0.5 / 0.3, 0.5 / 0.3))
    ]
    assert_close("risks at the peak", np.array(values), [1.25, 1.51, 0.543], rtol=4e-3)


def test_tuned_coupling_over_samples_per_dimension():
    b = 0.5 / 0.3
    risk = jax.jit(
        jax.vmap(lambda ratio: risk_exchangeable(aligned_energies(0.5, 2), gamma=b, lam=b, noise=0.3, ratio=ratio).test)
    )
    values = risk(np.array([0.25, 0.5, 1.0, 1.5, 2.5, 4.0]))
    assert_close("tuned risks", values, [0.712, 0.641, 0.543, 0.483, 0.419, 0.376], rtol=8e-4)


def test_sharing_harms_opposed_and_helps_aligned_tasks():
    """n_t = d, gamma 1, sig2 .3: lam = 1 against 0 costs .032 at alpha -.5 and gains .097 at .9."""
    for alpha, effect in ((-0.5, 0.032), (0.9, -0.097)):
        energies = aligned_energies(alpha, 2)
        on, off = (exchangeable(energies, gamma=1.0, lam=lam, noise=0.3, ratio=1.0).test for lam in (1.0, 0.0))
        assert_close(f"alpha {alpha}", on - off, effect, atol=5.1e-4, rtol=0)


def test_few_samples_give_the_prior_and_none_are_refused():
    """n_t/d -> 0: nothing is learned, the risk is the variance of the target."""
    energies = aligned_energies(0.5, 2)
    ours = exchangeable(energies, gamma=1.0, lam=0.7, noise=0.3, ratio=1e-9)
    assert_close("variance of the target", ours.test, 0.3 + jnp.sum(energies) / 2, rtol=1e-8)
    with pytest.raises(BadInput, match="ratio got 0, but must be a finite number above 0"):
        risk_exchangeable(energies, gamma=1.0, lam=0.7, noise=0.3, ratio=0.0)
    unknown = jax.jit(lambda r: risk_exchangeable(energies, gamma=1.0, lam=0.7, noise=0.3, ratio=r))(jnp.nan)
    assert jnp.isnan(unknown.test) and not bool(unknown.converged)
