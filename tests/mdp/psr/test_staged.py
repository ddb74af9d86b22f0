import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.mdp import psr
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close

# Compiled whole: an operation of its own for every stage and shape would take longer.
sampled = jax.jit(psr.sample_staged, static_argnames=("horizon", "states", "actions", "observations"))
table_of = jax.jit(psr.staged_table)
flat_table_of = jax.jit(psr.trajectory_table, static_argnames="horizon")


@functools.partial(jax.jit, static_argnames="length")
def law_and_tests(model, length):
    made = psr.from_staged(model, test_length=length)
    return psr.staged_psr_table(made), made, psr.staged_tests(model, test_length=length)


@pytest.fixture(scope="module")
def model():
    return sampled(jax.random.key(1), horizon=4, states=3, actions=2, observations=4)


@pytest.fixture(scope="module")
def narrow():
    """Fewer observations than states: one-step tests do not do."""
    return sampled(jax.random.key(2), horizon=4, states=3, actions=2, observations=2)


def test_table_is_the_sum_over_latent_paths(narrow):
    """Every trajectory of the first three stages by enumerating the states that may have been passed."""
    short = narrow._replace(transitions=narrow.transitions[:2], emissions=narrow.emissions[:3])
    mu, t, e = (np.asarray(x) for x in short)
    table = np.zeros((2, 2, 2, 2, 2))
    for o1, a1, o2, a2, o3 in np.ndindex(*table.shape):
        for s1, s2, s3 in itertools.product(range(3), repeat=3):
            seen = e[0, o1, s1] * e[1, o2, s2] * e[2, o3, s3]
            table[o1, a1, o2, a2, o3] += mu[s1] * t[0, a1, s2, s1] * t[1, a2, s3, s2] * seen
    assert_close("trajectory table", table_of(short), table, 1e-14)


def test_equal_stages_are_the_homogeneous_model():
    same = psr.sample(jax.random.key(3), states=2, actions=2, observations=3)
    staged = psr.repeated(same, horizon=3)
    assert_close("table", table_of(staged), flat_table_of(same, horizon=3), 1e-15)
    made, homogeneous = law_and_tests(staged, 1)[1], jax.jit(psr.from_pomdp)(same)
    assert_close("operators", made.operators[1], homogeneous.operators, 1e-13)


def test_operators_give_the_law_of_every_trajectory(model, narrow):
    assert_close("one-step tests", law_and_tests(model, 1)[0], table_of(model), 1e-12)
    for length in (2, 4):
        law, made, _ = law_and_tests(narrow, length)
        assert_close("longer tests", law, table_of(narrow), 1e-9)
        assert [x.shape[0] for x in made.normalisers] == [2 * 4 ** (min(length, 4 - h) - 1) for h in range(4)]


def test_predictive_states_are_beliefs_seen_through_the_tests(narrow):
    seen, done = jnp.array([1, 0, 1]), jnp.array([0, 1, 1])
    belief = jax.jit(lambda m: psr.beliefs(psr.unrolled(m), seen, done))(narrow).reshape(
        4, 4, 3
    )  # (step, stage, state)
    _, made, tests = law_and_tests(narrow, 2)
    for h, (state, u) in enumerate(zip(psr.staged_states(made, seen, done), tests, strict=True)):
        assert_close("psi = U_h b", state, np.asarray(u) @ belief[h, h] / belief[h, h].sum(), 1e-8)


def test_unrolled_is_the_same_law(narrow):
    flat, table = jax.jit(psr.unrolled)(narrow), table_of(narrow)
    psr.pomdp(*flat)
    assert_close("table", flat_table_of(flat, horizon=4), table, 1e-15)
    log = psr.trajectory_log_likelihood(flat, jnp.array([0, 1, 1, 0]), jnp.array([1, 0, 1]))
    assert_close("filter", jnp.exp(log), table[0, 1, 1, 0, 1, 1, 0], 1e-13)


def test_em_and_gradients_estimate_every_stage_of_its_own(narrow):
    """From another start with expected counts: EM's likelihood never falls, stages stay apart, both find the law."""
    short = narrow._replace(transitions=narrow.transitions[:2], emissions=narrow.emissions[:3])
    other = sampled(jax.random.key(5), horizon=3, states=3, actions=2, observations=2)

    @jax.jit
    def fitted(short, other):
        law, start = psr.staged_table(short), psr.unrolled(other)
        counts, many = 1000 * law[None], jax.tree.map(lambda x: x[None], start)
        fits = psr.em(counts, many, steps=200), psr.gradient_mle(counts, many, iterations=200)
        found = [psr.trajectory_table(jax.tree.map(lambda x: x[0], fit.model), horizon=3) for fit in fits]
        return fits, start, [psr.distance(law, x) for x in found], psr.distance(law, psr.staged_table(other))

    fits, start, after, before = fitted(short, other)
    assert (np.diff(fits[0].history) >= -1e-9).all()
    for fit, distance in zip(fits, after, strict=True):
        assert not np.any(np.asarray(fit.model.transitions[0])[np.asarray(start.transitions) == 0])
        assert float(distance) < 0.1 * float(before)


def test_the_tree_serves_staged_laws(model):
    """Rank of D_h at most S; planning in one and acting in the other costs at most 2 TV*."""
    other = sampled(jax.random.key(9), horizon=4, states=3, actions=2, observations=4)

    @jax.jit
    def judged(model, other):
        truth, estimate = psr.staged_table(model), psr.staged_table(other)
        rewards = jax.random.uniform(jax.random.key(0), truth.shape)
        return psr.value_gap(truth, estimate, rewards), psr.distance(truth, estimate), psr.history_matrix(truth, 2)

    gap, variation, history = judged(model, other)
    assert np.linalg.matrix_rank(history, tol=1e-10) == 3
    assert 0 <= float(gap) <= 2 * float(variation)


MU, T, E = [0.5, 0.5], [[[[0.5, 1.0], [0.5, 0.0]]]], [[[0.2, 0.9], [0.8, 0.1]]] * 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(emissions=[E[0], [[0.2, 0.9], [0.8, 0.2]]]), r"emissions has the column \(1, 1\) with sum 1.1"),
        (dict(transitions=[[[[0.5, 1.0], [0.4, 0.0]]]]), r"transitions has the column \(0, 0, 0\) with sum 0.9"),
        (
            dict(transitions=T * 2),
            r"transitions has shape \(2, 1, 2, 2\), but must have \(1, any, 2, 2\); one law fewer",
        ),
        (dict(initial=[0.5, 0.4]), r"initial has the column \(0\) with sum 0.9"),
    ],
)
def test_bad_models_are_refused(change, message):
    with pytest.raises(BadInput, match=message):
        psr.staged_pomdp(**{**dict(initial=MU, transitions=T, emissions=E), **change})


def test_bad_sizes_are_refused(narrow):
    assert psr.staged_pomdp(MU, T, E).emissions.shape == (2, 2, 2)
    with pytest.raises(
        BadInput, match=r"core tests of length 1 do not determine the state at stage 0: rank 2 < S = 3; inc"
    ):
        psr.from_staged(narrow)
    with pytest.raises(BadInput, match=r"O\^H A\^\(H-1\) = 2\^4 2\^3 = 128 entries, but at most 100"):
        psr.staged_table(narrow, limit=100)
    with pytest.raises(BadInput, match="horizon got 0, but must be a whole number of at least 1"):
        psr.repeated(psr.unrolled(narrow), horizon=0)
