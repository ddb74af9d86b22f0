"""ConFIG: the published table, and one cosine with all gradients."""

import numpy as np
import pytest

from mtrl.descent import con_fig
from mtrl.descent.aggregators import con_fig_weights
from tests.descent.fixtures import TABLE, direction, directions, random_jacobians
from tests.helpers import assert_close


@pytest.mark.parametrize(
    "J, expected",
    [*zip(TABLE, ([0.158809, 2.070607, 2.070607], [0.345937, 2.717098, 3.408971, 0.345937], [2.0, 2.0]), strict=True)],
)
def test_table(J, expected):
    """TorchJD 0.18."""
    assert_close("ConFIG", direction(con_fig, J), expected, atol=1e-6)


def test_one_cosine_with_all_and_the_sum_of_the_projections_as_length():
    """Section 3.2 of Liu, Chu and Thuerey."""
    Js = random_jacobians(60, 3)
    d = directions(con_fig_weights, Js)
    sizes, lengths = np.linalg.norm(d, axis=1), np.linalg.norm(Js, axis=2)
    cosines = np.einsum("ctd,cd->ct", Js, d) / (lengths * sizes[:, None])
    assert_close("cosines", cosines, np.repeat(cosines[:, :1], 3, 1), rtol=1e-6)
    assert (cosines > 0).all()
    assert_close("length", sizes, (cosines * lengths).sum(1), rtol=1e-6)
