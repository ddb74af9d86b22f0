"""Multitask reinforcement learning in Markov decision processes.

- `linear`: linear MDPs with a shared representation (LSVI and its multitask forms); all its names are here too.
"""

from mtrl.mdp import linear
from mtrl.mdp.linear import *  # noqa: F403
from mtrl.mdp.linear import __all__ as _names

__all__ = ["linear", *_names]  # noqa: PLE0604
