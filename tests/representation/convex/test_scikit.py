import pytest

from mtrl.numerics.errors import BadInput
from mtrl.representation.convex.scikit import lam_from_alpha


def test_scalings_and_refusals():
    assert lam_from_alpha("Ridge", 3.0, 12) == 0.25
    assert lam_from_alpha("MultiTaskLasso", 0.2, 12) == 0.2
    for arguments, message in (
        (("Ridge", -1.0, 3), "alpha=-1 is negative"),
        (("Ridge", 1.0, 0), "samples=0 is below 1"),
        (("Lars", 1.0, 3), "estimator 'Lars' has no known scaling"),
    ):
        with pytest.raises(BadInput, match=message):
            lam_from_alpha(*arguments)
