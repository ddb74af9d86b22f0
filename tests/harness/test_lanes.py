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
    assert lanes.fitting(flat, (x,)) == lanes.CACHE // count[0]
    assert lanes.fitting(flat, (jax.ShapeDtypeStruct((10**7,), float),)) == 1


def identities(call):
    before = set(driver._PROGRAMS)
    call()
    return set(driver._PROGRAMS) - before


def test_auto_follows_from_the_bytes_and_bounds_the_memory(monkeypatch):
    """Small seeds all at once; with a cache for one of them, one at once, in a fraction of the memory."""
    assert {identity[-1] for identity in identities(lambda: chains("auto", size=7))} == {0}
    one = (jax.eval_shape(jax.random.key, 0), jnp.zeros(()))
    held = lanes.held(jax.make_jaxpr(lambda key, own: chain(key, own, size=50))(*one).jaxpr)
    monkeypatch.setattr(lanes, "CACHE", held + 100)
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
