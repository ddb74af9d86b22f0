"""From Gramian to transformation: pytrees, states, zero and broken gradients, chains with optax; bad input in one sentence."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mtrl.descent import aggregators, aligned_mtl, cagrad, con_fig, graddrop, gradvac, mean, mgda, nash_mtl, pcgrad
from mtrl.descent.aggregators import fairgrad, imtl_g, upgrad
from tests.descent.fixtures import J2, direction
from tests.helpers import assert_close

FACTORIES = (mean, mgda, pcgrad, gradvac, graddrop, cagrad, imtl_g, nash_mtl, fairgrad, aligned_mtl, upgrad, con_fig)


@pytest.mark.parametrize("factory", FACTORIES, ids=lambda factory: factory.__name__)
def test_pieces_give_what_the_whole_gives_and_broken_gradients_nothing(factory):
    """Leaves of a pytree are columns of one Jacobian; a zero or broken Jacobian moves nothing and says so; one compiled program."""
    made = factory(tasks=3)
    state = made.init(jnp.zeros(4))
    update = jax.jit(made.update)
    whole, after = update(jnp.asarray(J2), state)
    assert after.diagnostics.finite and jax.tree.structure(after) == jax.tree.structure(state)
    if factory is not graddrop:  # it draws per leaf
        pieces = {"a": jnp.asarray(J2[:, :1]), "b": jnp.asarray(J2[:, 1:]).reshape(3, 3, 1)}
        parts, _ = made.update(pieces, state)
        assert_close("pieces", np.concatenate([parts["a"], parts["b"][:, 0]]), whole, rtol=1e-12)
        assert_close("weights", after.diagnostics.weights @ J2, whole, rtol=1e-12)
    for broken, finite in ((jnp.zeros((3, 4)), True), (jnp.full((3, 4), jnp.nan), False)):
        nothing, said = update(broken, state)
        assert not np.any(nothing) and bool(said.diagnostics.finite) == finite
    small, _ = made.update(jnp.asarray(J2, jnp.float32), state)
    assert small.dtype == jnp.float32


def test_a_chain_with_adam_reaches_the_preferred_optimum_of_ill_conditioned_quadratics():
    """Curvatures 100 and .1, w = (.3, .7): Aligned-MTL ends at argmin w.L (Senushkin et al. 2023, theorem 1)."""

    def losses(x):
        return jnp.stack([50 * jnp.sum((x - 1) ** 2), 0.05 * jnp.sum((x - jnp.array([-1.0, 2.0])) ** 2)])

    optimiser = optax.chain(aligned_mtl(tasks=2, preference=(0.3, 0.7)), optax.scale_by_learning_rate(0.009))

    def step(carry, _):
        x, state = carry
        moved, state = optimiser.update(jax.jacrev(losses)(x), state, x)
        return (optax.apply_updates(x, moved), state), None

    start = jnp.array([3.0, -2.0])
    (x, state), _ = jax.jit(lambda: jax.lax.scan(step, (start, optimiser.init(start)), length=30000))()
    best = (30 * jnp.ones(2) + 0.07 * jnp.array([-1.0, 2.0])) / (30 + 0.07)
    assert_close("optimum", x, best, atol=1e-8)


def test_diagnostics_of_two_unit_gradients_at_an_angle():
    """`kappa = sqrt((1 + |cos|) / (1 - |cos|))`; orthogonal ones: the ratio of norms (Senushkin et al. 2023, section 3.2)."""
    cos = -0.6
    made = mean(tasks=2)
    said = made.update(jnp.array([[1.0, 0], [cos, 0.8]]), made.init(None))[1].diagnostics
    assert_close("kappa", said.condition, np.sqrt(1.6 / 0.4), rtol=1e-12)
    assert_close("cosine", said.smallest_cosine, cos, rtol=1e-12)
    said = made.update(jnp.array([[3.0, 0], [0, 1.0]]), made.init(None))[1].diagnostics
    assert_close("kappa", said.condition, 3.0, rtol=1e-12)
    assert_close("similarity", said.magnitude_similarity, 0.6, rtol=1e-12)


def test_a_task_without_gradient_does_not_stop_the_others():
    """Where nothing conflicts UPGrad is the mean, and PCGrad the sum."""
    J = np.array([[0.0, 0, 0], [3.0, 6, 0], [0, 0, 9]])
    for factory, expected in ((mean, J.mean(0)), (upgrad, J.mean(0)), (pcgrad, J.sum(0))):
        assert_close(factory.__name__, direction(factory, J), expected, rtol=1e-12)


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: mean(tasks=1), "tasks got 1"),
        (lambda: mean(tasks=2, preference=(0.7, 0.7)), "non-negative and sum to 1"),
        (lambda: aligned_mtl(tasks=2, preference=(-0.5, 1.5)), "non-negative and sum to 1"),
        (lambda: aligned_mtl(tasks=3, preference=(0.5, 0.5)), "one entry a task"),
        (lambda: aligned_mtl(tasks=2, scale="max"), "min, median, rmse"),
        (lambda: cagrad(tasks=2, c=-0.1), "c got -0.1"),
        (lambda: cagrad(tasks=2, rescale="cube"), "none, square, linear"),
        (lambda: mgda(tasks=11), "at most 10"),
        (lambda: mgda(tasks=2, solver="newton"), "exact, frank_wolfe, projected"),
        (lambda: mgda(tasks=2, normalise="l1"), "none, l2, loss, loss\\+"),
        (lambda: direction(mgda, J2, normalise="loss"), "got no losses; give update"),
        (lambda: nash_mtl(tasks=2, largest_norm=0.0), "largest_norm got 0"),
        (lambda: fairgrad(tasks=2, gamma=0.0), "gamma got 0"),
        (lambda: gradvac(tasks=2, beta=1.5), "beta got 1.5"),
        (lambda: graddrop(tasks=2, leak=-1.0), "leak got -1"),
        (lambda: direction(mean, np.array([[1.0, 2], [np.nan, 0]])), "gradient of task 1 is not finite"),
        (lambda: mean(tasks=2).update(jnp.ones((3, 2)), mean(tasks=2).init(None)), "made for 2"),
        (lambda: mean(tasks=2).update([jnp.ones((2, 2)), jnp.ones((3, 2))], None), "one task axis first"),
        (lambda: aggregators.mgda_weights(jnp.eye(11)), "at most 10"),
    ],
)
def test_bad_input_is_one_sentence(make, words):
    with pytest.raises(ValueError, match=words) as stopped:
        make()
    assert "\n" not in str(stopped.value)
