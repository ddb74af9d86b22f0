import warnings

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from sklearn.linear_model import Ridge

from mtrl.numerics.errors import BadInput
from mtrl.random_matrix import fit, pack, predict
from mtrl.random_matrix.regression import fit_shared_centre
from tests.helpers import assert_close

RNG = np.random.default_rng(0)
X, Y = [RNG.normal(size=(n, 3)) for n in (4, 6)], [RNG.normal(size=n) for n in (4, 6)]


def test_padding_keeps_every_sample():
    data = pack(X, Y)
    assert data.features.shape == (2, 6, 3) and data.targets.shape == (2, 6, 1) and data.scale == 6
    assert_close("features", data.features[0, :4], X[0])
    assert not np.any(data.features[0, 4:]) and np.array_equal(np.sum(data.mask, 1), [4, 6])
    assert pack([x.astype(np.float32) for x in X], [y.astype(np.float32) for y in Y]).features.dtype == jnp.float32


def test_more_padding_changes_nothing():
    data, gamma = pack(X, Y), jnp.array([0.5, 2.0])
    wider = data._replace(
        features=jnp.pad(data.features, ((0, 0), (0, 3), (0, 0))),
        targets=jnp.pad(data.targets, ((0, 0), (0, 3), (0, 0))),
    )
    a, b = fit_shared_centre(data, gamma=gamma, lam=0.7), fit_shared_centre(wider, gamma=gamma, lam=0.7)
    assert_close("W", b.W, a.W, rtol=1e-12)
    assert_close("Q_ii of padding is 1", b.q_diag[:, 6:], np.ones((2, 3)), rtol=1e-15)


@pytest.mark.parametrize(
    ("features", "targets", "message"),
    [
        ([], [], "0 feature arrays"),
        ([np.zeros((0, 3)), X[1]], [np.zeros(0), Y[1]], "task 0: features has no samples"),
        ([X[0], X[1][:, :2]], Y, "task 1: features has dimension 2"),
        (X, [Y[0], Y[1][:5]], "task 1: features has 6 samples but targets has 5"),
        (X, [Y[0], np.full(6, np.nan)], r"targets of task 1 holds nan at \(0,"),
        ([X[0] * np.inf, X[1]], Y, "features of task 0 holds -?inf"),
        ([X[0][0], X[1]], Y, "task 0: features of shape"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_bad_input_names_task_and_argument(features, targets, message):
    with pytest.raises(BadInput, match=message):
        pack(features, targets)


def test_uncentred_features_warn_and_can_be_centred():
    shifted = [x + 100 for x in X]
    with pytest.warns(UserWarning, match="task 0: features are not centred"):
        pack(shifted, Y)
    centred = pack(shifted, Y, center=True)
    assert_close("training means", jnp.sum(centred.features, axis=1), np.zeros((2, 3)), atol=1e-11)
    assert_close("target means", jnp.sum(centred.targets, axis=1), np.zeros((2, 1)), atol=1e-12)


def test_centred_fits_predict_new_rows_in_the_users_units():
    """Ridge with a free intercept: the penalty does not see it, so a shift of features and targets moves predictions by the shift."""
    new, shift = RNG.normal(size=(5, 3)), np.array([1.0, -2.0, 30.0])
    plain = fit(pack(X, Y, center=True), gamma=0.5, lam=0.7)
    moved = fit(pack([x + shift for x in X], [y + 7 for y in Y], center=True), gamma=0.5, lam=0.7)
    for t in range(2):
        assert_close(f"task {t}", predict(moved, new + shift, task=t), predict(plain, new, task=t) + 7, rtol=1e-10)
    model = Ridge(alpha=2 * 3 / 0.5).fit(X[1], Y[1])
    alone = fit(pack(X, Y, center=True), gamma=0.5, lam=0.0)
    assert_close("scikit-learn with intercept", predict(alone, new, task=1)[:, 0], model.predict(new), rtol=1e-10)
    stacked = predict(plain, np.stack([new, new]))
    listed = predict(plain, [new.tolist(), new[:2].tolist()])
    assert_close("list and array", listed[1], stacked[1, :2], rtol=1e-14)
    with pytest.raises(BadInput, match="task got 7, but must be a whole number from 0 to 1"):
        predict(plain, new, task=7)


@pytest.mark.parametrize(("share", "warns"), [(0.9, True), (1.1, False)])
def test_the_warning_is_student_t_at_level_one_in_a_million(share, warns):
    x = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    shift = scipy.optimize.brentq(lambda m: np.log(scipy.stats.ttest_1samp(x + m, 0.0).pvalue / (share * 1e-6)), 1, 1e3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pack([x[:, None] + shift], [np.zeros(5)])
    assert bool(caught) == warns
