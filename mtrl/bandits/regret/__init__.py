"""Algorithms that keep the regret low, one file each; `ridge_statistics` and `joint_index` hold what they share."""

from mtrl.bandits.regret.boss import boss
from mtrl.bandits.regret.boss import schedule as boss_schedule
from mtrl.bandits.regret.e2tc import e2tc
from mtrl.bandits.regret.gfucb_finite import gfucb_finite
from mtrl.bandits.regret.gfucb_linear import gfucb_linear
from mtrl.bandits.regret.linucb import greedy, linucb
from mtrl.bandits.regret.mlingreedy import mlingreedy
from mtrl.bandits.regret.mtlr_oful import mtlr_oful
from mtrl.bandits.regret.oful import known_representation, oful
from mtrl.bandits.regret.pege import pege
from mtrl.bandits.regret.seqrepl import seqrepl, sequential_pege
from mtrl.bandits.regret.uniform import uniform

__all__ = [
    "boss", "boss_schedule", "e2tc", "gfucb_finite", "gfucb_linear", "greedy", "known_representation", "linucb",
    "mlingreedy", "mtlr_oful", "oful", "pege", "seqrepl", "sequential_pege", "uniform",
]  # fmt: skip
