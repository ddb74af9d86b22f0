"""Multitask theory in JAX.

Pure functions on arrays and PyTrees, by theory domain: `mtrl.random_matrix`, `mtrl.representation`, `mtrl.bandits`, `mtrl.mdp`,
`mtrl.forecasting`, `mtrl.dynamics`; `mtrl.numerics` is the ground floor they share, `mtrl.descent` what combines task gradients, `mtrl.nn` the networks, `mtrl.data` the readers of
files and `mtrl.harness` the only part that touches flags, files and clocks.

`from mtrl import bandits` costs nothing until the first name of it is used: a command line is answered without loading JAX.
"""

from mtrl._later import inside

__getattr__ = inside(__name__)
