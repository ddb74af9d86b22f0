"""One compiled program per algorithm and shape: seeds, sharing modes, ablation and constants are values."""

import dataclasses

import numpy as np

from experiments.multitask_linear_mdp import regret
from mtrl.harness import compilations
from tests.mdp.worlds import OWN, SHARED, lsvi


def test_methods_seeds_and_constants_share_one_program():
    lsvi()
    before = compilations()
    lsvi(teams=OWN)
    lsvi(teams=np.array([0, 1, 0], np.int32), beta=0.7, conf=3.0)
    lsvi(teams=SHARED, single=True, ridge=1.0, noise=0.0)
    assert compilations() == before


def test_the_study_compiles_once_for_all_methods_and_settings():
    config = dataclasses.replace(
        regret.RegretConfig(), seeds=2, episodes=4, states=4, candidates=3, tasks=2, stages=2, rank=2
    )
    before = compilations()
    regret.run(config, np.arange(2))
    assert compilations() == before + 1
    regret.run(dataclasses.replace(config, beta=0.5, conf=0.3, noise=0.2), np.arange(2, 4))
    assert compilations() == before + 1
