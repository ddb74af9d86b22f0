"""Multitask reinforcement learning.

- `linear`: linear MDPs with a shared representation (LSVI and its multitask forms); all its names are here too.
- `psr`: predictive state representations of partially observed tasks with a joint class (UMT-PSR, OMT-PSR): `mdp.psr.NAME`.
"""

from mtrl.mdp import linear, psr
from mtrl.mdp.linear import *  # noqa: F403

__all__ = ["linear", "psr"]
__all__ += linear.__all__
