import numpy as np

from mtrl.mdp.linear.argmin_only import argmin_only
from mtrl.mdp.linear.multitask_lsvi import multitask_lsvi
from tests.helpers import assert_close
from tests.mdp.linear.worlds import HYPER, lsvi, small, steps


def test_one_representation_is_in_use():
    _, ours = steps(argmin_only(beta=0.1, ridge=0.1), small(0), 3)
    _, flag = steps(multitask_lsvi(single=True, **HYPER), small(0), 3)
    for a, b in zip(ours, flag, strict=True):
        assert np.all(np.asarray(a.survivors) == 1)
        assert_close("the ablation is a value of one flag", a.optimism, b.optimism, 1e-12)
    assert np.all(lsvi(single=True)[0].survivors == 1) and np.any(lsvi()[0].survivors > 1)
