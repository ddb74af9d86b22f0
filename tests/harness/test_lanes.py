"""Seeds in blocks: the same numbers within rounding at every width, the same bytes at one width, memory bounded by it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.harness import config as configs
from mtrl.harness import driver, lanes, over_seeds, simulate
from mtrl.harness.driver import seed_keys
from mtrl.harness.run.cells import make_cells
from tests.harness import tiny
from tests.helpers import assert_close

SEEDS = np.arange(12)


def chain(key, own, *, size):
    """A product of random matrices of size (size, size), scanned, and the seed's own number."""
    x = jax.random.normal(key, (size, size)) / np.sqrt(size)
    product, norms = jax.lax.scan(lambda y, _: (jnp.tanh(y @ x), jnp.sum(y**2)), x, length=5)
    return own + product[0, 0], norms


def chains(width, size=24):
    return over_seeds(chain, SEEDS, per_seed=(np.arange(12.0),), size=size, lanes=width)


def test_every_width_gives_the_same_within_rounding():
    """Blocks that divide the seeds, and 5 + 5 + 2."""
    first, norms = chains(None)
    for width in (1, 2, 4, 5, 8):
        ours = chains(width)
        assert ours[0].shape == (12,) and ours[1].shape == (12, 5)
        assert_close(f"{width} lanes", ours[0], first, 1e-10)
        assert_close(f"{width} lanes, scanned", ours[1], norms, 1e-10)


@pytest.mark.parametrize("width", [2, 5])
def test_one_width_gives_the_same_bytes(width):
    before = [x.tobytes() for x in chains(width)]
    driver.forget_programs()
    assert [x.tobytes() for x in chains(width)] == before


def test_seeds_keep_their_numbers_in_a_longer_batch():
    """A block does not know its neighbours: the first 8 of 12 are the 8 alone, bit for bit."""
    alone = over_seeds(chain, SEEDS[:8], per_seed=(np.arange(8.0),), size=24, lanes=2)
    for ours, part in zip(chains(2), alone, strict=True):
        assert ours[:8].tobytes() == part.tobytes()


def test_blocks_are_equal_where_that_costs_less_than_half():
    assert [lanes.width(*pair) for pair in ((8, 20), (4, 8), (8, 31), (100, 6), (3, 200))] == [5, 4, 8, 6, 2]


def test_bytes_held_are_counted_in_loops_too():
    def flat(x):
        return jnp.sum(2 * x)  # x and 2 x

    def looped(x):
        return jax.lax.fori_loop(0, 3, lambda _, y: jnp.outer(y, y)[0], x)  # x, y and the square

    x = jnp.zeros(100)
    count = [lanes.held(jax.make_jaxpr(f)(x).jaxpr) for f in (flat, looped)]
    assert 1600 <= count[0] < 1700
    assert 81600 <= count[1] < 84000


def test_operations_are_counted_as_often_as_they_run():
    """By bytes in and out: five products of a scan, whose bodies' calls count too, and what is gathered apart from what streams."""

    def f(x, rows):
        y, _ = jax.lax.scan(lambda y, _: (jax.jit(jnp.matmul)(y, x), None), x, length=5)
        return jax.lax.while_loop(lambda y: y[0, 0] > 0, lambda y: -y, y)[rows]

    work = lanes.touched(jax.make_jaxpr(f)(jnp.zeros((30, 30)), jnp.zeros(4, int)).jaxpr)
    assert work["dot_general", 3 * 7200] == 5
    assert work["", 2 * 7200] == lanes.TURNS, "the sign"
    assert sum(count for (kind, _), count in work.items() if kind == "gather") == 1


def best(f, *shapes, seeds=64):
    return lanes.fitting(f, tuple(jax.ShapeDtypeStruct(shape, float) for shape in shapes), seeds)


def test_the_width_follows_what_an_operation_touches():
    """Small operations: all at once. Beyond the cache: all where bytes stream, as many as stay inside where they are gathered; products lie
    between. Never more than the memory that lanes may hold together."""

    def looped(step):
        return lambda x: jax.lax.fori_loop(0, 100, lambda _, y: step(y), x)

    jump = looped(lambda y: y[jnp.argsort(y[:, 0])])
    assert best(looped(lambda y: 2 * y), (10,)) == best(jump, (10, 1)) == 64
    assert best(looped(lambda y: 2 * y), (8000,)) == 64
    assert best(jump, (300, 100)) == 2, "240 kB there and back: two seeds in a MiB, four not"
    assert best(jump, (3000, 100)) == 4, "outside at every width: what the memory holds"
    assert best(looped(lambda y: y @ y), (100, 100)) == 4, "240 kB a product"
    assert best(looped(lambda y: 2 * y), (200_000,), seeds=20) == 4, "three arrays of 1.6 MB a seed: six in 32 MiB"
    assert best(jnp.sum, (10**7,)) == 1, "a seed is never split"


def test_the_cost_of_a_seed():
    """One product that leaves the cache with the second seed: the fixed cost is halved, its bytes count twice."""
    work = lanes.touched(jax.make_jaxpr(lambda x: x @ x)(jnp.zeros(50_000)).jaxpr)
    product = 2 * 400_000 + 8
    assert work == {("dot_general", product): 1}
    alone, two = (lanes.cost(work, count) for count in (1, 2))
    assert (alone, two) == (lanes.FIXED + product, lanes.FIXED / 2 + 2 * product)


def identities(call):
    before = set(driver._PROGRAMS)
    call()
    return set(driver._PROGRAMS) - before


def test_auto_follows_from_the_bytes_and_bounds_the_memory(monkeypatch):
    """Small seeds all at once; with memory for one of them, one at once, in a fraction of it."""
    assert {identity[-1] for identity in identities(lambda: chains("auto", size=7))} == {0}
    one = (jax.eval_shape(jax.random.key, 0), jnp.zeros(()))
    held = lanes.held(jax.make_jaxpr(lambda key, own: chain(key, own, size=50))(*one).jaxpr)
    monkeypatch.setattr(lanes, "MEMORY", held + 100)
    (alone,) = identities(lambda: chains("auto", size=50))
    assert alone[-1] == 1
    (every,) = identities(lambda: chains(None, size=50))
    arguments = (seed_keys(SEEDS), (jnp.arange(12.0),), ())
    sizes = [
        driver._PROGRAMS[which].lower(*arguments).compile().memory_analysis().temp_size_in_bytes
        for which in (alone, every)
    ]
    assert sizes[0] < 0.4 * sizes[1]


def test_the_flag_stands_in_where_a_figure_leaves_the_number_open():
    with lanes.asked(3):
        assert {identity[-1] for identity in identities(lambda: chains(None, size=9))} == {3}
        assert {identity[-1] for identity in identities(lambda: chains(2, size=9))} == {2}
    assert lanes.asked_for() == 0


def test_the_flag_is_part_of_the_cells_name_and_silence_changes_no_name():
    figure = tiny.STUDY.figures[0]
    names = []
    for asked in (0, 2, 4):
        config = configs.replace(figure.config(), lanes=asked)
        values = configs.as_dict(config)
        assert ("lanes" in values) == (asked > 0)
        assert configs.from_dict(figure.config, values) == config
        names.append(make_cells(tiny.STUDY, figure, config, True, "source")[0].name)
    assert len(set(names)) == 3


def test_simulations_take_lanes():
    options = dict(seeds=SEEDS[:4], rounds=5, problem=tiny.BANDIT_PROBLEM, inputs=(1.0,))
    (every, _), (two, _) = (simulate(tiny.greedy, **options, lanes=width) for width in (None, 2))
    assert_close("two at once", two, every, 1e-10)
