"""Traced part of the image figures: one seed, many targets, many methods, linear or convolutional learner."""

import functools

from experiments.active_representation.common import ridge_grid
from mtrl import nn, representation
from mtrl.harness import jax, jnp, split_named
from mtrl.numerics import moments


def linear_targets(key, pools, test, targets, sources, methods, totals, hyper, *, sizes):
    """Test errors of every target and method with the linear learner.

    Args:
      key: one per seed.
      pools: images of all tasks.
      test: image numbers.
      targets: (target, 2) corruption and digit; sources: (target, task, 2).
      methods: (method, 3): p, q and the number of tasks sampled beyond the floor.
      totals: samples of each epoch.
      hyper: (floor, lasso_ratio).
      sizes: (rank, target_samples, rows, iterations, debias, reuse), static.

    Returns:
      wrong predictions and balanced error (target, method, epoch), counts of the last epoch (target, method, task),
      all-zero flags and relative gradients of the source fits (target, method, epoch), and wrong predictions and balanced
      error of target-only ridge (target,).
    """
    rank, target_samples, rows, iterations, debias, reuse = sizes
    floor, ratio = hyper

    def one_target(arguments):
        number, target, tasks = arguments
        keys = split_named(jax.random.fold_in(key, number), "target", "run")
        x, y = _target_data(keys["target"], pools, target, target_samples)

        def draw(key, counts):
            return representation.active.batch_moments(
                representation.active.draw_batch(key, counts, pools, tasks, size=rows), tasks.shape[0]
            )

        learn = functools.partial(
            representation.active.learn_linear,
            target=moments.moments(x[None], y[None]),
            rank=rank,
            iterations=iterations,
        )
        test_x, test_y = pools.features[target[0], test], pools.labels[target[1], test]

        def one(method):
            sampler = representation.active.a_mtrl(
                learn=learn, tasks=tasks.shape[0], totals=totals, floor=floor, norm=method[0], exponent=method[1],
                sparse=method[2], lasso_ratio=ratio, debias=debias, reuse=reuse, dtype=x.dtype,
            )  # fmt: skip
            epoch = representation.active.run_epochs(
                keys["run"], sampler, draw, tasks=tasks.shape[0], epochs=len(totals)
            )
            estimate = jnp.einsum("eik,ek->ei", epoch.learned.representation, epoch.learned.target_head)
            wrong, balanced = jax.vmap(lambda theta: representation.active.error_counts(test_x @ theta, test_y))(
                estimate
            )
            return wrong, balanced, epoch.counts[-1], epoch.all_zero, epoch.gap, epoch.learned.residual

        ridge = representation.active.target_only_ridge(x, y, ridge_grid(x)).theta
        return *jax.lax.map(one, methods), *representation.active.error_counts(test_x @ ridge, test_y)

    return jax.lax.map(one_target, (jnp.arange(targets.shape[0]), targets, sources))


def convnet_targets(key, pools, vectors, test, targets, sources, methods, totals, hyper, *, sizes):
    """The same with the ConvNet; `vectors` are the flat features of target-only ridge.

    sizes: (rank, target_samples, rows, steps, minibatch, channels, logistic, debias), static. hyper adds the learning rate.
    """
    rank, target_samples, rows, steps, minibatch, channels, logistic, debias = sizes
    floor, ratio, rate = hyper
    model = nn.Body(rank, channels=channels)
    options = dict(model=model, logistic=logistic)

    def one_target(arguments):
        number, target, tasks = arguments
        keys = split_named(jax.random.fold_in(key, number), "target", "run")
        x, y = _target_data(keys["target"], pools, target, target_samples)
        draw = functools.partial(representation.active.draw_batch, pools=pools, tasks=tasks, size=rows)
        learn = functools.partial(
            representation.active.learn_convnet, target_x=x, target_y=y, tasks=tasks.shape[0], steps=steps,
            rate=rate.astype(x.dtype), size=minibatch, **options,
        )  # fmt: skip
        test_x, test_y = pools.features[target[0], test], pools.labels[target[1], test]

        def one(method):
            sampler = representation.active.a_mtrl(
                learn=learn, tasks=tasks.shape[0], totals=totals, floor=floor, norm=method[0], exponent=method[1],
                sparse=method[2], lasso_ratio=ratio, debias=debias, dtype=x.dtype,
            )  # fmt: skip
            epoch = representation.active.run_epochs(
                keys["run"], sampler, draw, tasks=tasks.shape[0], epochs=len(totals)
            )

            def judge(learned):
                predicted = representation.active.network_scores(
                    learned.representation, learned.target_head, test_x, **options
                )
                return representation.active.error_counts(predicted, test_y)

            wrong, balanced = jax.lax.map(judge, epoch.learned)
            return wrong, balanced, epoch.counts[-1], epoch.all_zero, epoch.gap, epoch.learned.residual

        flat, flat_y = _target_data(keys["target"], pools._replace(features=vectors), target, target_samples)
        ridge = representation.active.target_only_ridge(flat, flat_y.astype(flat.dtype), ridge_grid(flat)).theta
        return *jax.lax.map(one, methods), *representation.active.error_counts(
            vectors[target[0], test] @ ridge, test_y.astype(flat.dtype)
        )

    return jax.lax.map(one_target, (jnp.arange(targets.shape[0]), targets, sources))


def _target_data(key, pools, target, samples):
    """The small target set: training images under the target's corruption, one-against-all labels."""
    chosen = jax.random.choice(key, pools.pool[target[0], target[1]], (samples,), replace=False)
    return pools.features[target[0], chosen], pools.labels[target[1], chosen]
