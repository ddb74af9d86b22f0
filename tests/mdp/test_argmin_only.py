import numpy as np

from mtrl.mdp.argmin_only import ARGMIN_ONLY
from tests.helpers import assert_close
from tests.mdp.worlds import SHARED, lsvi, run


def test_one_representation_is_in_use():
    info, _ = run(ARGMIN_ONLY, beta=0.1, conf=0.1, ridge=0.1, teams=SHARED)
    assert np.all(info.survivors == 1)
    flag, _ = lsvi(single=True)
    assert_close("the ablation is a value of one flag", info.regret, flag.regret, 1e-12)
    assert np.any(lsvi()[0].survivors > 1)
