"""What the simulated figures share: the test risk of one training set along a path of couplings."""

import jax
import jax.numpy as jnp

from mtrl.numerics.keys import split_named
from mtrl.random_matrix import aligned_model, exact_risk, sample_tasks
from mtrl.random_matrix.regression import fit_at, prepare_path


def simulate_path(key, alpha, gamma, noise, lams, *, dim: int):
    """Draw a problem of two tasks with n_t = d and a training set; exact risk of the fit at every lam, from one eigendecomposition."""
    keys = split_named(key, "problem", "data")
    model = aligned_model(keys["problem"], tasks=2, dim=dim, alpha=alpha, noise=noise)
    path = prepare_path(sample_tasks(keys["data"], model, counts=(dim, dim)), gamma=jnp.full(2, gamma, model.W.dtype))
    return jax.lax.map(lambda lam: exact_risk(model, fit_at(path, lam).W).mean(), lams, batch_size=8)
