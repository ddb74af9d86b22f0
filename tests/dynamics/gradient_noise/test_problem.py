"""Clusters, one's own rows, initial spreads."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.dynamics import gradient_noise as gn
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close

KEY = jax.random.key(0)


def test_clusters_have_their_noise():
    """24 means within 4.5 standard errors of one another, two deviations within five: false-alarm rate 2e-4."""
    data = gn.clusters(KEY, tasks=2, classes=3, dim=4, rows=2000)
    assert data.train.x.shape == data.test.x.shape == (2, 2000, 4) and data.train.x.dtype == jnp.float32
    train, test = jax.tree.map(np.asarray, data)
    for task in range(2):
        both = [(part.x[task], part.label[task]) for part in (train, test)]
        means = [np.stack([x[label == c].mean(0) for c in range(3)]) for x, label in both]
        assert_close("same means in train and test rows", means[0], means[1], atol=0.2, rtol=0)
        x, label = both[0]
        assert_close("noise about the means", (x - means[0][label]).std(), 0.8, rtol=0.04)
    assert np.abs(train.x[0].mean() - train.x[1].mean()) > 0.01


def test_spreads():
    assert gn.initial_spreads("simple", dim=32, width=50) == (0.1,) * 3 and not any(
        gn.initial_spreads("zero", dim=1, width=1)
    )
    np.testing.assert_allclose(gn.initial_spreads("he", dim=32, width=50), (0.25, 0.2, 0.2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gn.initial_spreads("xavier", dim=1, width=1), "init got 'xavier', but takes one of simple, he, walk, zero"),
        (lambda: gn.clusters(KEY, rows=0), "rows got 0"),
        (lambda: gn.clusters(KEY, classes=1), "classes got 1"),
        (lambda: gn.clusters(KEY, noise=-1.0), "noise got -1"),
        (lambda: gn.labelled(np.zeros((0, 3)), [], classes=2), "x has no rows, but needs at least one"),
        (lambda: gn.labelled(np.zeros((2, 3)), [0], classes=2), "label has shape"),
        (lambda: gn.labelled(np.zeros((2, 3)), [0, 2], classes=2), "label got 2, .*there are 2 classes"),
        (lambda: gn.labelled(np.full((1, 3), np.nan), [0], classes=2), "x holds nan"),
    ],
)  # fmt: skip
def test_bad_input(call, message):
    with pytest.raises(BadInput, match=message):
        call()
