"""Jacobians of task gradients (task, parameter): those of the published table, and random ones of every kind."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

J1 = np.array([[-4.0, 1, 1], [6, 1, 1]])
J2 = np.array([[1.0, 2, 0, -1], [-2, 1, 1, 0], [0.5, -1, 3, 2]])
J3 = np.array([[1.0, 0], [0, 1], [1, 1]])  # dependent rows
TABLE = (J1, J2, J3)


@functools.cache
def random_jacobians(count: int = 200, tasks: int = 3, dim: int = 5) -> np.ndarray:
    """(count, task, dim): normal rows, a third with norms from 1e-3 to 1e3, a third nearly opposed."""
    rng = np.random.default_rng(7)
    J = rng.normal(size=(count, tasks, dim))
    J[1::3] *= 10.0 ** rng.uniform(-3, 3, (len(J[1::3]), tasks, 1))
    J[2::3, 1:] = -J[2::3, :1] + 0.1 * J[2::3, 1:]
    return J


def direction(factory, J, **options):
    """The direction of an aggregator's first step."""
    J = jnp.asarray(J)
    made = factory(tasks=J.shape[0], **options)
    return np.asarray(made.update(J, made.init(J[0]))[0])


def over(weights, Js, **options):
    """Weights of many Jacobians in one program, (count, task)."""
    return np.asarray(jax.jit(jax.vmap(lambda J: weights(J @ J.T, **options)))(jnp.asarray(Js)))


def directions(weights, Js, **options):
    """Directions `alpha' J` of many Jacobians, (count, dim)."""
    return np.einsum("ct,ctd->cd", over(weights, Js, **options), Js)
