"""Optimal experimental designs and their rounding to whole samples."""

from mtrl._later import inside

__getattr__ = inside(__name__)
