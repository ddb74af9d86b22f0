import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import Ridge

from mtrl.numerics.errors import BadInput
from mtrl.random_matrix import coupling
from mtrl.random_matrix.classification import estimator
from mtrl.random_matrix.classification.baselines import pooled_coupling, single_task_coupling
from mtrl.random_matrix.classification.estimator import Machine, predict, score, score_moments
from mtrl.random_matrix.classification.labels import signed_labels
from mtrl.random_matrix.classification.problem import Mixture, Samples, related_means, sample_mixture
from mtrl.random_matrix.classification.theory import error_at
from tests.helpers import assert_close, assert_mean

fit = jax.jit(estimator.fit, static_argnames=("center", "rounding"))  # eager calls would compile every operation
COUNTS = ((12, 7), (3, 6), (5, 5))
GAMMA, LAM, DIM = np.array([1.0, 2.0, 0.3]), 3.0, 8


@pytest.fixture(scope="module")
def problem():
    params = Mixture(related_means(jnp.array([0.5, -0.2]), norm=2.0, dim=DIM))
    data = sample_mixture(jax.random.key(4), params, counts=COUNTS)
    return params, data._replace(X=data.X + jnp.arange(3.0)[data.task][:, None])


def direct_solve(X, task, y, k):
    """Stationary point of the regularised objective in (w_0, v_1..v_k, b_1..b_k), by one dense linear solve."""
    n, p = X.shape
    design = np.zeros((n, (k + 1) * p + k))
    for row, i in enumerate(task):
        design[row, :p] = X[row] / np.sqrt(k * p)
        design[row, (i + 1) * p : (i + 2) * p] = X[row] / np.sqrt(k * p)
        design[row, (k + 1) * p + i] = 1
    penalty = np.concatenate([np.full(p, 1 / LAM), np.repeat(1 / GAMMA, p), np.zeros(k)])
    theta = np.linalg.solve(design.T @ design + np.diag(penalty), design.T @ y)
    w0, v = theta[:p], theta[p : (k + 1) * p].reshape(k, p)
    return (w0 + v) / np.sqrt(k * p), theta[(k + 1) * p :], y - design @ theta


@pytest.mark.parametrize("center", [True, False])
def test_closed_form_is_the_direct_solve_with_free_biases(problem, center):
    _, data = problem
    y = np.linspace(-1, 2, data.X.shape[0])  # not centred: the biases matter
    ours = fit(data, jnp.asarray(y), coupling(jnp.asarray(GAMMA), LAM), center=center)
    X, task = np.asarray(data.X), np.asarray(data.task)
    if center:
        X = X - np.stack([X[task == i].mean(0) for i in range(3)])[task]
    W, b, residual = direct_solve(X, task, y, 3)
    assert_close("weights", ours.W, W, 1e-12)
    assert_close("biases", ours.bias, b, 1e-12)
    assert_close("dual variables are the residuals", ours.alpha, residual, 1e-12)
    assert bool(ours.finite)


def test_centred_features_and_labels_need_no_bias(problem):
    _, data = problem
    y = signed_labels(COUNTS)
    ours = fit(data, y, coupling(jnp.asarray(GAMMA), LAM))
    assert_close("bias of a centred problem", ours.bias, np.zeros(3), atol=1e-14)


def test_single_task_limit_is_independent_ridge(problem):
    _, data = problem
    y = signed_labels(COUNTS)[data.task, data.label]
    ours = fit(data, y, single_task_coupling(0.7, 3))
    alone = fit(Samples(data.X[19:28], jnp.zeros(9, jnp.int32), data.label[19:28]), y[19:28], jnp.array([[0.7]]))
    assert_close("joint machine with lam = 0 against one task alone", ours.W[1], alone.W[0], 1e-12)
    for i in range(3):
        chosen = np.asarray(data.task) == i
        ridge = Ridge(alpha=DIM / 0.7).fit(np.asarray(data.X)[chosen], np.asarray(y)[chosen])
        assert_close(f"task {i} against scikit-learn", ours.W[i], ridge.coef_, 1e-10)


def test_pooled_limit_is_one_ridge(problem):
    _, data = problem
    y = signed_labels(COUNTS)[data.task, data.label]
    ours = fit(data, y, pooled_coupling(0.9, 3))
    X, task = np.asarray(data.X), np.asarray(data.task)
    centred = X - np.stack([X[task == i].mean(0) for i in range(3)])[task]
    ridge = Ridge(alpha=3 * DIM / 0.9, fit_intercept=False).fit(centred, np.asarray(y))
    assert_close("pooled against scikit-learn", ours.W, np.tile(ridge.coef_, (3, 1)), 1e-10)


def test_conditional_moments_are_those_of_fresh_test_points(problem, key):
    params, data = problem
    root = jnp.stack([jnp.eye(DIM), jnp.diag(jnp.linspace(0.5, 2, DIM)) + 3 * jnp.eye(DIM, k=-1), 2 * jnp.eye(DIM)])
    y = signed_labels(COUNTS)
    ours = fit(data, y, coupling(jnp.asarray(GAMMA), LAM))
    mean, variance = score_moments(ours, params.means, root)
    fresh = sample_mixture(key, Mixture(params.means, root), counts=((2000, 2000),) * 3)
    scores = np.asarray(score(ours, fresh.X, fresh.task)).reshape(3, 2, 2000)
    assert_mean("score mean given the fit", np.moveaxis(scores, 2, 0), np.asarray(mean))
    centred = scores - np.asarray(mean)[:, :, None]
    assert_mean("score variance given the fit", np.moveaxis(centred**2, 2, 0), np.asarray(variance)[:, None])
    threshold = mean.mean(1)
    found = np.asarray(predict(ours, fresh.X, fresh.task, threshold=threshold)).reshape(3, 2, 2000)
    wrong = np.stack([found[:, 0] != 0, found[:, 1] != 1]).mean(0)
    assert_mean("error given the fit", wrong.T, np.asarray(error_at(mean, variance, threshold)))


def test_fit_reports_a_failed_factorisation(problem):
    _, data = problem
    broken = fit(data._replace(X=data.X.at[0, 0].set(jnp.nan)), jnp.ones(38), coupling(jnp.asarray(GAMMA), LAM))
    assert isinstance(broken, Machine) and not bool(broken.finite)


def test_huge_features_raise_the_ridge_and_say_so(problem):
    _, data = problem
    y = jnp.ones((3, 2)).at[:, 1].set(-1.0)
    big, B = data._replace(X=1e10 * data.X), pooled_coupling(0.9, 3)
    assert bool(fit(big, y, B).finite) and float(fit(big, y, B).ridge) > 1
    assert float(fit(data, y, B).ridge) == 1
    size = np.trace(np.asarray(0.9 * big.X @ big.X.T)) / (38 * 3 * DIM)  # mean diagonal of K, before centring
    assert 0.2 * size < float(fit(big, y, B).ridge) / (4 * 38 * np.finfo(float).eps) < size
    ours = fit(big, y, B, rounding=1e-6)  # condition number 1e6 leaves digits to compare
    assert_close("fit with B / ridge", fit(big, y, B / ours.ridge, rounding=0.0).W, ours.W, 1e-8)


def test_lists_and_unknown_tasks():
    data = Samples(jnp.array([[0.0, 1.0], [2.0, 0.5], [1.0, 1.0]]), jnp.zeros(3, jnp.int32), jnp.array([0, 1, 1]))
    ours = jax.jit(lambda data: estimator.fit(data, [[2, -1]], [[0.7]]))(data)
    assert_close("lists", ours.W, fit(data, jnp.array([2.0, -1.0, -1.0]), jnp.array([[0.7]])).W, 1e-12)
    assert predict(ours, [[0, 1], [2, 0]], 0, threshold=0).shape == (2,)
    for bad, labels, match in [
        (data._replace(task=jnp.array([0, 7, 0])), [[2, -1]], "task got 7, but must be a whole number from 0 to 0"),
        (data._replace(label=jnp.array([0, 2, 1])), [[2, -1]], "label got 2"),
        (data, [[2, -1], [1, 1], [0, 0]], r"labels has shape \(3, 2\), but must have \(1, any\)"),
        (data, [1.0, -1.0], "one per sample, or one row per task"),
    ]:
        with pytest.raises(BadInput, match=match):
            estimator.fit(bad, labels, [[0.7]])
    with pytest.raises(BadInput, match="B has the negative eigenvalue -1"):
        estimator.fit(data, [[2, -1]], [[-1.0]])
    with pytest.raises(BadInput, match="task got 7"):
        score(ours, [[0, 1]], 7)
