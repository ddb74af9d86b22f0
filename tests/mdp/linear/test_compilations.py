"""One compiled program per algorithm and shape: seeds, sharing modes, ablation and constants are values."""

import numpy as np

from mtrl.harness import compilations
from tests.mdp.linear.worlds import OWN, SHARED, lsvi


def test_methods_seeds_and_constants_share_one_program():
    lsvi()
    before = compilations()
    lsvi(teams=OWN)
    lsvi(teams=np.array([0, 1, 0], np.int32), beta=0.7, conf=3.0)
    lsvi(teams=SHARED, single=True, ridge=1.0, noise=0.0)
    assert compilations() == before
