import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from mtrl.harness.simulation import simulate
from mtrl.mdp import psr
from mtrl.mdp.psr import worlds
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named

SIZES = dict(tasks=4, shared=6, own=2, states=2, actions=2, observations=3, horizon=3)
SEEDS = np.arange(24)


def keep(step):
    world = step.round.truth.world
    truth = step.info.kept[jnp.arange(world.own.shape[0]), world.shared, world.own]
    right = (step.info.shared == world.shared) & (step.info.own == world.own)
    return step.info, truth, right


TOGETHER, ALONE = (0, 0, 0, 0), (0, 1, 2, 3)
PROBLEM = worlds.play_on(worlds.sample_world, **SIZES)


def ran(factory=psr.umt_psr, teams=TOGETHER, margin="joint", **choices):
    """One program per choice: margins and teams are traced."""
    beta = psr.theory.finite_margin(4, shared=6, own=2, delta=0.1, sharing=margin)
    hyper = dict(beta=beta, eps=0.1, teams=jnp.asarray(teams))
    return simulate(factory, seeds=SEEDS, rounds=150, problem=PROBLEM, hyper=hyper, static=choices, record=keep)


@pytest.fixture(scope="module")
def separate():
    return ran(sharing="separate", margin="separate")


@pytest.fixture(scope="module")
def joint():
    return ran()


def first(stopped):
    """Rounds until all tasks stopped; the number of rounds if they never do."""
    done = stopped.all(-1)
    return np.where(done.any(1), done.argmax(1), done.shape[1])


def test_truth_stays_in_the_confidence_set(joint):
    """Outside at any round with probability at most delta = .1; the test's own false alarm 1e-4."""
    (info, inside, _), _ = joint
    lost = int((~inside.all((1, 2))).sum())
    assert lost <= stats.binom.isf(1e-4, len(SEEDS), 0.1)
    assert info.possible.all()


def test_sets_shrink_to_the_truth_and_sharing_is_faster(joint, separate):
    (info, _, right), state = joint
    (apart, _, _), _ = separate
    assert info.stopped[:, -1].mean() > 0.9
    assert right[:, -1].mean() > 0.9
    assert first(info.stopped).mean() < 0.7 * first(apart.stopped).mean()
    assert (info.width[:, -1] < info.width[:, 0]).all()
    # Nothing is added after the stop.
    assert (np.diff(info.stopped.astype(int), axis=1) >= 0).all()
    assert state.stopped.all() == info.stopped[:, -1].all()


def test_teams_of_one_are_the_separate_learner():
    """N = 1: the joint and the single-task learner have the same iterates."""
    together, apart = ran(teams=ALONE), ran(teams=ALONE, sharing="separate")
    for a, b in zip(jax.tree.leaves(together), jax.tree.leaves(apart), strict=True):
        assert np.array_equal(a, b)


def test_baselines(joint):
    """Pooling keeps no truth; a known transition law needs less data."""
    rounds = first(joint[0][0].stopped).mean()
    (known, inside, _), _ = ran(psr.known_transition, margin="known")
    assert first(known.stopped).mean() < rounds and inside.mean() > 0.9
    (_, inside, _), _ = ran(sharing="pooled", margin="pooled")
    assert inside[:, -1].mean() < 0.6


def test_stopping_bounds_the_value_gaps(joint):
    """Where the truth is inside, the mean distance of any survivors from it, and half of the mean value gap, are at most eps / 2."""
    (info, inside, _), _ = joint

    @jax.jit
    def errors(seed, shared, own):
        world = PROBLEM.sample(split_named(jax.random.key(seed), "problem")["problem"])
        estimates = world.tables[shared, own]
        gaps = jax.vmap(psr.value_gap)(world.laws, estimates, world.rewards)
        return gaps.mean(), jax.vmap(psr.distance)(world.laws, estimates).mean()

    sure = [s for s in range(len(SEEDS)) if inside[s].all() and info.stopped[s, -1].all()]
    assert len(sure) > 10
    for seed in sure:
        gap, distance = errors(seed, info.shared[seed, -1], info.own[seed, -1])
        assert float(distance) <= 0.05 + 1e-12 and float(gap) <= 0.1 + 1e-12


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(beta=0.0), "beta got 0, but must be a finite number above 0; the margin is of the order log"),
        (dict(eps=-1.0), "eps got -1, but must be a finite number above 0"),
        (dict(sharing="some"), "sharing got 'some', but takes one of joint, separate, pooled"),
        (dict(planning="none"), "planning got 'none', but takes one of additive, product, uniform"),
    ],
)
def test_bad_input_is_refused(change, message):
    with pytest.raises(BadInput, match=message):
        psr.umt_psr(**change)
