"""Traced part of the image figures: one seed, many targets, many methods, linear or convolutional learner."""

import functools

from experiments.active_representation.protocol import active, ridge_estimate
from mtrl import nn
from mtrl.harness import jax, jnp, split_named
from mtrl.numerics import moments


def linear(pools, tasks, x, y, rate, *, rows, rank, iterations):
    """How the linear learner draws, learns and scores; `rate` is the ConvNet's."""

    def draw(key, counts):
        return active.batch_moments(active.draw_batch(key, counts, pools, tasks, size=rows), tasks.shape[0])

    target = moments.moments(x[None], y[None])
    learn = functools.partial(active.learn_linear, target=target, rank=rank, iterations=iterations)
    return draw, learn, lambda learned, images: images @ (learned.representation @ learned.target_head)


def convnet(pools, tasks, x, y, rate, *, rows, rank, steps, minibatch, channels, logistic):
    """The same of the ConvNet."""
    network = dict(model=nn.Body(rank, channels=channels), logistic=logistic)
    draw = functools.partial(active.draw_batch, pools=pools, tasks=tasks, size=rows)
    own = dict(target_x=x, target_y=y, tasks=tasks.shape[0], steps=steps, rate=rate, size=minibatch)
    learn = functools.partial(active.learn_convnet, **own, **network)

    def score(learned, images):
        return active.network_scores(learned.representation, learned.target_head, images, **network)

    return draw, learn, score


LEARNERS = {"linear": linear, "convnet": convnet}


def target_data(key, features, pools, target, samples):
    """The small target set: training images under the target's corruption, one-against-all labels."""
    chosen = jax.random.choice(key, pools.pool[target[0], target[1]], (samples,), replace=False)
    return features[target[0], chosen], pools.labels[target[1], chosen]


def image_targets(
    key, pools, flat, test, targets, sources, methods, totals, hyper, *, learner, samples, debias, reuse, **options
):
    """Test errors of every target and method.

    Args:
      flat: features of target-only ridge; None for those of `pools`.
      targets: (target, 2) corruption and digit; sources: (target, task, 2).
      methods: (method, 3): p, q and the number of tasks sampled beyond the floor.
      hyper: floor, LASSO ratio and learning rate; `options` are the learner's own.

    Returns:
      Per target and method: wrong predictions and balanced error of every epoch, counts of the last one, all-zero flags, LASSO
      gaps and relative gradients of the source fits; per target: wrong predictions and balanced error of target-only ridge.
    """
    floor, ratio, rate = hyper
    flat = pools.features if flat is None else flat

    def one_target(arguments):
        number, target, tasks = arguments
        keys = split_named(jax.random.fold_in(key, number), "target", "run")
        x, y = target_data(keys["target"], pools.features, pools, target, samples)
        draw, learn, score = LEARNERS[learner](pools, tasks, x, y, rate, **options)
        test_x, test_y = pools.features[target[0], test], pools.labels[target[1], test]
        shared = dict(learn=learn, tasks=tasks.shape[0], totals=totals, floor=floor, lasso_ratio=ratio, dtype=x.dtype)

        def one(method):
            rule = dict(norm=method[0], exponent=method[1], sparse=method[2], debias=debias, reuse=reuse)
            sampler = active.a_mtrl(**rule, **shared)
            epoch = active.run_epochs(keys["run"], sampler, draw, tasks=tasks.shape[0], epochs=len(totals))
            judged = jax.lax.map(lambda learned: active.error_counts(score(learned, test_x), test_y), epoch.learned)
            return *judged, epoch.counts[-1], epoch.all_zero, epoch.gap, epoch.learned.residual

        ridge = ridge_estimate(*target_data(keys["target"], flat, pools, target, samples))
        return *jax.lax.map(one, methods), *active.error_counts(flat[target[0], test] @ ridge, test_y)

    return jax.lax.map(one_target, (jnp.arange(targets.shape[0]), targets, sources))
