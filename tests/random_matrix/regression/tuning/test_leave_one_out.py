import jax
import jax.numpy as jnp
import numpy as np

from mtrl.random_matrix import coupling, fit, pack, predict
from mtrl.random_matrix.regression import estimate_risk, fit_dual, fit_shared_centre, loo_residuals
from tests.helpers import assert_close
from tests.random_matrix.regression_fixtures import random_data


def test_brute_force_leave_one_out():
    """Refit without sample i, on the same coupling, and predict it: exactly (QY)_i/Q_ii."""
    rng = np.random.default_rng(0)
    counts, gamma, lam = (5, 7), jnp.array([0.7, 1.6]), 0.9
    X, Y = [rng.normal(size=(n, 4)) for n in counts], [rng.normal(size=(n, 1)) for n in counts]
    data = pack(X, Y)
    whole = jax.jit(fit_shared_centre)(data, gamma=gamma, lam=lam)
    ours, refit = np.asarray(loo_residuals(whole)), jax.jit(fit_dual)
    features, targets = np.asarray(data.features), np.asarray(data.targets)
    B = coupling(gamma, lam)
    squares = np.zeros(2)
    for t, n in enumerate(counts):
        for i in range(n):
            # a sample of zeros is no sample
            kept = np.ones((2, 7, 1))
            kept[t, i] = 0
            W = np.asarray(refit(data._replace(features=kept * features, targets=kept * targets), B=B).W)
            error = Y[t][i] - X[t][i] @ W[t] / np.sqrt(8)
            assert abs(float(ours[t, i, 0]) - float(error[0])) < 1e-12
            squares[t] += float(error[0]) ** 2 / n
    estimated = estimate_risk(whole)
    assert_close("leave-one-out risk", estimated.loo, squares, rtol=1e-11)
    train = [np.mean(np.asarray(whole.residual)[t, :n] ** 2) for t, n in enumerate(counts)]
    traces = [np.mean(np.asarray(whole.q_diag)[t, :n]) for t, n in enumerate(counts)]
    assert_close("GCV", estimated.gcv, np.array(train) / np.array(traces) ** 2, rtol=1e-12)


def test_centring_costs_a_degree_of_freedom():
    """After centring, the error on sample i of the estimator whose means, too, are taken without it: exactly (QY)_i/(Q_ii - 1/n_t)."""
    rng = np.random.default_rng(1)
    X, Y = [rng.normal(size=(n, 4)) + 2 for n in (5, 7)], [rng.normal(size=n) - 1 for n in (5, 7)]
    coupled = dict(gamma=[0.7, 1.6], lam=0.9)
    for solve in (lambda data: fit(data, **coupled), lambda data: fit(data, B=coupling(**coupled))):
        whole = solve(pack(X, Y, center=True))
        errors = np.zeros((2, 7))
        for t, n in enumerate((5, 7)):
            for i in range(n):
                rest = [np.delete(a[t], i, axis=0) for a in (X, Y)]
                without = solve(
                    pack(
                        [rest[0] if s == t else X[s] for s in (0, 1)],
                        [rest[1] if s == t else Y[s] for s in (0, 1)],
                        center=True,
                    )
                )
                errors[t, i] = Y[t][i] - float(predict(without, X[t][i : i + 1], task=t)[0, 0])
        assert_close("leave-one-out residuals", loo_residuals(whole)[:, :, 0], errors, rtol=1e-10, atol=1e-13)
        estimated = estimate_risk(whole)
        assert_close("their mean square", estimated.loo, (errors**2).sum(1) / [5, 7], rtol=1e-10)
        q = np.asarray(whole.q_diag)
        freedom = np.array([q[0, :5].sum(), q[1].sum()])  # tr Q - 1
        assert_close("GCV", estimated.gcv, np.asarray(estimated.train) / (freedom / [5, 7]) ** 2, rtol=1e-12)


def test_errors_are_averages_over_outputs():
    data = random_data(4, (6, 9), outputs=3)
    solve = jax.jit(lambda data: estimate_risk(fit(data, gamma=1.0, lam=0.5)))
    targets = np.asarray(data.targets)
    each = [solve(data._replace(targets=targets[:, :, k : k + 1])) for k in range(3)]
    ours = solve(data)
    for field, value in ours._asdict().items():
        assert_close(field, value, np.mean([getattr(e, field) for e in each], axis=0), rtol=1e-12)
