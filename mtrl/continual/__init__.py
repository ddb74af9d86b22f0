"""Continual learning with binary weights: variational learning rules, and their statistical mechanics.

Weights +-1 are trained through fields theta: each has the magnetisation m = tanh(beta_f theta), and the posterior of the task before enters
the next free energy as a KL term (BiVCL).

| what | where |
| --- | --- |
| teachers with an overlap, labelled inputs, mini-batches, generalisation error | `problem` |
| the free energy of a perceptron, its gradients, two forms of the KL term, the information of a field | `objective` |
| `bivcl` (gamma = 0 is plain descent), `ewc`; fields brought to a given q*, `scaled_to` | `perceptron` |
| saddle point of one task, its branches over the load, at a given q*: `saddle_point`, `follow`, `fixed_variance` | `single_task` |
| Franz-Parisi saddle point of two tasks: `magnetisation_law`, `transfer`, `follow_transfer` | `two_tasks` |
| is that of one task stable against replicas that part: `replicon`; samples of its measure: `gibbs` | `stability`, `gibbs` |
| their fixed quadrature, the damped and Newton iteration | `quadrature`, `saddle` |
| deep binary networks by the Gaussian-field rule: `gaussian_field`, `gaussian_field_ewc`, schedules of beta_f | `deep` |
| the metaplasticity rule of Laborieux et al. (2021) | `metaplasticity` |
| limits of the coupling, convergence time | `theory` |

Paper: Li, Huang, Zou and Huang, "Statistical mechanics of continual learning: variational principle and mean-field potential", Physical
Review E 108, 014309 (2023), arXiv 2212.02846.

What does a second task do to the first? Errors on both after the second, at weights of the KL term of 1 and 0.1:

>>> import jax, jax.numpy as jnp
>>> jax.config.update("jax_enable_x64", True)
>>> from mtrl import continual
>>> first = continual.saddle_point(0.5, beta=20.0)
>>> law = continual.magnetisation_law(first, beta=20.0)
>>> kept, lost = (continual.transfer(0.5, law, r0=0.0, gamma=gamma, beta=20.0) for gamma in (1.0, 0.1))
>>> bool(kept.p1 > lost.p1), bool(lost.p2 > kept.p2), bool(first.converged & kept.converged & lost.converged)
(True, True, True)
"""

from mtrl.continual import deep, objective, problem, quadrature, stability, theory
from mtrl.continual.deep import (
    Batch,
    Penalty,
    accuracy,
    binary_forward,
    field_forward,
    gaussian_field,
    gaussian_field_ewc,
    permuted_temperature,
    sampled_weights,
    sequential_temperature,
)
from mtrl.continual.gibbs import gibbs
from mtrl.continual.metaplasticity import metaplasticity
from mtrl.continual.perceptron import bivcl, ewc, scaled_to, squared_gradients
from mtrl.continual.problem import Examples, examples, generalisation_error, sample, teachers
from mtrl.continual.single_task import COLD, WARM, Saddle, fixed_variance, follow, magnetisation_law, saddle_point
from mtrl.continual.stability import replicon
from mtrl.continual.two_tasks import Transfer, follow_transfer, transfer

__all__ = [
    "COLD", "WARM", "Batch", "Examples", "Penalty", "Saddle", "Transfer", "accuracy", "binary_forward", "bivcl", "deep", "ewc",
    "examples", "field_forward", "fixed_variance", "follow", "follow_transfer", "gaussian_field", "gaussian_field_ewc",
    "generalisation_error", "gibbs", "magnetisation_law", "metaplasticity", "objective", "permuted_temperature", "problem",
    "quadrature", "replicon", "saddle_point", "sample", "sampled_weights", "scaled_to", "sequential_temperature",
    "squared_gradients", "stability", "teachers", "theory", "transfer",
]  # fmt: skip
