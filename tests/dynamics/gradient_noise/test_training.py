"""Training under noise and its controls, on tiny networks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.dynamics import gradient_noise as gn
from mtrl.numerics.errors import BadInput

KEY = jax.random.key(0)
SIZES = dict(width=8, layers=3, classes=3, batch=4, every=20, checkpoints=2, probes=10)


@pytest.fixture(scope="module")
def reports():
    """Lanes of one program: He without noise, with eta = 0 written otherwise, with noise; zero start; a step that diverges; momentum."""
    data = gn.clusters(KEY, classes=3, dim=4, rows=50)
    he, zero = (gn.initial_spreads(init, dim=4, width=8) for init in ("he", "zero"))
    lanes = [
        (he, 0.0, 0.1, 0),
        (he, -0.0, 0.1, 0),
        (he, 0.3, 0.1, 0),
        (zero, 0.0, 0.1, 0),
        (he, 0.0, 1e12, 0),
        (he, 0.0, 0.1, 0.9),
    ]
    spreads, etas, rates, momenta = (np.array(column, float) for column in zip(*lanes, strict=True))
    given = jax.vmap(lambda s, e, r, m: gn.Setting(s, e, lr=r, momentum=m))(spreads, etas, rates, momenta)
    found = jax.jit(jax.vmap(lambda g: gn.train(KEY, data, g, **SIZES)))(given)
    return data, given, found


def test_reports(reports):
    data, _, found = reports
    assert found.accuracy.shape == (6, 3, 1) and found.gain.shape == found.std.shape == (6, 3, 2)
    for a in jax.tree.leaves(found):
        np.testing.assert_array_equal(a[0], a[1])
    assert found.loss[5, -1] < found.loss[0, -1] < found.loss[0, 0] and (found.std[2] != found.std[0]).any()
    shares = gn.shares(data.test.label[0], 3)
    assert float(found.accuracy[3].max()) <= float(shares.max()) + 1e-6 and not found.std[3].any()
    assert jnp.isnan(found.gain[3]).any() and found.finite[:4].all() and not found.finite[4, -1]


def test_divergence_is_named(reports):
    _, given, found = reports
    lane = lambda tree, i: jax.tree.map(lambda a: a[i], tree)  # noqa: E731
    gn.check_trained(lane(found, 0), lane(given, 0), every=20, layers=3)
    with pytest.raises(BadInput, match=r"not finite at step 20 with eta 0, lr 1e\+12 and 3 layers; lower lr"):
        gn.check_trained(lane(found, 4), lane(given, 4), every=20, layers=3)


def test_controls_train():
    data = gn.clusters(KEY, classes=3, dim=4, rows=50)
    he = jnp.array(gn.initial_spreads("he", dim=4, width=8))
    given = jax.vmap(lambda w, d: gn.Setting(he, lr=0.01, weight_noise=w, drop=d))(
        jnp.array([0.0, 0.1, 0.0]), jnp.array([0.0, 0.0, 0.5])
    )
    sizes = {**SIZES, "checkpoints": 1}
    found = jax.jit(jax.vmap(lambda g: gn.train(KEY, data, g, optimiser="adam", controls=True, **sizes)))(given)
    last = found.loss[:, -1]
    assert (last < found.loss[:, 0]).all() and len(set(np.asarray(last).tolist())) == 3


def test_escape():
    accuracy = jnp.array([[0.1, 0.1, 0.19], [0.1, 0.2, 0.1], [0.3, 0.1, 0.1]])
    assert gn.escape(accuracy, every=50, classes=10).tolist() == [float("inf"), 50.0, 0.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gn.setting((0.1,) * 3, lr=0.0), "lr got 0"),
        (lambda: gn.setting((0.1,) * 3, eta=-1.0), "eta got -1"),
        (lambda: gn.setting((0.1,) * 3, clip=-1.0), "clip got -1"),
        (lambda: gn.setting((0.1,) * 3, drop=1.0), "drop got 1, but must be below 1"),
        (lambda: gn.setting((0.0,) * 3, drop=0.5), "drop got 0.5 with zero weights"),
        (lambda: gn.train(KEY, gn.clusters(KEY, rows=5), gn.setting((0.1,) * 3), **{**SIZES, "batch": 0}), "batch got 0, .*empty batch"),
        (lambda: gn.train(KEY, gn.clusters(KEY, rows=5), gn.setting((0.1,) * 3), optimiser="lion", **SIZES), "optimiser got 'lion'"),
    ],
)  # fmt: skip
def test_bad_input(call, message):
    with pytest.raises(BadInput, match=message):
        call()
