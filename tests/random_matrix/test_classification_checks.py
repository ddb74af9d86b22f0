import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.random_matrix import classification_checks as checks
from mtrl.random_matrix.classification_problem import Samples

GOOD = Samples(np.ones((6, 3)), np.array([0, 0, 1, 1, 1, 0]), np.array([0, 1, 0, 1, 1, 1]))


def test_good_samples_give_their_counts():
    assert checks.check_samples(GOOD, 2).tolist() == [[1, 2], [1, 2]]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (dict(label=np.array([0, 1, 1, 1, 1, 1])), "class 1 of task 1 has 0 samples"),
        (dict(label=np.array([0, 1, 2, 1, 1, 1])), "label holds the value 2, but takes whole numbers from 0 to 1"),
        (dict(task=np.array([0, 0, 1, 1, 3, 0])), "task holds the value 3"),
        (dict(X=np.full((6, 3), np.nan)), "NaN or infinity"),
        (dict(X=np.ones((5, 3))), "shapes"),
    ],
)
def test_bad_samples(change, match):
    with pytest.raises(BadInput, match=match):
        checks.check_samples(GOOD._replace(**change), 2)


def test_uncentred_labels():
    with pytest.raises(BadInput, match="labels of task 0 have sample mean -0.3, but must be centred .*--center_labels"):
        checks.check_centred([[0.6, -0.9], [1.0, -1.0]], [[60, 90], [30, 30]])
    checks.check_centred([[0.9, -0.6], [1.0, -1.0]], [[60, 90], [30, 30]])
    with pytest.raises(BadInput, match="shape"):
        checks.check_centred([1.0, -1.0], [[60, 90]])
    with pytest.raises(BadInput, match="NaN"):
        checks.check_centred([[np.nan, -1.0]], [[60, 90]])


def test_single_samples_cannot_be_split():
    with pytest.raises(BadInput, match="class 2 of task 1 has 1 sample, .* gram_corrected"):
        checks.check_split([[4, 2], [3, 1]])
    checks.check_split([[4, 2], [3, 2]])


def test_no_coupling_at_all():
    with pytest.raises(BadInput, match="lam and every gamma are 0"):
        checks.check_couplings(jnp.zeros(2), 0.0)
    with pytest.raises(BadInput, match="gamma of task 1 got -1"):
        checks.check_couplings(jnp.array([1.0, -1.0]), 1.0)


def test_gram_matrices():
    with pytest.raises(BadInput, match="eigenvalue -1, but must be positive semi-definite; apply project_psd"):
        checks.check_gram([[1.0, 2.0], [2.0, 1.0]])
    with pytest.raises(BadInput, match="not symmetric"):
        checks.check_gram([[1.0, 2.0], [0.0, 1.0]])
    with pytest.raises(BadInput, match="shape"):
        checks.check_gram([[1.0, 2.0]])
    checks.check_gram([[4.0, 2.0], [2.0, 1.0]])


@pytest.mark.parametrize("target", [-1, 2])
def test_target_out_of_range(target):
    with pytest.raises(BadInput, match=f"target got {target}, but must be a task index from 0 to 1"):
        checks.check_target(target, 2)


def test_equal_class_means_warn():
    with pytest.warns(UserWarning, match="equal means.*error is 0.5"):
        assert not checks.check_informative(np.zeros((2, 2)))
    assert checks.check_informative(np.eye(2))
