"""Ridge statistics against scikit-learn."""

import jax
import jax.numpy as jnp
from sklearn.linear_model import Ridge

from mtrl.bandits.linear_stats import ridge_heads, ridge_index, ridge_init, ridge_update, squared_widths
from mtrl.bandits.rounds import Feedback
from tests.helpers import assert_close


def test_heads_equal_ridge_regression(key):
    x, y = jax.random.normal(key, (15, 2, 3)), jax.random.normal(jax.random.fold_in(key, 1), (15, 2))
    state = ridge_init(2, 3, 0.7, x.dtype)
    state, _ = jax.lax.scan(lambda s, xy: (ridge_update(s, Feedback(*xy)), None), state, (x, y))
    for i in range(2):
        reference = Ridge(alpha=0.7, fit_intercept=False).fit(x[:, i], y[:, i]).coef_
        assert_close("ridge heads", ridge_heads(state)[i], reference, rtol=1e-9)
    values, squares = ridge_index(state, x[:2].swapaxes(0, 1))
    assert_close("values", values[0, 0], x[0, 0] @ ridge_heads(state)[0], rtol=1e-12)
    assert_close("widths", squares, squared_widths(state.inverse, x[:2].swapaxes(0, 1)), rtol=1e-12)
    assert int(state.round) == 15 and bool(jnp.all(squares > 0))
