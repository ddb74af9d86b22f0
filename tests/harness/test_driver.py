"""One driver: right against a Python loop, one compilation per shape, seeds independent of their neighbours, sharded."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.harness import compilations, driver, evaluate, over_seeds, simulate
from mtrl.harness.driver import seed_keys, seed_sharding
from mtrl.numerics.keys import split_named
from tests.harness import tiny
from tests.helpers import assert_below, assert_close


def noisy(key, x, *, power):
    return {"value": x**power + jax.random.normal(key)}


def test_over_seeds_is_a_loop():
    ours = over_seeds(noisy, [3, 4, 9], 2.0, power=2)["value"]
    loop = [4.0 + jax.random.normal(jax.random.key(s)) for s in (3, 4, 9)]
    assert_close("over_seeds", ours, np.array(loop), rtol=1e-12)


def shifted(key, own, shift):
    return own + shift + 0 * jax.random.normal(key)


def test_per_seed_arrays_go_with_their_seed():
    own = np.arange(4.0)
    assert_close("per seed", over_seeds(shifted, [3, 4, 9, 1], 2.0, per_seed=(own,)), own + 2, rtol=1e-12)


def test_in_turn_gives_the_same_as_at_once():
    at_once, in_turn = (over_seeds(noisy, [3, 4, 9, 1], 2.0, power=2, in_turn=turn)["value"] for turn in (False, True))
    assert_close("in turn", in_turn, at_once, rtol=1e-12)
    own = np.arange(4.0)
    assert_close(
        "with arrays", over_seeds(shifted, [3, 4, 9, 1], 2.0, per_seed=(own,), in_turn=True), own + 2, rtol=1e-12
    )


def until(key, goal):
    return jax.lax.while_loop(lambda x: x < goal, lambda x: x + 1.0, jax.random.uniform(key))


def test_devices_do_not_wait_for_one_another():
    """No collective in the program, also where lanes end at different times."""
    before = set(driver._PROGRAMS)
    over_seeds(until, range(4), 50.0)
    (identity,) = set(driver._PROGRAMS) - before
    keys = driver.spread(seed_keys(range(4)))
    text = driver._PROGRAMS[identity].lower(keys, (), (jnp.asarray(50.0),)).compile().as_text()
    assert "while" in text
    assert not any(word in text for word in ("all-reduce", "all-gather", "collective"))


def test_a_seed_does_not_depend_on_its_neighbours():
    alone = over_seeds(noisy, [7], 2.0, power=2)["value"][0]
    assert_close("one of four", over_seeds(noisy, [5, 6, 7, 8], 2.0, power=2)["value"][2], alone, rtol=1e-12)


def test_same_call_same_bytes():
    a, b = (over_seeds(noisy, range(6), 2.0, power=2)["value"] for _ in range(2))
    assert a.tobytes() == b.tobytes()


def test_sweeping_traced_values_never_compiles_again():
    over_seeds(noisy, [0, 1], 1.0, power=3)
    before = compilations()
    for x in (2.0, 3.5, np.float64(4.0), jnp.asarray(5.0)):
        over_seeds(noisy, [2, 3], x, power=3)
    assert compilations() == before
    over_seeds(noisy, [2, 3], 1.0, power=4)
    assert compilations() == before + 1


def test_sharding_uses_the_devices_that_divide_the_seeds():
    assert jax.local_device_count() == 2, "the suite runs on two CPU devices"
    assert seed_sharding(4).num_devices == 2
    assert seed_sharding(3).num_devices == 1
    keys = jax.device_put(seed_keys(range(4)), seed_sharding(4))
    assert len(keys.sharding.device_set) == 2


def test_evaluate():
    assert_close("evaluate", evaluate(jnp.sin, 0.3), np.sin(0.3), rtol=1e-12)


def loop_reference(seed, rounds, epsilon):
    keys = split_named(jax.random.key(seed), "problem", "init", "data", "step")
    means = tiny.bandit_problem(keys["problem"], 1.0)
    state, rewards = tiny.count_init(keys["init"], means, 2), []
    for t in range(rounds):
        data = tiny.bandit_data(jax.random.fold_in(keys["data"], t), means, t)
        state, reward = tiny.greedy_step(jax.random.fold_in(keys["step"], t), state, data, epsilon=epsilon)
        rewards.append(reward)
    return np.array(rewards), state


def run_tiny(epsilon, rounds=12, data=tiny.bandit_data):
    return simulate(
        tiny.EPSILON_GREEDY, seeds=[0, 1], rounds=rounds, problem=tiny.bandit_problem, data=data,
        inputs=(1.0,), config=2, hyper={"epsilon": epsilon},
    )  # fmt: skip


def test_simulate_is_a_loop_over_rounds():
    rewards, state = run_tiny(0.4)
    reference, final = loop_reference(1, 12, 0.4)
    assert rewards.shape == (2, 12)
    assert_close("rewards", rewards[1], reference, rtol=1e-10)
    assert_close("final state", state.sums[1], final.sums, rtol=1e-10)


def test_hyper_parameters_are_traced_and_partials_compare_by_value():
    run_tiny(0.1)
    before = compilations()
    run_tiny(0.9)
    assert compilations() == before
    for _ in range(2):
        run_tiny(0.9, data=functools.partial(scaled_data, factor=2.0))
    assert compilations() == before + 1


def scaled_data(key, means, t, *, factor):
    return factor * tiny.bandit_data(key, means, t)


def keep_pulls(params, state, batch, info):
    return state.pulls


def test_record_chooses_what_is_kept():
    pulls, _ = simulate(
        tiny.EPSILON_GREEDY, seeds=[0, 1, 2], rounds=5, problem=tiny.bandit_problem, data=tiny.bandit_data,
        inputs=(1.0,), config=2, hyper={"epsilon": 0.5}, record=keep_pulls,
    )  # fmt: skip
    assert np.array_equal(pulls.sum(-1), np.tile(np.arange(1, 6), (3, 1)))


def test_a_flax_training_loop_is_an_algorithm():
    """60 Adam steps lower the loss on every one of 8 seeds' fresh batches, by 5 standard errors (false-alarm rate 3e-7)."""
    loss = tiny.run_train(tiny.BanditConfig(seeds=8, rounds=60), np.arange(8))["loss"].values
    assert_below("loss falls", loss[:, -5:].mean(1), loss[:, 0], sigmas=3.0)
