"""Annealed gradient noise for very deep networks: when it rescues a poor start, and when it does nothing.

- the rule itself is `mtrl.descent.noise`
- deep ReLU networks with one trunk and a head per task, on clusters: `clusters`, `labelled`, `initial_spreads`, `setting`, `train`;
  when they leave their plateau, `escape`; `network` (weights, loss, gains)
- scalar landscapes with closed forms: `landscapes`
- an end-to-end memory network on chains of facts: `chains`, `initial_memory`, `answers`, `train_memory`
- restarts of a learner of tiny programs: `named_program`, `learn_program`
- `theory`: total noise, random walk of weights, gains, escape times, variances in basins

Paper: Neelakantan, Vilnis, Le, Sutskever, Kaiser, Kurach and Martens, "Adding Gradient Noise Improves Learning for Very Deep Networks",
arXiv 1511.06807 (2015). Its neural programmers, random-access machines and neural GPUs have the learner of programs as their stand-in.

A layer of 50 units from N(0, 0.1^2) passes a quarter of the signal's power; noise alone needs 54886 steps to mend that:

>>> import jax
>>> jax.config.update("jax_enable_x64", True)
>>> from mtrl.dynamics import gradient_noise as gn
>>> round(float(gn.theory.gain(50, 0.1**2)), 6)
0.25
>>> int(gn.theory.steps_to_gain_one(width=50, spread=0.1, lr=0.1, eta=0.01))
54886
"""

from mtrl.dynamics.gradient_noise import landscapes, network, theory
from mtrl.dynamics.gradient_noise.memory import (
    Memory,
    MemoryReport,
    Stories,
    answers,
    chains,
    initial_memory,
    train_memory,
)
from mtrl.dynamics.gradient_noise.problem import (
    INITS,
    Clusters,
    Labelled,
    clusters,
    initial_spreads,
    labelled,
    shares,
    walk_spread,
)
from mtrl.dynamics.gradient_noise.programs import OPERATIONS, Restarts, compute, learn_program, mixed, named_program
from mtrl.dynamics.gradient_noise.training import OPTIMISERS, Report, Setting, check_trained, escape, setting, train

__all__ = [
    "INITS", "OPERATIONS", "OPTIMISERS", "Clusters", "Labelled", "Memory", "MemoryReport", "Report", "Restarts", "Setting", "Stories",
    "answers", "chains", "check_trained", "clusters", "compute", "escape", "initial_memory", "initial_spreads", "labelled", "landscapes",
    "learn_program", "mixed", "named_program", "network", "setting", "shares", "theory", "train", "train_memory", "walk_spread",
]  # fmt: skip
