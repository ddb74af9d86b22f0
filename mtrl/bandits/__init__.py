"""Multitask bandits: regret with a shared representation.

M tasks are played at once; the mean reward of input x in task i is `<phi(x), theta_i>` with one unknown phi. Every
algorithm is an `Algorithm(init, step)` in its own file; `problem` holds the worlds they play in, `theory` the
predictions.
"""
