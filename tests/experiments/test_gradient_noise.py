"""The study of gradient noise: settings that do not fill a program change nothing; uneven reports are refused."""

import numpy as np
import pytest

from experiments.gradient_noise import STUDY, protocol
from mtrl.harness.config import replace
from mtrl.numerics.errors import BadInput


def test_settings_do_not_see_their_neighbours():
    """Three settings in programs of two: the third as if it were first, to the last bit."""
    config = STUDY.figure("gain").configure("smoke", {})
    settings = [("simple", dict(eta=eta)) for eta in (0.0, 0.3, 0.0)]
    found, most = protocol.trained(config, np.array([0]), settings)
    assert found.accuracy.shape == (1, 3, config.checkpoints + 1, 1) and 0.1 <= most[0, 0] < 0.3
    np.testing.assert_array_equal(found.loss[:, 0], found.loss[:, 2])
    assert (found.loss[:, 1] != found.loss[:, 0]).any()


def test_uneven_reports_are_refused():
    config = STUDY.figure("gain").configure("smoke", {})
    with pytest.raises(BadInput, match="steps got 201, but must be a multiple of checkpoints, 4"):
        replace(config, steps=201)
