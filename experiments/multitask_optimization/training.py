"""Training on the digits' stand-ins: data per seed, one program for many methods, scores of every task."""

import numpy as np

from experiments.multitask_optimization import protocol
from mtrl import data as readers
from mtrl import nn, optimization
from mtrl.harness import Axis, BaseConfig, field, jax, jnp, split_named

MULTI, FOUR = SETS = ("two overlaid digits", "four tasks of a digit")
TASKS = {MULTI: ("left", "right"), FOUR: ("digit", "parity", "at least 5", "ink")}
SMOKE = dict(seeds=2, samples=40, test=20, hidden=8, width=4, steps=20, batch=8)
PAPER = dict(seeds=30, samples=20_000, test=5000, hidden=256, width=64, steps=20_000)
HIGHER = {MULTI: (True, True), FOUR: (True, True, True, False)}


class DigitsConfig(BaseConfig):
    """A multilayer perceptron on handwritten digits (stand-in), or on MNIST's or Fashion-MNIST's files."""

    seeds: int = field(10, help="data, weights and batches", lower=2)
    samples: int = field(2000, help="training pictures", lower=10)
    test: int = field(1000, help="test pictures", lower=10)
    hidden: int = field(64, help="width of the hidden layer", lower=1)
    width: int = field(32, help="shared features", lower=1)
    steps: int = field(600, help="updates, a multiple of 20", lower=20)
    batch: int = field(64, help="pictures an update", lower=2)
    rate: float = field(2e-3, help="Adam's learning rate", lower=0.0, strict=True)
    data_dir: str = field(
        "", help="folder with MNIST's or Fashion-MNIST's IDX files; empty: the embedded digits", path=True
    )


def pictures_of(config):
    """(images, labels) for training and for test, float32."""
    if config.data_dir:
        parts = [readers.load_mnist(config.data_dir, part) for part in ("train", "test")]
        return [(images.astype(np.float32), labels) for images, labels in parts]
    images, labels = readers.load_digits()
    images, order = images.astype(np.float32), np.random.default_rng(0).permutation(len(labels))
    return [(images[order[:1200]], labels[order[:1200]]), (images[order[1200:]], labels[order[1200:]])]


def sizes_of(config):
    """What fixes shapes."""
    names = ("samples", "test", "hidden", "width", "steps", "batch")
    return {name: getattr(config, name) for name in names}


def stretches(config):
    """The axis of the 20 stretches over which reports are averaged, at their middles."""
    return Axis((np.arange(20) + 0.5) * config.steps / 20, words="update")


def examples(key, part, *, kind, samples):
    """One draw of a stand-in from some pictures."""
    images, labels = part
    if kind == MULTI:
        offset = 2 if images.shape[-1] == 8 else 8  # MultiMNIST's canvas of 36 x 36
        return optimization.digits.overlaid(key, images, labels, samples=samples, offset=offset)
    picked = jax.random.choice(key, images.shape[0], (min(samples, images.shape[0]),), replace=False)
    return optimization.digits.four_tasks(images[picked], labels[picked])


def prepare(key, parts, *, kind, samples, test, hidden, width, **_):
    """(model, training examples, test examples) of a seed."""
    keys, digits = split_named(key, "train", "test"), optimization.digits
    train = examples(keys["train"], parts[0], kind=kind, samples=samples)
    held = examples(keys["test"], parts[1], kind=kind, samples=test)
    outs, scales = (digits.MULTI, None) if kind == MULTI else (digits.FOUR, digits.FOUR_SCALES)
    dtype = train.inputs.dtype
    model = digits.network(train.inputs.shape[1], outs, hidden=(hidden,), width=width, scales=scales, dtype=dtype)
    return model, train, held


def fit(key, model, train, held, rule, rate, *, steps, batch, **_):
    """(weights, test scores, training reports averaged over 20 stretches)."""
    keys = split_named(key, "init", "batches", "luck")
    learner = optimization.train(rule, optimiser=nn.adam(rate), initial=model.initial, split=model.split)
    rows = jax.random.randint(keys["batches"], (steps, batch), 0, train.inputs.shape[0])
    state, reports = optimization.fit(learner, train, rows, init=keys["init"], luck=keys["luck"])
    reports = jax.tree.map(lambda x: x.reshape(20, steps // 20, *x.shape[1:]).mean(1), reports)
    return state.weights, optimization.digits.scores(model, state.weights, held), reports


def compared(key, parts, rate, *, kind, methods, upper=False, **sizes):
    """(scores (method, task), losses (method, stretch, task), conflicts (method, stretch)) in one program; one network a task last."""
    model, train, held = prepare(key, parts, kind=kind, **sizes)
    tasks, luck = len(TASKS[kind]), split_named(key, "rules")["rules"]
    rules = [protocol.aggregator(name, tasks, key=luck, steps=sizes["steps"]) for name in methods]
    rules += map(optimization.alone, range(tasks))
    shape = optimization.upper_bound if upper else optimization.plain

    def one(index):
        _, scores, reports = fit(key, model, train, held, shape(optimization.choose(rules, index)), rate, **sizes)
        return scores, reports.losses, reports.conflicts

    return jax.lax.map(one, jnp.arange(len(rules)))


def parted(scores, kind):
    """(Delta_m in per cent, scores of the methods, scores of one network a task) of `compared`; negative is better."""
    tasks = len(TASKS[kind])
    own, base = scores[:, :-tasks], np.diagonal(scores[:, -tasks:], axis1=1, axis2=2)
    change = optimization.delta_m_lower_is_better(own, base.mean(0), higher_is_better=HIGHER[kind])
    return np.asarray(change), own, base
