import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.representation import convex, pack_tasks, subspace
from tests.helpers import assert_close

X, Y = np.ones((2, 3, 4)), np.ones((2, 3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((X[0], Y), r"x has shape \(3, 4\) and y has shape \(2, 3\)"),
        ((X, Y[:, :2]), r"x has shape \(2, 3, 4\) and y has shape \(2, 2\)"),
        ((X, Y * np.nan), "not finite"),
        ((X, Y.astype(int)), "y has dtype int"),
        ((X * [[[1.0]], [[0.0]]], Y * [[1.0], [0.0]]), "3 rows are zero.*padding.*mask"),
        ((X, Y, Y), "give booleans of the shape of y"),
        ((X[:0], Y[:0]), "the 0 tasks have no samples"),
        ((X[:, :0], Y[:, :0]), "task 0 has no samples"),
        ((X, Y, np.array([[True] * 3, [False] * 3])), "task 1 has no samples"),
        (([X[0], X[1][:2]], [Y[0], Y[1]]), "tasks have inputs of shapes.*with one dim"),
        (([X[0], X[1][:0]], [Y[0], Y[1][:0]]), "task 1 has no samples"),
    ],
)
def test_data_that_cannot_be_meant_are_refused_in_one_sentence(arguments, message):
    with pytest.raises(BadInput, match=message) as caught:
        pack_tasks(*arguments)
    assert "\n" not in str(caught.value)


def test_lists_of_unequal_tasks_are_padded_with_a_mask():
    tasks = pack_tasks([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0]]], [[1.0, 2.0], [3.0]])
    assert_close("x", tasks.x, [[[1, 2], [3, 4]], [[5, 6], [0, 0]]])
    assert_close("y", tasks.y, [[1, 2], [3, 0]])
    assert np.asarray(tasks.mask).tolist() == [[True, True], [True, False]]
    masked = pack_tasks(X, Y, np.array([[True] * 3, [True, True, False]]))
    assert float(masked.x[1, 2].sum()) == 0


def test_fits_take_lists_and_name_what_is_wrong():
    rng = np.random.default_rng(0)
    x = [rng.normal(size=(n, 4)) for n in (9, 7, 8)]
    y = [rows @ rng.normal(size=4) for rows in x]
    padded = pack_tasks(x, y)
    by_hand = convex.fit(padded.x, padded.y, convex.ridge, lam=0.1, mask=padded.mask).weights
    assert_close("convex", convex.fit(x, y, convex.ridge, lam=0.1).weights, by_hand, 1e-12)
    for method in ("alternating", "moments", "factored"):
        assert subspace.fit(x, y, rank=2, method=method).basis.shape == (4, 2)
    for rank in (-1, 0, 4, 5):
        with pytest.raises(BadInput, match=f"rank got {rank}, but must"):
            subspace.fit(x, y, rank=rank)
    with pytest.raises(BadInput, match="method got 'svd', but takes one of"):
        subspace.fit(x, y, rank=1, method="svd")
    with pytest.warns(
        UserWarning, match="heads interpolate; least squares representation will be arbitrary, use method"
    ):
        subspace.fit([v[:2] for v in x], [v[:2] for v in y], rank=2)
    with pytest.warns(UserWarning, match=r"subspace.fit, factored stopped before converging: residual"):
        subspace.fit(x, y, rank=2, method="factored", iterations=2)
