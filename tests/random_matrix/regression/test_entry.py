"""The front of the multitask ridge: which solver or formula it takes changes nothing, and what it refuses."""

import jax
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.random_matrix import coupling, fit, linear_model, pack, predict_risk, tune
from mtrl.random_matrix.regression import fit_dual, plug_in_risk, risk_general, statistics_from_least_squares
from tests.helpers import assert_close
from tests.random_matrix.regression_fixtures import autoregressive_example, random_data

GAMMA, LAM = [0.7, 1.6], 0.9


@pytest.mark.parametrize(("dim", "counts"), [(4, (9, 12)), (9, (5, 7)), (20, (5, 7))])
def test_every_route_is_one_estimator(dim, counts):
    data = random_data(dim, counts)
    B = coupling(GAMMA, LAM)
    dual, front = jax.jit(fit_dual)(data, B=B), jax.jit(fit)
    for name, ours in (("strengths", front(data, gamma=GAMMA, lam=LAM)), ("matrix", front(data, B=B))):
        assert_close(f"{name} W", ours.W, dual.W, rtol=1e-11)
        assert_close(f"{name} Q_ii", ours.q_diag, dual.q_diag, rtol=1e-11)


def test_every_prediction_is_one_formula():
    p = autoregressive_example(d=6)
    formula, predict = jax.jit(risk_general), jax.jit(predict_risk)
    general = formula(p.B, p.n, p.covariance, p.W, p.noise)
    model = linear_model(p.W, noise=0.3, covariance=p.covariance)
    for name, how in {"strengths": dict(gamma=p.gamma, lam=p.lam), "matrix": dict(B=p.B)}.items():
        ours = predict(model, counts=np.array([15, 40]), **how)
        assert_close(name, ours.test, general.test, rtol=1e-9)
        assert bool(ours.converged)
    plain = predict_risk(linear_model(p.W, noise=[0.3, 0.3]), counts=[15, 40], gamma=1.0, lam=0.7)
    identity = formula(p.B, p.n, np.stack([np.eye(6)] * 2), p.W, p.noise)
    assert_close("identity", plain.test, identity.test, rtol=1e-10)


def test_risk_from_data_and_its_gradient_in_the_coupling():
    data = random_data(4, (30, 50), outputs=1)
    X = np.asarray(data.features)
    covariance = np.einsum("tni,tnj->tij", X, X) / np.asarray(data.counts)[:, None, None]
    statistics = jax.jit(statistics_from_least_squares)(data)
    plugged = jax.jit(plug_in_risk)(coupling(GAMMA, LAM), data.counts, covariance, statistics)
    assert_close("plug-in", predict_risk(data, gamma=GAMMA, lam=LAM).test, plugged.test, rtol=1e-12)
    value = jax.jit(lambda lam: predict_risk(data, gamma=GAMMA, lam=lam).test.mean())
    difference = (value(LAM + 1e-5) - value(LAM - 1e-5)) / 2e-5
    assert_close("gradient", jax.jit(jax.grad(value))(LAM), difference, rtol=1e-6)


def test_several_outputs_are_averages():
    p = autoregressive_example(d=6)
    W, formula = np.asarray(p.W), jax.jit(risk_general)
    W = np.stack([W, 2 * W[::-1], -W], axis=2)
    each = [formula(p.B, p.n, p.covariance, W[:, :, k], p.noise) for k in range(3)]
    ours = formula(p.B, p.n, p.covariance, W, p.noise)
    for field in ("test", "train", "self_", "cross"):
        assert_close(field, getattr(ours, field), np.mean([getattr(e, field) for e in each], axis=0), rtol=1e-10)


DATA = pack([np.ones((5, 2)) * [[1, 2]] * np.arange(-2, 3)[:, None]] * 2, [np.arange(5.0) - 2] * 2)
MODEL = linear_model(np.ones((2, 3)), noise=0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fit(DATA, gamma=-1.0, lam=1.0), "gamma got -1"),
        (lambda: fit(DATA, gamma=1.0), "got no coupling"),
        (lambda: fit(DATA, gamma=1.0, lam=1.0, B=np.eye(2)), "either B or both"),
        (lambda: fit(DATA, B=np.diag([1.0, -1.0])), "B has the negative eigenvalue -1"),
        (lambda: fit(DATA, B=np.eye(3)), r"B has shape \(3, 3\)"),
        (lambda: fit(DATA, gamma=[1.0, 1.0, 1.0], lam=1.0), r"gamma has shape \(3,\)"),
        (lambda: predict_risk(MODEL, gamma=1.0, lam=1.0), "counts got None"),
        (lambda: predict_risk(MODEL, gamma=1.0, lam=1.0, counts=[5, 5, 5]), r"counts has shape \(3,\)"),
        (lambda: predict_risk(MODEL, gamma=1.0, lam=1.0, counts=[5, -5]), "n got -5"),
        (lambda: predict_risk(pack([np.eye(2)] * 2, [np.ones(2)] * 2), gamma=1.0, lam=1.0), "counts got 2, but.*at least 3"),
        (lambda: linear_model(np.ones((2, 3)), noise=0.0), "noise got 0"),
        (lambda: linear_model(np.ones((2, 3)), noise=1.0, covariance=np.eye(2)), "covariance has shape"),
        (lambda: linear_model(np.ones((1, 2)), noise=1.0, covariance=[[1.0, 0.5], [0.0, 1.0]]), "covariance 0 is not symmetric"),
        (lambda: linear_model(np.ones((1, 2)), noise=1.0, covariance=np.diag([1.0, -0.5])), "negative eigenvalue -0.5"),
        (lambda: linear_model([[1.0, np.nan]], noise=1.0), "W holds nan"),
        (lambda: statistics_from_least_squares(random_data(5, (3, 9))), "counts got 3"),
        (lambda: tune(DATA, gammas=[1.0, -1.0], lams=[0.0]), "gammas got -1"),
        (lambda: tune(DATA, gammas=[1.0], lams=[0.0], score="aic"), "score got 'aic', but takes one of loo, gcv"),
    ],
)  # fmt: skip
def test_bad_input(call, message):
    with pytest.raises(BadInput, match=message):
        call()
