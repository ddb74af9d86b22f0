"""Teachers, labels, mini-batches, and the generalisation error of an overlap."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl import continual
from mtrl.continual import problem
from mtrl.numerics.errors import BadInput


def test_disagreement_is_arccos_of_the_overlap(key):
    """Overlap 0.6 at N = 401: 20000 inputs, a standard error of 0.0032; within 0.006, false-alarm rate 6e-2 on a fresh key, bias of order 1/N."""
    w = jnp.ones(401)
    student = w.at[:80].set(-1.0)
    x = jax.random.rademacher(key, (20000, 401), float)
    p = problem.overlap(w, student)
    assert float(p) == pytest.approx(1 - 160 / 401)
    rate = float(jnp.mean(problem.sign(x @ w) != problem.sign(x @ student)))
    assert abs(rate - float(problem.generalisation_error(p))) < 0.006


def test_teachers_overlap_and_ties(key):
    first, second = problem.teachers(key, dim=4000, r0=0.5)
    assert abs(float(jnp.mean(first * second)) - 0.5) < 5 * (0.75 / 4000) ** 0.5  # five standard errors: 6e-7
    assert problem.sign(jnp.array([-2.0, 0.0, 3.0])).tolist() == [-1.0, 1.0, 1.0]
    task = problem.sample(key, jnp.ones(2), 40)  # N = 2: every second sum is a tie
    assert np.array_equal(task.y, np.where(np.asarray(task.x).sum(1) >= 0, 1, -1))


def test_epochs_show_every_example_once(key):
    """Also of a task of which only the first rows count, and with a mini-batch smaller than its array."""
    task = problem.sample(key, jnp.ones(3), 9)._replace(x=jnp.arange(27.0).reshape(9, 3))
    task = problem.first_rows(task, 7)
    assert task.mask.tolist() == [True] * 7 + [False] * 2 and problem.pieces(task, 3) == 3
    for epoch in range(2):
        order = problem.shuffled(jax.random.fold_in(key, epoch), task)
        batches = [problem.minibatch(task, order, i, most=4, size=3) for i in range(3)]
        seen = sorted(float(x[0]) for batch in batches for x, m in zip(batch.x, batch.mask, strict=True) if m)
        assert seen == [3.0 * i for i in range(7)]
        assert sum(float(batch.share) for batch in batches) == pytest.approx(1.0)


def test_bad_input(key):
    with pytest.raises(BadInput, match=r"alpha got 0, but must be a finite number above 0"):
        problem.examples_of(0.0, 100)
    with pytest.raises(BadInput, match=r"alpha got 0.001, which gives P = 0 examples at N = 100; raise alpha or N"):
        problem.examples_of(0.001, 100)
    with pytest.raises(BadInput, match=r"r0 got 1.5, but must be from -1 to 1; it is the overlap"):
        problem.teachers(key, dim=10, r0=1.5)
    with pytest.raises(BadInput, match=r"count got 0, but must be a whole number of at least 1"):
        problem.sample(key, jnp.ones(3), 0)
    with pytest.raises(BadInput, match=r"y got the label 0, but must be \+1 or -1; use 2 y - 1"):
        continual.examples(jnp.ones((2, 3)), jnp.array([1.0, 0.0]))
    with pytest.raises(BadInput, match="x has no rows"):
        continual.examples(jnp.ones((0, 3)), jnp.ones(0))
    with pytest.raises(BadInput, match="size got 5, but must be a whole number from 1 to 4"):
        problem.minibatch(problem.sample(key, jnp.ones(3), 7), jnp.arange(7), 0, most=4, size=5)
    assert problem.examples_of(0.35, 10) == 4 and np.isnan(problem.overlap(jnp.ones(2), jnp.array([1.0, jnp.nan])))
