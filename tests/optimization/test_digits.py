import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.optimization import digits
from tests.helpers import assert_close

IMAGES = jnp.stack([jnp.full((8, 8), i / 10.0) for i in range(1, 10)])
LABELS = jnp.arange(1, 10)


def test_overlay():
    """The corner at (0, 0) is the left picture, that at (2, 2) onwards the right one, and between them the larger pixel."""
    data = digits.overlaid(jax.random.key(0), IMAGES, LABELS, samples=30)
    pictures = np.asarray(data.inputs).reshape(30, 10, 10)
    left, right = np.asarray(data.targets).T
    assert_close("left", pictures[:, 0, 0], left / 10, 1e-12)
    assert_close("right", pictures[:, 9, 9], right / 10, 1e-12)
    assert_close("both", pictures[:, 5, 5], np.maximum(left, right) / 10, 1e-12)
    assert_close("nothing", pictures[:, 0, 9], np.zeros(30), 0, 1e-15)


def test_four_tasks():
    data = digits.four_tasks(IMAGES, LABELS)
    assert_close("classes", data.targets[4, :3], [5, 1, 1], 1e-12)
    assert_close("ink", [data.targets[:, 3].mean(), data.targets[:, 3].std()], [0, 1], 1e-9, 1e-12)


def test_losses_and_scores():
    model = digits.network(4, (3, 1), hidden=(5,), width=6, scales=(1.0, 100.0))
    weights = model.initial(jax.random.key(0))
    data = digits.Examples(jax.random.normal(jax.random.key(1), (7, 4)), jnp.ones((7, 2)))
    split, outs = model.split(data), model.outputs(weights, data.inputs)
    losses = split.losses(weights.shared, weights.heads)
    chance = jax.nn.softmax(outs[0])[:, 1]
    assert_close("losses", losses, [-jnp.log(chance).mean(), 100 * ((outs[1][:, 0] - 1) ** 2).mean()], 1e-9)
    found = digits.scores(model, weights, data)
    assert_close("scores", found[1], jnp.sqrt(losses[1] / 100), 1e-9)
    assert_close("accuracy", found[0], np.mean(np.asarray(outs[0]).argmax(1) == 1), 1e-12)


def test_bad_input():
    with pytest.raises(BadInput, match="labels got 2 entries, but there are 9 images"):
        digits.overlaid(jax.random.key(0), IMAGES, LABELS[:2], samples=3)
    with pytest.raises(BadInput, match="offset got 0"):
        digits.overlaid(jax.random.key(0), IMAGES, LABELS, samples=3, offset=0)
    with pytest.raises(BadInput, match="scales got 1 numbers, but there are 2 tasks"):
        digits.network(4, (3, 1), scales=(1.0,))
