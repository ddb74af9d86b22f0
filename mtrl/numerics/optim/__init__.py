"""Convex optimisation: FISTA with duality gaps, L-BFGS, LASSO, proximal maps."""

from mtrl._later import inside

__getattr__ = inside(__name__)
