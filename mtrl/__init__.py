"""Multitask theory in JAX.

Pure functions on arrays and PyTrees, by theory domain: `mtrl.random_matrix`, `mtrl.representation`, `mtrl.bandits`, `mtrl.mdp`,
`mtrl.forecasting`, `mtrl.optimization`, `mtrl.dynamics`, `mtrl.continual`. What they share: `mtrl.numerics` is the ground floor, `mtrl.nn`
the networks, `mtrl.descent` what combines task gradients, `mtrl.data` the readers of files. `mtrl.harness` is the only part that touches
flags, files and clocks.

`from mtrl import bandits` costs nothing until the first name of it is used: a command line is answered without loading JAX.
"""

from mtrl._later import inside

__getattr__ = inside(__name__)
