"""Splits keep classes apart, and the errors of one repeat are those of classifiers trained by hand."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.random_matrix.classification import (
    SPLIT_RULES,
    draw_split,
    fit,
    pool_moments,
    predict,
    random_ranks,
    shrunk_root,
    signed_labels,
    split_errors,
)
from tests.helpers import assert_close

RNG = np.random.default_rng(0)
POOL = jnp.asarray(RNG.permutation(np.repeat(np.arange(4), [20, 24, 18, 22])))
X = jnp.asarray(RNG.normal(size=(84, 5)) + 1.2 * np.eye(4, 5)[np.asarray(POOL)])
SOURCE, TARGET = jnp.array([0, 1]), jnp.array([2, 1])  # class 1 serves both tasks
SIZES = dict(n_source=6, n_target=4)


def test_ranks_are_a_permutation_within_each_pool(key):
    ranks = np.asarray(random_ranks(key, POOL))
    for pool in range(4):
        members = ranks[np.asarray(POOL) == pool]
        assert sorted(members) == list(range(members.size))


def test_a_class_of_both_tasks_gives_them_disjoint_samples(key):
    data, held = jax.jit(functools.partial(draw_split, **SIZES))(key, X, POOL, SOURCE, TARGET)
    rows = [int(np.flatnonzero((np.asarray(X) == row).all(1))[0]) for row in np.asarray(data.X)]
    assert len(set(rows)) == len(rows) == 20, "no sample trains twice"
    wanted = np.array([[0, 1], [2, 1]])[np.asarray(data.task), np.asarray(data.label)]
    assert (np.asarray(POOL)[rows] == wanted).all()
    held = np.asarray(held)
    assert not held[rows].any(), "nothing that trains is held out"
    assert held.sum(0).tolist() == [18 - 4, 24 - 4 - 6]


def test_moments_are_those_of_each_class():
    means, covariance = jax.jit(pool_moments)(X, POOL, jnp.array([0, 3]), TARGET)
    classes = [np.asarray(X)[np.asarray(POOL) == c] for c in (0, 3, 2, 1)]
    assert_close("means", means, [c.mean(0) for c in classes], rtol=1e-12)
    scatter = sum((c - c.mean(0)).T @ (c - c.mean(0)) for c in classes) / 84
    assert_close("covariance within", covariance, scatter, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("whiten", ["pool", "training"])
def test_errors_of_a_repeat(key, whiten):
    run = jax.jit(functools.partial(split_errors, **SIZES, shrinkage=0.2, whiten=whiten))
    held_out, predicted = run(key, X, POOL, SOURCE, TARGET, 0.5, 1.0, 1.0)
    assert held_out.shape == predicted.shape == (len(SPLIT_RULES),)
    assert ((predicted > 0) & (predicted < 1)).all() and ((held_out >= 0) & (held_out <= 1)).all()
    if whiten == "training":
        return

    @jax.jit
    def by_hand(key):
        data, held = draw_split(key, X, POOL, SOURCE, TARGET, **SIZES)
        T = shrunk_root(pool_moments(X, POOL, SOURCE, TARGET)[1], 0.2)
        machine = fit(data._replace(X=data.X @ T), signed_labels(jnp.array([[6, 6], [4, 4]])), 0.5 * jnp.eye(2) + 1.0)
        return predict(machine, X @ T, 1, threshold=0.0), held

    second, held = (np.asarray(part) for part in by_hand(key))
    wrong = [np.average(second == other, weights=np.asarray(held)[:, j]) for j, other in enumerate((1, 0))]
    assert_close("held-out error of ±1 labels", held_out[0], np.mean(wrong), rtol=1e-12)
