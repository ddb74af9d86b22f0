import jax
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.representation.active.purchase import _within, buy_labels

RNG = np.random.default_rng(0)
BASIS = np.linalg.qr(RNG.normal(size=(6, 2)))[0]
HEADS = np.array([[1.0, -1.0, 2.0, 0.0], [0.0, 0.1, 0.0, 1.0]])
SIZES = (60, 60, 60, 30)  # the one relevant task has few rows
X = [RNG.normal(size=(n, 6)) for n in SIZES]
Y = [x @ BASIS @ head + 0.1 * RNG.normal(size=len(x)) for x, head in zip(X, HEADS.T, strict=True)]
TARGET_X = RNG.normal(size=(10, 6))
TARGET_Y = TARGET_X @ BASIS @ [0.0, 1.0] + 0.1 * RNG.normal(size=10)
SETTINGS = dict(rank=2, totals=[40, 80], floor=4, iterations=5)


def buy(labels=Y, key=0, **changes):
    return buy_labels(jax.random.key(key), X, labels, TARGET_X, TARGET_Y, **(SETTINGS | changes))


@pytest.fixture(scope="module")
def bought():
    return buy()


def test_rows_are_bought_once_where_they_help(bought):
    np.testing.assert_array_equal(bought.counts.sum(1), [40, 80])
    assert (
        bought.counts.min() >= 4 and len(bought.rows[3]) == 30
    )  # all the rows that there are; the rest went elsewhere
    for rows, size, count in zip(bought.rows, SIZES, bought.counts.sum(0), strict=True):
        assert len(np.unique(rows)) == len(rows) == count and rows.max() < size
    assert np.argmax(np.abs(bought.relevance)) == 3
    assert np.linalg.norm(bought.theta - BASIS @ [0.0, 1.0]) < 0.2


def test_only_the_labels_bought_are_asked_for(bought):
    """Labels of other rows are never looked at: with NaN there the answer is the same."""
    hidden = [np.full(n, np.nan) for n in SIZES]
    for y, whole, rows in zip(hidden, Y, bought.rows, strict=True):
        y[rows] = whole[rows]
    np.testing.assert_array_equal(buy(hidden).theta, bought.theta)
    asked = [[] for _ in SIZES]

    def label(task, rows):
        asked[task].extend(rows.tolist())
        return Y[task][rows]

    np.testing.assert_array_equal(buy(label).theta, bought.theta)
    assert all(sorted(a) == sorted(b.tolist()) for a, b in zip(asked, bought.rows, strict=True))


def test_lists_will_do_and_the_order_depends_on_the_key(bought):
    lists = buy_labels(
        jax.random.key(0),
        [x.tolist() for x in X],
        [y.tolist() for y in Y],
        TARGET_X.tolist(),
        TARGET_Y.tolist(),
        **SETTINGS,
    )
    np.testing.assert_array_equal(lists.theta, bought.theta)
    assert not np.array_equal(buy(key=1).rows[0], bought.rows[0])


def test_excess_goes_to_those_who_wanted_more():
    np.testing.assert_array_equal(_within(np.array([10, 20, 40]), np.array([50, 50, 10])), [20, 40, 10])
    np.testing.assert_array_equal(_within(np.array([10, 0]), np.array([3, 7])), [3, 7])


@pytest.mark.parametrize(
    "changes, message",
    [
        (dict(rank=5), r"rank K=5 is above min\(d=6, M=4\)"),
        (dict(totals=[40, 400]), "totals ask for 440 labels, but the source tasks have 210 rows"),
        (dict(rule="L3"), "rule got 'L3', but takes one of passive, L2, L1"),
        (dict(labels=[y[:5] for y in Y]), r"labels of task 0 has shape \(5,\), but must have \(60\)"),
    ],
)
def test_refused(changes, message):
    with pytest.raises(BadInput, match=message):
        buy(**changes)
