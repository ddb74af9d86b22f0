"""Neural multitask LSVI: the representation is a network; three ways of being optimistic with it.

- `lsvi`: the algorithm, `neural_lsvi`.
- `bonuses`: `last_layer`, `gradient`, `optimistic_net`.
"""

from mtrl.mdp.linear.neural.bonuses import BONUSES
from mtrl.mdp.linear.neural.lsvi import neural_lsvi

__all__ = ["BONUSES", "neural_lsvi"]
