import numpy as np

from mtrl.mdp.argmin_only import ARGMIN_ONLY
from mtrl.mdp.multitask_lsvi import MULTITASK_LSVI
from tests.helpers import assert_close
from tests.mdp.worlds import HYPER, lsvi, small, steps


def test_one_representation_is_in_use():
    _, ours = steps(ARGMIN_ONLY, small(0), 3, **HYPER)
    _, flag = steps(MULTITASK_LSVI, small(0), 3, single=True, **HYPER)
    for a, b in zip(ours, flag, strict=True):
        assert np.all(np.asarray(a.survivors) == 1)
        assert_close("the ablation is a value of one flag", a.optimism, b.optimism, 1e-12)
    assert np.all(lsvi(single=True)[0].survivors == 1) and np.any(lsvi()[0].survivors > 1)
