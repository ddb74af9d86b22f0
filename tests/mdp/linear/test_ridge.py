import numpy as np
import pytest
from sklearn.linear_model import Ridge

from mtrl.mdp.linear.ridge import fit_cells
from tests.helpers import assert_close, compiled

FIT = compiled(fit_cells, "unroll_up_to")


@pytest.fixture(scope="module")
def data():
    """Two candidates, three tasks, six cells, with repeated and missing visits."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(2, 6, 3))
    visits = rng.integers(0, 4, (3, 6))
    targets = [[rng.normal(size=n) for n in row] for row in visits]
    return features, visits, targets


def test_fit_is_ridge_regression_on_the_buffer(data):
    features, visits, targets = data
    totals = np.array([[y.sum() for y in row] for row in targets])
    ours = FIT(features, visits.astype(float), totals, 0.3)
    for p in range(2):
        for i in range(3):
            x = np.repeat(features[p], visits[i], axis=0)
            y = np.concatenate(targets[i])
            model = Ridge(0.3, fit_intercept=False).fit(x, y)
            assert_close("ridge values", ours.values[p, i], model.predict(features[p]), 1e-9)
            scatter = sum(((t - t.mean()) ** 2).sum() for t in targets[i] if t.size)
            loss = ((y - model.predict(x)) ** 2).sum()
            assert_close("misfit is the loss without the scatter in cells", ours.misfit[p, i], loss - scatter, 1e-9)
            inverse = np.linalg.inv(x.T @ x + 0.3 * np.eye(3))
            widths = np.einsum("ck,kl,cl->c", features[p], inverse, features[p])
            assert_close("widths", ours.squares[p, i], widths, 1e-9)


def test_large_ranks_take_another_solver_with_the_same_answer(data):
    features, visits, targets = data
    totals = np.array([[y.sum() for y in row] for row in targets])
    arguments = (features, visits.astype(float), totals, 0.3)
    for ours, other in zip(FIT(*arguments), FIT(*arguments, unroll_up_to=0), strict=True):
        assert_close("both solvers", ours, other, 1e-10)


def test_misfit_ignores_a_rotation_of_the_features(data):
    features, visits, targets = data
    totals = np.array([[y.sum() for y in row] for row in targets])
    rotation, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    plain = FIT(features, visits.astype(float), totals, 0.3)
    turned = FIT(features @ rotation, visits.astype(float), totals, 0.3)
    assert_close("rotated misfit", turned.misfit, plain.misfit, 1e-10)
    assert_close("rotated values", turned.values, plain.values, 1e-10)
