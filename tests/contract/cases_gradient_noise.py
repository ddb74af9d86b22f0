"""Gradient noise: a few updates of the rule, of deep networks and of the program learner on tiny arrays."""

import jax
import jax.numpy as jnp

from mtrl.descent import noise
from mtrl.dynamics import gradient_noise as gn
from tests.contract.table import Case


def gradient(key, dtype):
    return (jax.random.normal(key, (6,), dtype),)


def few_updates(rule):
    """Sum of three noisy gradients and the state."""

    def call(key, g, **hyper):
        found = rule(key, **hyper)
        state, total = found.init(g), jnp.zeros_like(g)
        for _ in range(3):
            noisy, state = found.update(g, state)
            total = total + noisy
        return total

    return call


def rows(key, dtype):
    data = gn.clusters(key, classes=3, dim=4, rows=8, dtype=dtype)
    return data.train.x, data.test.x


def learn(key, train, test, *, lr, eta, **static):
    label = jnp.arange(8)[None] % 3
    data = gn.Clusters(gn.Labelled(train, label), gn.Labelled(test, label))
    spreads = gn.initial_spreads("he", dim=4, width=5)
    given = gn.Setting(spreads, lr=lr, eta=eta, clip=10.0)
    return gn.train(key, data, given, width=5, layers=3, classes=3, batch=4, every=2, checkpoints=1, probes=8, **static)


def embeddings(key, dtype):
    return tuple(gn.initial_memory(key, words=4, width=3, hops=2, spread=0.5, dtype=dtype))


def remember(key, *arrays, **hyper):
    stories = gn.chains(jax.random.key(1), words=4, rows=8)
    return gn.train_memory(
        key, gn.Memory(*arrays), stories, stories, **{**dict(batch=4, every=2, checkpoints=2), **hyper}
    )


CASES = [
    Case(
        "annealed gradient noise", few_updates(noise.annealed_noise), gradient, hyper={"eta": 0.1}, factory=noise.annealed_noise,
        changed={"eta": 0.2, "gamma": 0.8}, key_dependent=True, differs_from=("clipped gradient noise", "fixed gradient noise"),
    ),
    Case(
        "clipped gradient noise", few_updates(noise.clipped_noise), gradient, hyper={"eta": 0.1, "clip": 0.5}, factory=noise.clipped_noise,
        changed={"eta": 0.2, "gamma": 0.8, "clip": 0.1}, key_dependent=True,
    ),
    Case(
        "fixed gradient noise", few_updates(noise.fixed_noise), gradient, hyper={"sigma": 0.3}, factory=noise.fixed_noise,
        changed={"sigma": 0.5}, key_dependent=True,
    ),
    Case(
        "deep network under gradient noise", learn, rows, hyper={"lr": 0.1, "eta": 0.1}, key_dependent=True, scales=(1e-10, 1e4),
        compare=lambda report: (report.loss, report.std),
        why="the loss grows with the third power of inputs that are far out of scale: single precision overflows beyond 1e10",
    ),
    Case(
        "memory network under gradient noise", remember, embeddings, hyper={"lr": 0.1, "eta": 0.1, "clip": 1.0}, factory=gn.train_memory,
        changed={"lr": 0.2, "eta": 0.2, "gamma": 0.8, "clip": 0.1, "linear": 0.5, "batch": 3, "every": 3, "checkpoints": 3},
        key_dependent=True, scales=(1e-10, 1e4), compare=lambda report: report.loss,
        why="the loss grows with the fourth power of embeddings: single precision overflows beyond 1e9",
    ),
]  # fmt: skip
