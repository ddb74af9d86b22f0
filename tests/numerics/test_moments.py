import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.numerics.moments import (
    add_row,
    check_gram_size,
    flat_moments,
    fold_moments,
    moments,
    no_moments,
    rows_from_moments,
)
from tests.helpers import assert_close


@pytest.fixture(scope="module")
def data():
    x = jax.random.normal(jax.random.key(0), (4, 9, 3))
    y = jax.random.normal(jax.random.key(1), (4, 9))
    mask = jnp.arange(9)[None] < jnp.array([9, 4, 7, 5])[:, None]
    return x, y, mask


def test_masked_moments_equal_a_loop_over_ragged_tasks(data):
    x, y, mask = data
    ours = moments(x, y, mask)
    for t in range(4):
        x_t, y_t = np.asarray(x[t])[np.asarray(mask[t])], np.asarray(y[t])[np.asarray(mask[t])]
        for name, value, reference in (
            ("gram", ours.gram[t], x_t.T @ x_t),
            ("cross", ours.cross[t], x_t.T @ y_t),
            ("square", ours.square[t], y_t @ y_t),
            ("count", ours.count[t], len(y_t)),
        ):
            assert_close(name, value, reference, 1e-12)


def test_flat_rows_in_any_order_give_the_dense_moments(data):
    x, y, mask = data
    task = jnp.broadcast_to(jnp.arange(4)[:, None], mask.shape)
    order = np.random.default_rng(0).permutation(int(mask.sum()))
    kept = np.asarray(mask)
    flat = flat_moments(x[kept][order], y[kept][order], task[kept][order], 4)
    for ours, reference in zip(flat, moments(x, y, mask), strict=True):
        assert_close("flat", ours, reference, 1e-12)


def test_folds_add_up_and_rows_reproduce_the_moments(data):
    x, y, _ = data
    fold = jnp.broadcast_to(jnp.arange(9) % 3, y.shape)
    folds = fold_moments(x, y, fold, 3)
    whole = moments(x, y)
    for ours, reference in zip(jax.tree.map(lambda v: v.sum(0), folds), whole, strict=True):
        assert_close("sum of folds", ours, reference, 1e-12)
    rows, response = rows_from_moments(whole)
    again = moments(rows, response)
    assert_close("gram of rows", again.gram, whole.gram, 1e-12)
    assert_close("cross of rows", again.cross, whole.cross, 1e-12)


def test_gram_matrices_past_two_gigabytes_are_refused():
    with pytest.raises(BadInput, match=r"need 4.1 GiB and at most 2 GiB.*streamed"):
        check_gram_size(55000, 100)
    assert check_gram_size(6400, 100) is None


def test_several_outputs_and_rows_added_one_by_one(key):
    """`cross` has a column per output and `square` their sum; adding rows one at a time gives the same moments."""
    x = jax.random.normal(key, (3, 5, 2))
    y = jax.random.normal(jax.random.fold_in(key, 1), (3, 5, 4))
    both = moments(x, y, jnp.arange(5) < jnp.array([[5], [2], [0]]))
    for q in range(4):
        one = moments(x, y[..., q], jnp.arange(5) < jnp.array([[5], [2], [0]]))
        assert_close("column", both.cross[..., q], one.cross, rtol=1e-12, atol=1e-15)
    data = no_moments(3, 2)
    for n in range(5):
        data = add_row(data, x[:, n], y[:, n, 0])
    whole = moments(x, y[..., 0])
    for name in data._fields:
        assert_close(name, getattr(data, name), getattr(whole, name), rtol=1e-12)
    assert no_moments(3, 2, outputs=(4,)).cross.shape == both.cross.shape


def test_rows_of_unknown_tasks_are_refused_or_left_out_of_every_sum():
    x, y = jnp.ones((3, 2)), jnp.ones(3)
    for wrong in (-1, 2):
        number = jnp.array([0, wrong, 1])
        with pytest.raises(BadInput, match=f"task_id got {wrong}, but must be a whole number from 0 to 1"):
            flat_moments(x, y, number, 2)
        traced = jax.jit(lambda i: flat_moments(x, y, i, 2))(number)
        kept = flat_moments(x[:2], y[:2], jnp.array([0, 1]), 2)
        for name, ours, theirs in zip(traced._fields, traced, kept, strict=True):
            assert_close(name, ours, theirs)
