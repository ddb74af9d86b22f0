"""Numerical ground floor: knows no paper, imports no wing and no harness."""
