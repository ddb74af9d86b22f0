"""Linear algebra: small solves fused with their surroundings, conjugate gradients, PSD matrices, rank-one updates, subspaces."""

from mtrl._later import inside

__getattr__ = inside(__name__)
