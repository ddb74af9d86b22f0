import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.random_matrix import check

ASYMMETRIC = np.eye(2) + np.array([[0, 0.1], [0, 0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: check.check_coupling([1.0, -0.1], 1.0), "gamma of task 1 is -0.1"),
        (lambda: check.check_coupling([1.0, np.nan], 1.0), "gamma of task 1 is nan"),
        (lambda: check.check_coupling([1.0], -1.0), "lam is -1"),
        (lambda: check.check_coupling([0.0, 0.0], 0.0), "all 0"),
        (lambda: check.check_noise([0.1, 0.0]), "noise variance of task 1 is 0"),
        (lambda: check.check_noise([-0.1]), "noise variance of task 0 is -0.1"),
        (lambda: check.check_covariance(np.eye(2), 1, 2), r"shape \(2, 2\)"),
        (lambda: check.check_covariance([ASYMMETRIC], 1, 2), "task 0 is not symmetric"),
        (
            lambda: check.check_covariance([np.eye(2), np.diag([1, -0.5])], 2, 2),
            "task 1 has the negative eigenvalue -0.5",
        ),
        (lambda: check.check_covariance([np.full((2, 2), np.nan)], 1, 2), "task 0 holds a NaN"),
        (lambda: check.check_covariance([np.diag([1.0, 0.0])], 1, 2, full_rank=True), "rank-deficient.*leave-one-out"),
        (lambda: check.check_alignment(1.2), "alpha is 1.2"),
        (lambda: check.check_alignment(float("nan")), "alpha is nan"),
        (lambda: check.check_alignment(-0.9, tasks=3), "3 vectors cannot"),
        (lambda: check.check_samples([5, 0]), "task 1 has n_t = 0"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(BadInput, match=message):
        call()


def test_good_input():
    check.check_coupling([0.0, 1.0], 0.0)
    check.check_covariance([np.diag([1.0, 0.0])], 1, 2)
    check.check_alignment(-1.0)
    check.check_noise([0.1])
    check.check_samples([1])
