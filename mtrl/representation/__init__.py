"""Supervised shared linear representations: moments, alternating minimisation, factored and convex multitask learners,
active sampling.
"""
