"""Scenes: losses and scores against loops, unknown pixels, and a training of the small network on drawn scenes and on files."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl import data, nn, optimization
from mtrl.numerics.errors import BadInput
from mtrl.optimization import scenes
from tests.helpers import assert_close

KEY = jax.random.key(0)


def some(frames=2, classes=3, seed=0):
    """Random outputs and targets, a third of the pixels unknown in every task."""
    rng = np.random.default_rng(seed)
    shape = frames, 4, 6
    known = [rng.random(shape) > 1 / 3 for _ in range(3)]
    label = np.where(known[0], rng.integers(0, classes, shape), -1)
    depth = np.where(known[1], 1 + rng.random(shape), 0.0)
    normal = np.where(known[2][..., None], rng.standard_normal((*shape, 3)), 0.0)
    batch = scenes.frames(rng.random((*shape, 3)), label, depth, normal, classes=classes)
    return tuple(rng.standard_normal((*shape, out)).astype(np.float32) for out in (classes, 1, 3)), batch


def test_losses_and_scores_by_loops():
    outputs, batch = some()
    losses, scores = (np.asarray(jax.jit(f)(outputs, batch)) for f in (scenes.losses, scenes.scores))
    entropy, off, relative, cosine, hits = [], [], [], [], []
    both, either = np.zeros(3), np.zeros(3)
    target = jax.tree.map(np.asarray, batch)
    for at in np.ndindex(2, 4, 6):
        logit, depth, normal = (x[at].astype(float) for x in outputs)
        label = target.label[at]
        if label >= 0:
            entropy.append(np.log(np.exp(logit).sum()) - logit[label])
            hits.append(np.argmax(logit) == label)
            for c in range(3):
                both[c] += np.argmax(logit) == label == c
                either[c] += np.argmax(logit) == c or label == c
        if target.depth[at]:
            off.append(abs(depth[0] - target.depth[at]))
            relative.append(off[-1] / target.depth[at])
        if target.normal[at].any():
            cosine.append(normal @ target.normal[at] / np.linalg.norm(normal) / np.linalg.norm(target.normal[at]))
    angle = np.degrees(np.arccos(cosine))
    assert_close("losses", losses, [np.mean(entropy), np.mean(off), 1 - np.mean(cosine)], rtol=1e-5)
    want = [
        np.mean(both / either),
        np.mean(hits),
        np.mean(off),
        np.mean(relative),
        angle.mean(),
        np.mean(angle <= 11.25),
    ]
    assert_close("scores", scores, want, rtol=1e-5)


def test_unknown_pixels_pass_no_gradient():
    outputs, batch = some()
    grads = jax.jit(jax.grad(lambda o: scenes.losses(o, batch).sum()))(outputs)
    unknown = np.asarray(batch.label) < 0, np.asarray(batch.depth) == 0, ~np.asarray(batch.normal).any(-1)
    for gradient, off in zip(grads, unknown, strict=True):
        assert not np.asarray(gradient)[off].any() and np.asarray(gradient)[~off].any()


def test_training_on_drawn_scenes():
    """A real training in small: every loss falls, and the heads see the picture (better than its most frequent class)."""
    frames = scenes.boxes(KEY, samples=8, side=8, count=4, noise=0.01)
    assert frames.image.dtype == np.float32 and set(np.unique(frames.label)) == {0, 1, 2, 3}
    assert_close("unit normals", np.linalg.norm(frames.normal, axis=-1), 1.0, rtol=1e-5)
    model = scenes.network(classes=4, width=8, channels=(8,))
    rule = optimization.plain(optimization.alone(0))
    learner = optimization.train(
        rule, optimiser=nn.adam(jnp.asarray(0.03, jnp.float32)), initial=model.initial, split=model.split
    )

    @jax.jit
    def fit(key):
        def step(state, key):
            return learner.step(key, state, frames)

        state, reports = jax.lax.scan(step, learner.init(key, None), jax.random.split(key, 50))
        return reports.losses, scenes.scores(model.outputs(state.weights, frames.image), frames)

    losses, scores = fit(KEY)
    assert losses.shape == (50, 3) and (losses[-1] < losses[0]).all()
    assert scores.shape == (6,) and scores[1] > np.bincount(np.asarray(frames.label).ravel()).max() / frames.label.size


def test_files_without_normals(tmp_path):
    """Frames as Cityscapes' folders have them go through the network of two tasks."""
    rng = np.random.default_rng(0)
    for i in range(2):
        for kind, array in dict(
            image=rng.random((3, 4, 8)), label=rng.integers(-1, 5, (4, 8)), depth=rng.random((4, 8, 1))
        ).items():
            (tmp_path / "train" / kind).mkdir(parents=True, exist_ok=True)
            np.save(tmp_path / "train" / kind / f"{i}.npy", array)
    batch = scenes.frames(*data.read_scenes(tmp_path), classes=5)
    model = scenes.network(classes=5, normals=False, width=4, channels=(4,))

    @jax.jit
    def both(key):
        weights = model.initial(key)
        return model.split(batch).losses(*weights), scenes.scores(model.outputs(weights, batch.image), batch)

    losses, scores = both(KEY)
    assert losses.shape == (2,) and scores.shape == (4,) and np.isfinite(losses).all()
    with pytest.raises(BadInput, match="normals got True, but the frames have none"):
        scenes.network(classes=5).split(batch)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: scenes.network(classes=1), "classes got 1"),
        (lambda: scenes.network(classes=3, width=0), "width got 0"),
        (lambda: scenes.frames(np.zeros((1, 4, 4, 3)), np.full((1, 4, 4), 3), np.ones((1, 4, 4)), classes=3), "there are 3 classes"),
        (lambda: scenes.frames(np.zeros((1, 4, 4, 3)), np.zeros((1, 4, 5)), np.ones((1, 4, 4)), classes=3), "label has shape"),
        (lambda: scenes.boxes(KEY, samples=0), "samples got 0"),
        (lambda: scenes.boxes(KEY, samples=1, noise=-1.0), "noise got -1"),
    ],
)  # fmt: skip
def test_bad_input(call, message):
    with pytest.raises(BadInput, match=message):
        call()
