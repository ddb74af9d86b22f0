"""Ridge statistics against scikit-learn; what every index on them refuses."""

import jax
import numpy as np
import pytest
from sklearn.linear_model import Ridge

from mtrl.bandits import gfucb_finite, gfucb_linear, greedy, linucb, mlingreedy, mtlr_oful, oful
from mtrl.bandits.regret.ridge_statistics import ridge_heads, ridge_index, ridge_init, ridge_update, squared_widths
from mtrl.numerics.errors import BadInput
from tests.bandits.worlds import CLASS, finite
from tests.helpers import assert_close, host


def test_heads_equal_ridge_regression(key):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(15, 2, 3)), rng.normal(size=(15, 2))

    @jax.jit
    def run(x, y):
        start = ridge_init(2, 3, 0.7, x.dtype)
        state, _ = jax.lax.scan(lambda s, xy: (ridge_update(s, *xy), None), start, (x, y))
        contexts = x[:2].swapaxes(0, 1)
        return state.round, ridge_heads(state), ridge_index(state, contexts), squared_widths(state.inverse, contexts)

    rounds, heads, (values, squares), widths = host(run(x, y))
    for i in range(2):
        reference = Ridge(alpha=0.7, fit_intercept=False).fit(x[:, i], y[:, i]).coef_
        assert_close("ridge heads", heads[i], reference, rtol=1e-9)
    assert_close("values", values[0, 0], x[0, 0] @ heads[0], rtol=1e-12)
    assert_close("widths", squares, widths, rtol=1e-12)
    assert rounds == 15 and np.all(squares > 0)


@pytest.mark.parametrize("factory", [linucb, greedy, oful, mtlr_oful, gfucb_linear, gfucb_finite, mlingreedy])
def test_every_algorithm_refuses_a_useless_ridge_and_arms_for_other_tasks(factory, key):
    for ridge in (0.0, -1.0, float("nan")):
        with pytest.raises(BadInput, match="ridge got"):
            factory(ridge=ridge)
    params = finite(key)
    algorithm = factory()
    state = algorithm.init(key, CLASS.view(params))
    with pytest.raises(BadInput, match="started with 2 tasks"):
        algorithm.select(key, state, CLASS.draw(key, finite(key, tasks=3), 0).view)


@pytest.mark.parametrize("value", [-0.1, float("nan")])
def test_radii(value):
    for factory, name in ((linucb, "alpha"), (oful, "scale"), (gfucb_finite, "beta"), (mtlr_oful, "scale")):
        with pytest.raises(BadInput, match=f"{name} got"):
            factory(**{name: value})
    with pytest.raises(BadInput, match="delta got 2, but must be strictly between 0 and 1"):
        oful(delta=2)
