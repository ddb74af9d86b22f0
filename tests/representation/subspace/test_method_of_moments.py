import jax
import numpy as np

from mtrl.numerics.linalg.subspaces import sin_theta
from mtrl.representation.subspace import problem, theory
from mtrl.representation.subspace.method_of_moments import method_of_moments, second_moment
from tests.helpers import assert_close, compiled

BASIS, SECOND = compiled(method_of_moments, "rank", "stream"), compiled(second_moment, "stream")
SINE, GAMMA = compiled(sin_theta), compiled(problem.diversity)


def sampled(key, other, noise, tasks, dim, rank, samples):
    params = problem.sample(key, tasks=tasks, dim=dim, rank=rank, noise=noise)
    return params, *problem.draw(jax.random.key(other), params, samples=samples)


DRAW = compiled(sampled, "tasks", "dim", "rank", "samples")


def test_population_moment(key):
    # E M = (sigma^2 + tr Gam) I + 2 B Gam B^T; 800 000 draws in 6 dimensions.
    params, x, y = DRAW(key, 1, 0.7, tasks=8, dim=6, rank=2, samples=100000)
    gamma = GAMMA(params.heads)
    expected = (0.49 + np.trace(gamma)) * np.eye(6) + 2 * params.basis @ gamma @ params.basis.T
    assert np.max(np.abs(SECOND(x, y) - expected)) < 0.04


def test_stream_and_mask_and_a_literal_loop_agree():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(3, 5, 4)), rng.normal(size=(3, 5))
    mask = np.arange(5)[None] < np.array([5, 2, 3])[:, None]
    total, count = np.zeros((4, 4)), 0
    for t in range(3):
        for i in range(int(mask[t].sum())):
            total += float(y[t, i]) ** 2 * np.outer(x[t, i], x[t, i])
            count += 1
    for stream in (False, True):
        assert_close("masked", SECOND(x, y, mask, stream=stream), total / count, 1e-12)
    plain, streamed = BASIS(x, y, rank=2), BASIS(x, y, rank=2, stream=True)
    assert_close("streamed basis", streamed @ streamed.T, plain @ plain.T, 1e-9)


def test_error_at_the_released_size(key):
    # d=100, r=5, n=25, T=3200: released mean .432, standard deviation .025; the first-order law gives .44.
    params, x, y = DRAW(key, 5, 1.0, tasks=3200, dim=100, rank=5, samples=25)
    ours = float(SINE(params.basis, BASIS(x, y, rank=5)))
    sizes = dict(total=80000.0, dim=100.0, noise=1.0)
    law = compiled(theory.moments_sine)(GAMMA(params.heads), params.heads, **sizes)
    assert abs(ours - 0.432) < 3 * 0.025
    assert_close("first-order law", ours, float(law), 0.15)


def test_one_sample_per_task_is_enough(key):
    params, x, y = DRAW(key, 7, 0.1, tasks=100000, dim=5, rank=1, samples=1)
    assert SINE(params.basis, BASIS(x, y, rank=1)) < 0.1
