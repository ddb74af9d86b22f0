"""Multitask reinforcement learning in Markov decision processes.

- `linear`: linear MDPs with a shared representation (LSVI and its multitask forms); all its names are here too.
"""

from mtrl.mdp import linear
from mtrl.mdp.linear import *  # noqa: F403

__all__ = ["linear"]
__all__ += linear.__all__
