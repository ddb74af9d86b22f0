"""Low-rank least squares: exact recovery without noise, and a stationary point with it."""

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.linear_model import Ridge

from mtrl.bandits import low_rank
from tests.bandits.worlds import linear
from tests.helpers import assert_close


def statistics(key, noise):
    params = linear(key, tasks=6, dim=4, rank=2)
    x = jax.random.normal(key, (6, 12, 4))
    y = jnp.einsum("mnd,md->mn", x, params.parameters) + noise * jax.random.normal(jax.random.fold_in(key, 1), (6, 12))
    return params, jnp.einsum("mnd,mne->mde", x, x), jnp.einsum("mnd,mn->md", x, y)


def test_recovers_without_noise(key):
    params, gram, moment = statistics(key, 0.0)
    found = low_rank.fit(gram, moment, 2, 1e-9, sweeps=30)
    assert_close("noiseless fit", found.heads @ found.basis.T, params.parameters, rtol=1e-6)
    assert_close("orthonormal basis", found.basis.T @ found.basis, np.eye(2), rtol=1e-12, atol=1e-12)


def test_heads_are_ridge_regressions_inside_the_subspace(key):
    params = linear(key, tasks=2, dim=4, rank=2)
    x, y = jax.random.normal(key, (2, 6, 4)), jax.random.normal(jax.random.fold_in(key, 1), (2, 6))
    gram, moment = jnp.einsum("mnd,mne->mde", x, x), jnp.einsum("mnd,mn->md", x, y)
    ours = low_rank.solve_heads(gram, moment, params.basis, 0.7)
    reference = [Ridge(alpha=0.7, fit_intercept=False).fit(x[i] @ params.basis, y[i]).coef_ for i in range(2)]
    assert_close("heads", ours, np.stack(reference), rtol=1e-9)


def test_fit_is_stationary(key):
    """At the end no small change of basis or heads lowers the loss."""
    _, gram, moment = statistics(key, 0.5)
    found = low_rank.fit(gram, moment, 2, 1e-9, sweeps=200)

    def loss(basis, heads):
        theta = heads @ basis.T
        return jnp.einsum("md,mde,me->", theta, gram, theta) - 2 * jnp.sum(theta * moment)

    slopes = jax.grad(loss, argnums=(0, 1))(found.basis, found.heads)
    assert max(float(jnp.max(jnp.abs(s))) for s in slopes) < 1e-5 * float(jnp.max(jnp.abs(moment)))
