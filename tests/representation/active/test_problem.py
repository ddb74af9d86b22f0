import functools

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.numerics.moments import moments
from mtrl.representation.active import problem
from tests.helpers import assert_mean, compiled

SIZES = ("dim", "rank", "tasks")
rare, gaussian = compiled(problem.rare_direction_instance, *SIZES, "weak"), compiled(problem.gaussian_instance, *SIZES)


def test_chi_square_moments(key):
    freedom = np.array([1.0, 2.0, 3.0, 40.0])
    draws = compiled(problem.chi_square)(key, np.broadcast_to(freedom, (40000, 4)))
    assert_mean("chi-square mean", draws, freedom)
    assert_mean("chi-square second moment", draws**2, freedom * (freedom + 2))


def test_moments_have_the_law_of_explicit_data(key):
    """First and second moments of G, c, y^T y for n below, at and above d, against explicit Gaussian data."""
    counts, dim, noise = np.array([2, 4, 9]), 4, 0.7
    theta = np.array([[1.0, -1.0, 0.5, 0.0], [0.3, 0.2, 0.1, 2.0], [0.0, 1.0, 1.0, -1.0]])
    keys = jax.random.split(key, 4000)
    draw = compiled(jax.vmap(functools.partial(problem.gaussian_moments, noise=noise), (0, None, None)))
    short = draw(keys, counts, theta)

    def explicit(k):
        x = jax.random.normal(k, (3, 9, dim))
        y = jnp.einsum("tni,ti->tn", x, theta) + noise * jax.random.normal(jax.random.fold_in(k, 1), (3, 9))
        return moments(x, y, jnp.asarray(np.arange(9) < counts[:, None]))

    long = compiled(jax.vmap(explicit))(jax.random.split(jax.random.fold_in(key, 2), 4000))
    n, size = counts, np.sum(theta**2, 1)
    assert_mean("G", short.gram, n[:, None, None] * np.eye(dim))
    assert_mean("c", short.cross, n[:, None] * theta)
    assert_mean("yy", short.square, n * (size + noise**2))
    for name, pick in (
        ("G11 G12 products", lambda m: np.stack([m.gram[:, :, 0, 0] ** 2, m.gram[:, :, 0, 1] ** 2], -1)),
        ("c^2", lambda m: m.cross**2),
        ("c yy", lambda m: m.cross[..., 0] * m.square),
        ("yy^2", lambda m: m.square**2),
    ):
        difference = pick(short) - pick(long)  # independent draws: mean zero if the laws agree
        assert_mean(name, difference, np.zeros(difference.shape[1:]))
    rank = np.linalg.matrix_rank(np.asarray(short.gram[0]))
    np.testing.assert_array_equal(rank, [2, 4, 4])
    empty = draw(keys[:1], np.zeros(3, np.int64), theta)
    assert not np.any(empty.gram) and not np.any(empty.square)


def test_instances():
    params = rare(jax.random.key(0), dim=8, rank=3, tasks=6)
    np.testing.assert_allclose(params.heads[-1, :2], [2, -2])
    np.testing.assert_allclose(params.target_head, [0, 0, 2])
    np.testing.assert_allclose(params.basis.T @ params.basis, np.eye(3), atol=1e-12)
    plain = gaussian(jax.random.key(0), dim=8, rank=3, tasks=6)
    np.testing.assert_allclose(plain.target_head, plain.heads[:, 0] + 0.5 * plain.heads[:, 1])
    truth = params.basis @ params.target_head
    assert compiled(problem.true_excess_risk)(params, truth) == 0
    assert compiled(problem.true_subspace_risk)(params, params.basis) < 1e-24


def test_the_rare_direction_is_weak_in_all_other_tasks():
    """Spread of row K among the weak tasks is `weak`, of the other rows 1: relative error below 4 / sqrt(2 * 4000), false-alarm rate 1e-4."""
    heads = rare(jax.random.key(2), dim=4, rank=2, tasks=4002, weak=0.1).heads
    spread = np.std(heads[:, 2:], axis=1)
    np.testing.assert_allclose(spread, [1.0, 0.1], rtol=0.045)


def test_noise_of_the_target_is_a_standard_deviation():
    """4000 draws within four standard errors of a deviation: false-alarm rate 6e-5."""
    params = gaussian(jax.random.key(0), dim=3, rank=2, tasks=2)
    x, y = compiled(problem.target_data, "samples")(jax.random.key(1), params, 4000, noise=0.2)
    assert abs(np.std(y - x @ params.basis @ params.target_head) / 0.2 - 1) < 0.045  # 4 standard errors
