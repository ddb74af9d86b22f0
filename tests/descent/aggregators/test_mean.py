"""Linear scalarisation."""

from mtrl.descent import mean
from tests.descent.fixtures import J1, direction
from tests.helpers import assert_close


def test_weights_are_the_preference():
    assert_close("mean", direction(mean, J1), [1.0, 1, 1], rtol=1e-14)
    assert_close("weighted", direction(mean, J1, preference=(0.2, 0.8)), 0.2 * J1[0] + 0.8 * J1[1], rtol=1e-14)
