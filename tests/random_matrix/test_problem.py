import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.random_matrix import (
    LinearModel,
    TaskData,
    aligned_gram,
    aligned_hyperplanes,
    autoregressive_covariance,
    coupling,
    exact_risk,
    sample_features,
    sample_tasks,
)
from mtrl.random_matrix.problem import CONCENTRATED, LAWS
from mtrl.random_matrix.regression import estimate_risk, fit_shared_centre, risk_isotropic, risk_shared_centre
from tests.helpers import assert_close, assert_mean

hyperplanes = jax.jit(aligned_hyperplanes, static_argnames=("tasks", "dim", "alpha"))
features = jax.jit(sample_features, static_argnames=("law", "samples", "dim"))
isotropic = jax.jit(risk_isotropic)
tasks_of = jax.jit(sample_tasks, static_argnames=("counts", "law"))


def test_hyperplanes_have_the_asked_alignment(key):
    for tasks, alpha in ((2, 0.9), (2, -1.0), (5, 0.3), (3, 1.0)):
        W = np.asarray(hyperplanes(key, tasks=tasks, dim=30, alpha=alpha))
        assert_close(
            f"T {tasks} alpha {alpha}", W @ W.T / 30, (1 - alpha) * np.eye(tasks) + alpha, rtol=1e-10, atol=1e-12
        )


@pytest.mark.parametrize("law", LAWS)
def test_features_have_mean_zero_and_identity_covariance(key, law):
    draws = np.asarray(features(key, law=law, samples=4000, dim=4))
    assert_mean(f"{law} mean", draws, np.zeros(4))
    assert_mean(
        f"{law} covariance",
        np.einsum("ni,nj->nij", draws, draws)[:, *np.triu_indices(4)],
        np.eye(4)[np.triu_indices(4)],
    )
    norms = np.sum(np.asarray(features(key, law=law, samples=500, dim=400)) ** 2, axis=1) / 400
    spread = float(np.std(norms))  # concentrated: O(1/sqrt(dim)); random radii: O(1)
    assert (spread < 0.15) == (law in CONCENTRATED), f"{law}: {spread}"


def test_too_few_dimensions(key):
    with pytest.raises(BadInput, match="dim got 3, but 4 hyperplanes of chosen cosines need at least 4 dimensions"):
        aligned_hyperplanes(key, tasks=4, dim=3, alpha=0.5)


def test_unknown_law():
    with pytest.raises(BadInput, match="law is 'cauchy'"):
        sample_features(jax.random.key(0), law="cauchy", samples=2, dim=2)


def test_samples_are_padded_and_tasks_have_their_own_keys(key):
    params = LinearModel(*map(jnp.asarray, (np.ones((2, 3)), np.stack([np.eye(3)] * 2), [0.1, 0.2])))
    data = tasks_of(key, params, counts=(4, 6))
    assert (
        data.features.shape == (2, 6, 3)
        and not np.any(np.asarray(data.features)[0, 4:])
        and not np.any(np.asarray(data.targets)[0, 4:])
    )
    three = LinearModel(*map(jnp.asarray, (np.ones((3, 3)), np.stack([np.eye(3)] * 3), [0.1, 0.2, 0.3])))
    assert_close(
        "a third task leaves the others", np.asarray(tasks_of(key, three, counts=(4, 6, 5)).features)[:2], data.features
    )


def test_test_risk_is_the_error_on_fresh_samples(key):
    params = LinearModel(
        jnp.asarray(np.ones((2, 3))),
        jnp.asarray(np.linalg.cholesky(np.stack([autoregressive_covariance(r, 3) for r in (0.5, 0.1)]))),
        jnp.array([0.1, 0.2]),
    )
    What = jnp.array([[1.0, 0.0, 2.0], [-1.0, 0.5, 1.0]])[:, :, None]
    fresh = tasks_of(key, params, counts=(20000, 20000))
    fitted = np.einsum("tni,tiq->tnq", fresh.features, What) / np.sqrt(6.0)
    errors = (np.asarray(fresh.targets) - fitted)[:, :, 0] ** 2
    assert_mean("test risk", errors.T, jax.jit(exact_risk)(params, What))


# (d, T): the covariances AR(.2+.12t)(1+.3t) differ per task; unequal n_t, gamma and noise. The finite-d bias allowed is 1% of the risk
# (measured: below .5% at these sizes).
@pytest.mark.parametrize(("d", "T"), [(50, 2), (40, 3), (30, 5)])
def test_prediction_against_simulation_for_general_covariances(key, d, T):
    counts = tuple(int(d * r) for r in (0.7, 1.6, 1.1, 0.9, 2.0)[:T])
    gamma, noise = jnp.asarray(np.linspace(0.5, 2.0, T)), jnp.asarray(np.linspace(0.3, 0.8, T))
    lags = np.abs(np.subtract.outer(np.arange(d), np.arange(d)))
    covariance = np.stack([(0.2 + 0.12 * t) ** lags * (1 + 0.3 * t) for t in range(T)])
    roots, covariance = jnp.asarray(np.linalg.cholesky(covariance)), jnp.asarray(covariance)
    params = LinearModel(hyperplanes(key, tasks=T, dim=d, alpha=0.5), roots, noise)

    def draw(key, lam):
        data = sample_tasks(key, params, counts=counts)
        fit = fit_shared_centre(data, gamma=gamma, lam=lam)
        estimated = estimate_risk(fit)
        return exact_risk(params, fit.W), estimated.train, estimated.gcv

    lams = jnp.array([0.0, 0.5, 5.0])
    keys = jax.random.split(key, 150)
    test, train, gcv = jax.jit(jax.vmap(jax.vmap(draw, (None, 0)), (0, None)))(keys, lams)
    predict = jax.jit(
        jax.vmap(lambda lam: risk_shared_centre(gamma, lam, jnp.asarray(counts), covariance, params.W, noise))
    )(lams)
    assert_mean("test risk per task and lam", test, predict.test, bias=0.01 * np.asarray(predict.test))
    assert_mean("train risk per task and lam", train, predict.train, bias=0.01 * np.asarray(predict.train))
    assert_mean("GCV per task and lam", gcv, predict.test, bias=0.021 * np.asarray(predict.test))


def test_several_outputs_average(key):
    """Three outputs of correlated noise Sigma_N: the mean risk is that of the mean gram and of tr Sigma_N/3."""
    d, counts, q = 50, (40, 90), 3
    gamma, lam = jnp.array([1.0, 2.0]), 0.5
    keys = jax.random.split(key, 3)
    W = jax.random.normal(keys[0], (2, d, q))
    root = jnp.asarray(0.5 * np.asarray(jax.random.normal(keys[1], (q, q))))  # Sigma_N = root^T root

    def draw(key):
        features, targets = [], []
        for t, n in enumerate(counts):
            a, b = jax.random.split(jax.random.fold_in(key, t))
            X = jax.random.normal(a, (n, d))
            Y = X @ W[t] / jnp.sqrt(2.0 * d) + jax.random.normal(b, (n, q)) @ root
            features.append(jnp.pad(X, ((0, max(counts) - n), (0, 0))))
            targets.append(jnp.pad(Y, ((0, max(counts) - n), (0, 0))))
        data = TaskData(jnp.stack(features), jnp.stack(targets), jnp.asarray(counts))
        fit = fit_shared_centre(data, gamma=gamma, lam=lam)
        test = (jnp.sum((fit.W - W) ** 2, axis=(1, 2)) / (2 * d) + jnp.sum(root**2)) / q
        return test, estimate_risk(fit).gcv

    test, gcv = jax.jit(jax.vmap(draw))(jax.random.split(keys[2], 300))
    gram = np.einsum("siq,tiq->st", W, W) / (2 * d * q)
    noise = np.full(2, np.sum(np.asarray(root) ** 2) / q)
    predicted = isotropic(coupling(gamma, lam), np.asarray(counts), d, gram, noise).test
    assert_mean("mean test risk", test, predicted, bias=0.01 * np.asarray(predicted))
    assert_mean("mean GCV", gcv, predicted, bias=0.021 * np.asarray(predicted))


def test_fluctuations_fall_like_one_over_root_d(key):
    """Per-draw sd of the average test risk, Sigma = I, n = (d, 2d): .075 at d = 16, .038 at d = 64 (ratio 2); bias below .5% at d = 64."""
    gamma, noise = jnp.array([1.0, 2.0]), jnp.array([0.3, 0.3])
    spreads = []
    for d in (16, 64):
        params = LinearModel(hyperplanes(key, tasks=2, dim=d, alpha=0.5), jnp.asarray(np.stack([np.eye(d)] * 2)), noise)

        def draw(key, params=params, d=d):
            return jnp.mean(
                exact_risk(
                    params, fit_shared_centre(sample_tasks(key, params, counts=(d, 2 * d)), gamma=gamma, lam=0.5).W
                )
            )

        draws = np.asarray(jax.jit(jax.vmap(draw))(jax.random.split(key, 600)))
        W = np.asarray(params.W)
        predicted = float(
            np.mean(isotropic(coupling(gamma, 0.5), np.array([d, 2 * d]), d, W @ W.T / (2 * d), noise).test)
        )
        assert_mean(f"average risk at d {d}", draws, predicted, bias=0.005 * predicted)
        spreads.append(draws.std())
    # sd of a sd over 600 draws is 3%, of the ratio 4%: 5 sigma is .4
    assert abs(spreads[0] / spreads[1] - 2) < 0.4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda key: aligned_hyperplanes(key, tasks=2, dim=4, alpha=2.0), "alpha is 2, but a cosine"),
        (lambda key: aligned_gram(np.nan, 2), "alpha is nan"),
        (lambda key: aligned_gram(-0.9, 3), "3 vectors cannot"),
        (lambda key: sample_tasks(key, LinearModel(jnp.ones((2, 3)), None, jnp.ones(2)), counts=(3, 4, 5)), "counts has shape"),
        (lambda key: sample_tasks(key, LinearModel(jnp.ones((2, 3)), None, jnp.ones(2)), counts=(3, 0)), "counts got 0"),
    ],
)  # fmt: skip
def test_bad_input(key, call, message):
    with pytest.raises(BadInput, match=message):
        call(key)
