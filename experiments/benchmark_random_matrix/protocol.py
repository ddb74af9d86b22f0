"""What the simulated figures share: the test risk of one training set along a path of couplings."""

from mtrl import random_matrix
from mtrl.harness import jax, jnp, split_named


def simulate_path(key, alpha, gamma, noise, lams, *, dim: int):
    """Draw a problem of two tasks with n_t = d and a training set; exact risk of the fit at every lam, from one eigendecomposition."""
    keys = split_named(key, "problem", "data")
    model = random_matrix.aligned_model(keys["problem"], tasks=2, dim=dim, alpha=alpha, noise=noise)
    path = random_matrix.regression.prepare_path(
        random_matrix.sample_tasks(keys["data"], model, counts=(dim, dim)), gamma=jnp.full(2, gamma, model.W.dtype)
    )
    return jax.lax.map(
        lambda lam: random_matrix.exact_risk(model, random_matrix.regression.fit_at(path, lam).W).mean(),
        lams,
        batch_size=8,
    )
