"""IMTL-G: table, equal projections, scale equivariance."""

import numpy as np
import pytest

from mtrl.descent import imtl_g
from mtrl.descent.aggregators import imtl_g_weights
from tests.descent.fixtures import J2, TABLE, direction, directions, random_jacobians
from tests.helpers import assert_close


@pytest.mark.parametrize(
    "J, expected",
    [*zip(TABLE, ([0.076697, 1, 1], [0.112939, 0.887061, 1.112939, 0.112939], [0.75, 0.75]), strict=True)],
)
def test_table(J, expected):
    assert_close("TorchJD 0.18", direction(imtl_g, J), expected, atol=1e-6)


def test_projections_on_all_unit_gradients_are_equal():
    Js = random_jacobians(60)[::3]  # rows of norms and angles for which M's inverse has digits left
    d = directions(imtl_g_weights, Js)
    onto = np.einsum("ctd,cd->ct", Js / np.linalg.norm(Js, axis=2, keepdims=True), d)
    assert_close(
        "projections",
        onto / np.abs(onto).max(1, keepdims=True),
        np.broadcast_to(np.sign(onto[:, :1]), onto.shape),
        atol=1e-8,
    )


def test_direction_does_not_depend_on_the_tasks_scales():
    scaled = direction(imtl_g, J2 * np.array([[0.1], [3], [40]]))
    plain = direction(imtl_g, J2)
    assert_close("unit", scaled / np.linalg.norm(scaled), plain / np.linalg.norm(plain), atol=1e-9)
