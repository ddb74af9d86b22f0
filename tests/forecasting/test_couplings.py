"""Errors over the grid of couplings against fits at one coupling and against direct solves."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.forecasting import (
    ar_channels,
    block_errors,
    coupling_scores,
    fit_ridge,
    held_out_curve,
    pack,
    part_moments,
    split_rows,
    standardise,
    train_gcv,
    window_starts,
)
from tests.helpers import assert_close

L, H = 5, 2
SIZES = dict(lookback=L, horizon=H)
SERIES, SPLIT = ar_channels(jax.random.key(1), tasks=3, rows=140), split_rows(80, 25, 35, L)
GAMMAS, LAMS = jnp.array([0.1, 1.0]), jnp.array([0.0, 0.7])
SCORES = jax.jit(functools.partial(coupling_scores, split=SPLIT, **SIZES))(SERIES, GAMMAS, LAMS)


def test_scores_agree_with_one_fit_and_with_the_parts():
    best = fit_ridge(pack(SERIES, split=SPLIT, **SIZES), gammas=GAMMAS, lams=LAMS, **SIZES)
    assert_close("validation error of the best coupling", SCORES.validation.min(), best.validation, rtol=1e-9)
    gcv = jax.jit(functools.partial(train_gcv, split=SPLIT, **SIZES))(SERIES, GAMMAS, LAMS)
    assert_close("GCV from the train windows alone", gcv, SCORES.gcv, rtol=1e-12)
    z = np.asarray(standardise(SERIES, SPLIT.train))
    _, y = windows_of(z, window_starts(SPLIT.test, **SIZES), L, H)
    assert_close("the look-back's mean as forecast", SCORES.level, np.mean(y**2), rtol=1e-12)
    thinned = part_moments(jnp.asarray(z), split=SPLIT, stride=L + H, **SIZES)[0]
    assert thinned.count[0] == len(window_starts(SPLIT.train, **SIZES, stride=L + H))


def test_blocks_average_to_the_test_error():
    run = jax.jit(functools.partial(block_errors, blocks=3, split=SPLIT, **SIZES))
    blocks = run(SERIES, jnp.array([0.1, 1.0]), jnp.array([0.7, 0.0]))
    assert blocks.shape == (2, 3)
    assert_close("mean over blocks", blocks.mean(1), jnp.array([SCORES.test[0, 1], SCORES.test[1, 0]]), rtol=1e-9)


def test_held_out_blocks_are_a_plain_cross_validation():
    """Against a direct solve per block on explicit windows that share no row with it."""
    span, folds, gamma, lam = SPLIT.train, 2, 0.3, 0.7
    z = standardise(SERIES, span)
    starts = np.arange(span[0], span[1] - L - H + 1)
    total, tasks = 0.0, z.shape[1]
    for inside in np.array_split(starts, folds):
        rest = [s for s in starts if s + L + H <= inside[0] or s >= inside[-1] + L + H]
        x, y = windows_of(np.asarray(z), rest, L, H)
        blocks, targets = np.zeros((tasks, L, tasks, L)), np.zeros((tasks, L, H))
        prior = np.linalg.inv(gamma * np.eye(tasks) + lam)
        for t in range(tasks):
            blocks[t, :, t] += x[:, t].T @ x[:, t] / (tasks * L)
            targets[t] = x[:, t].T @ y[:, t] / np.sqrt(tasks * L)
            for s in range(tasks):
                blocks[t, :, s] += prior[t, s] * np.eye(L)
        w = np.linalg.solve(blocks.reshape(tasks * L, -1), targets.reshape(tasks * L, H)).reshape(tasks, L, H)
        x, y = windows_of(np.asarray(z), inside, L, H)
        errors = (y - np.einsum("ntd,tdh->nth", x, w) / np.sqrt(tasks * L)) ** 2
        total += errors.mean() * len(inside) / len(starts)
    train = part_moments(z, split=SPLIT, **SIZES)[0]
    ours = held_out_curve(z, train, gamma, jnp.array([lam]), span=span, stride=1, folds=folds, **SIZES)
    assert_close("held-out blocks", ours[0], total, rtol=1e-10)


def windows_of(z, starts, lookback, horizon):
    """Explicit windows (sample, task, row) minus the mean of the look-back."""
    x = np.stack([z[s : s + lookback].T for s in starts])
    y = np.stack([z[s + lookback : s + lookback + horizon].T for s in starts])
    level = x.mean(-1, keepdims=True)
    return x - level, y - level
