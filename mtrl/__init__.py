"""Multitask theory in JAX.

Pure functions on arrays and PyTrees, by theory domain: `mtrl.random_matrix`, `mtrl.representation`, `mtrl.bandits`, `mtrl.mdp`,
`mtrl.forecasting`; `mtrl.numerics` is the ground floor they share and `mtrl.harness` the only part that touches flags, files and clocks.
"""
