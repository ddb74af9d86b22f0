import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.mdp import psr
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close, compiled, host

table_of, likelihood_of = compiled(psr.trajectory_table, "horizon"), compiled(psr.trajectory_log_likelihood)
two_state, perturbed = compiled(psr.sample_two_state, "tasks"), compiled(psr.perturbed)


@pytest.fixture(scope="module")
def model():
    sizes = dict(states=3, actions=2, observations=4, uniform_start=False)
    return jax.jit(functools.partial(psr.sample, **sizes))(jax.random.key(1))


def test_table_is_the_sum_over_latent_paths(model):
    """Every trajectory of horizon 3 by enumerating the states that may have been passed."""
    mu, t, e = (np.asarray(x) for x in model)
    table = np.zeros((4, 2, 4, 2, 4))
    for o1, a1, o2, a2, o3 in np.ndindex(*table.shape):
        for s1, s2, s3 in itertools.product(range(3), repeat=3):
            table[o1, a1, o2, a2, o3] += mu[s1] * e[o1, s1] * t[a1, s2, s1] * e[o2, s2] * t[a2, s3, s2] * e[o3, s3]
    assert_close("trajectory table", table_of(model, horizon=3), table, 1e-14)


def test_table_sums_to_one_for_every_action_sequence(model):
    table = table_of(model, horizon=4)
    assert_close("sum over observations", table.sum((0, 2, 4, 6)), np.ones((2, 2, 2)), 1e-13)
    assert table.ndim == 7 and table_of(model, horizon=1).shape == (4,)


def test_filter_gives_the_table(model):
    table = table_of(model, horizon=4)
    paths = np.array(list(np.ndindex(*table.shape)))[::7]
    logs = compiled(jax.vmap(lambda path: psr.trajectory_log_likelihood(model, path[::2], path[1::2])))(paths)
    assert_close("forward filter", np.exp(logs), table[tuple(paths.T)], 1e-13)
    after = compiled(psr.beliefs)(model, np.array([1, 3]), np.array([0, 1]))
    assert_close("belief", np.asarray(model.emissions) @ after[2], table[1, 0, 3, 1].sum((1, 2))[:4] / 2, 1e-13)


def test_impossible_trajectories_have_no_likelihood():
    chain = psr.pomdp([1, 0], [[[1, 0], [0, 1]]], [[1, 0], [0, 1]])
    assert likelihood_of(chain, np.array([0, 1]), np.array([0])) == -np.inf
    assert likelihood_of(chain, np.array([0, 0]), np.array([0])) == 0


def test_samplers_share_what_they_say():
    key = jax.random.key(3)
    tasks = compiled(functools.partial(psr.sample_shared, tasks=3, states=2, actions=2, observations=3))(key)
    psr.pomdp(*tasks)
    assert np.array_equal(tasks.transitions[0], tasks.transitions[2])
    assert not np.array_equal(tasks.emissions[0], tasks.emissions[2])
    two = host(psr.pomdp(*two_state(key, tasks=4)))
    assert_close("transitions of the test bed", two.transitions[3, 1], [[0.3, 0.8], [0.7, 0.2]], 1e-15)
    assert np.all(np.abs(two.emissions - np.array([[0.75, 0.1], [0.15, 0.2], [0.1, 0.7]])) < 0.09)
    one = jax.tree.map(lambda x: x[0], two)
    near = psr.pomdp(*perturbed(key, one, size=0.1))
    assert 0 < np.abs(np.asarray(near.transitions) - one.transitions).max() <= 0.1
    assert np.array_equal(perturbed(key, one, size=0.0).transitions, one.transitions)


def test_mixtures_are_laws():
    tasks = two_state(jax.random.key(0), tasks=2)
    tables = jax.jit(jax.vmap(lambda m: psr.trajectory_table(m, horizon=2)))(tasks)
    mixed = np.asarray(psr.mixtures(jnp.asarray(np.array([[0.3, 0.7], [1.0, 0.0]])), tables))
    assert_close("mixture of laws", mixed.sum((1, 3)), np.ones((2, 2)), 1e-14)
    assert_close("corner", mixed[1], tables[0], 1e-15)
    with pytest.raises(BadInput, match=r"weights has the column \(0\) with sum 0.9"):
        psr.mixtures(jnp.asarray(np.array([[0.3, 0.6]])), tables)


T, E = [[[0.5, 1.0], [0.5, 0.0]]], [[0.2, 0.9], [0.8, 0.1]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            dict(emissions=[[0.2, 0.9], [0.8, 0.2]]),
            r"emissions has the column \(1\) with sum 1.1, but columns must sum to 1; divide",
        ),
        (dict(transitions=[[[0.5, 1.0], [0.4, 0.0]]]), r"transitions has the column \(0, 0\) with sum 0.9"),
        (dict(initial=[0.5, 0.4]), r"initial has the column \(0\) with sum 0.9"),
        (dict(emissions=[[-0.2, 0.9], [1.2, 0.1]]), r"emissions holds -0.2 at \(0, 0\), but probabilities are finite"),
        (dict(emissions=[[0.2], [0.8]]), r"emissions has shape \(2, 1\), but must have \(any, 2\)"),
    ],
)
def test_bad_models_are_refused(change, message):
    with pytest.raises(BadInput, match=message):
        psr.pomdp(**{**dict(initial=[0.5, 0.5], transitions=T, emissions=E), **change})


def test_bad_sizes_are_refused(model):
    with pytest.raises(BadInput, match=r"O\^H A\^\(H-1\) = 4\^9 2\^8 = 67108864 entries, but at most 10000000"):
        psr.trajectory_table(model, horizon=9)
    with pytest.raises(BadInput, match="tasks got 0, but must be a whole number of at least 1; N = 1"):
        psr.sample_two_state(jax.random.key(0), tasks=0)
    with pytest.raises(BadInput, match=r"task 1 has \(O, A, S\) = \(2, 1, 2\) and task 0 has \(4, 2, 3\)"):
        psr.stack(model, psr.pomdp([0.5, 0.5], T, E))
    with pytest.raises(BadInput, match="stack got no task, but needs N of at least 1"):
        psr.stack()
    assert psr.stack(model, model).transitions.shape == (2, 2, 3, 3)
