"""One driver: right against a Python loop, one compilation per shape, seeds independent of their neighbours, sharded."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.harness import BadInput, Entrant, compete, compilations, driver, evaluate, grid, over_seeds, simulate
from mtrl.harness.driver import seed_keys, seed_sharding
from mtrl.harness.simulation import record_round
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


def test_programs_compile_at_a_fixed_level_unless_the_environment_says_another(monkeypatch):
    """The suite's own flags name a level; where none do, it is ours, which the one jit is given."""
    asked, jit = [], jax.jit

    def recording(fn, **options):
        asked.append(options.get("compiler_options"))
        return jit(fn, **options)

    monkeypatch.setattr(jax, "jit", recording)
    driver.forget_programs()
    theirs = over_seeds(noisy, range(4), 2.0, power=5)["value"]
    assert asked[-1] is None
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=false")
    driver.forget_programs()
    ours = over_seeds(noisy, range(4), 2.0, power=5)["value"]
    assert asked[-1] == {"xla_backend_optimization_level": 1}
    assert_close("level 1 against the suite's", ours, theirs, rtol=1e-12)
    driver.forget_programs()


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
    means, algorithm = tiny.bandit_problem(keys["problem"], 1.0), tiny.greedy(epsilon=epsilon)
    state, rewards = algorithm.init(keys["init"], means), []
    for t in range(rounds):
        luck, now = (
            jax.random.fold_in(keys["step"], t),
            tiny.bandit_round(jax.random.fold_in(keys["data"], t), means, t),
        )
        action = algorithm.select(luck, state, now.view)
        reward, _ = tiny.bandit_answer(now, action)
        state, _ = algorithm.update(luck, state, now.view, action, reward)
        rewards.append(reward)
    return np.array(rewards), state


def run_tiny(epsilon, rounds=12, draw=tiny.bandit_round, **more):
    problem = tiny.BANDIT_PROBLEM._replace(draw=draw)
    options = {"record": tiny.keep_reward, "hyper": {"epsilon": epsilon}, **more}
    return simulate(tiny.greedy, seeds=[0, 1], rounds=rounds, problem=problem, inputs=(1.0,), **options)


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
        run_tiny(0.9, draw=functools.partial(scaled_round, factor=2.0))
    assert compilations() == before + 1


def scaled_round(key, means, t, *, factor):
    return tiny.bandit_round(key, factor * means, t)


def keep_pulls(step):
    return step.state.pulls


def test_record_chooses_what_is_kept_and_static_arguments_reach_the_factory():
    pulls, _ = run_tiny(0.5, 5, record=keep_pulls, static={"arms": 2})
    assert np.array_equal(pulls.sum(-1), np.tile(np.arange(1, 6), (2, 1)))


ENTRANTS = (
    Entrant("greedy", tiny.greedy, {"arms": 2}, {"epsilon": [0.9, 0.0, 0.4]}),
    Entrant("cheat", tiny.cheat),
)


def test_compete_plays_every_lane_as_simulate_does():
    """All entrants meet the same worlds; a lane is the simulation at its hyper-parameters."""
    played = compete(ENTRANTS, tiny.BANDIT_PROBLEM, seeds=[0, 1], rounds=12, inputs=(1.0,), record=tiny.keep_reward)
    assert played["greedy"].record.shape == (2, 3, 12)
    for lane, epsilon in enumerate([0.9, 0.0, 0.4]):
        assert_close("lane", played["greedy"].record[:, lane], run_tiny(epsilon)[0], rtol=1e-12)
    alone, _ = simulate(
        tiny.cheat, seeds=[0, 1], rounds=12, problem=tiny.BANDIT_PROBLEM, inputs=(1.0,), record=tiny.keep_reward
    )
    assert_close("oracle", played["cheat"].record[:, 0], alone, rtol=1e-12)


def test_compete_tunes_on_tuning_seeds_only():
    tuned = compete(ENTRANTS, tiny.BANDIT_PROBLEM, seeds=[0, 1], rounds=12, inputs=(1.0,), tuning_seeds=[7, 8, 9])
    every = compete(ENTRANTS, tiny.BANDIT_PROBLEM, seeds=[7, 8, 9], rounds=12, inputs=(1.0,))["greedy"].record.regret
    totals = every.sum((2, 3))
    best = [0.9, 0.0, 0.4][int(totals.mean(0).argmin())]
    assert_close("scores", tuned["greedy"].scores, totals, rtol=1e-12)
    assert tuned["greedy"].chosen == {"epsilon": best}
    assert_close(
        "regret at the choice", tuned["greedy"].record.regret, run_tiny(best, record=record_round)[0].regret, rtol=1e-12
    )
    assert tuned["cheat"].scores.shape == (0, 1)
    assert not tuned["cheat"].record.regret.any()


@pytest.mark.parametrize(
    ("entrants", "tuning", "words"),
    [
        (ENTRANTS + ENTRANTS[:1], None, "distinct"),
        ((Entrant("a", tiny.greedy, {}, {"epsilon": [0.1], "arms": [2, 3]}),), None, "lanes of lengths"),
        (ENTRANTS, [1, 5], "serves for tuning"),
    ],
)
def test_compete_refuses(entrants, tuning, words):
    with pytest.raises(BadInput, match=words):
        compete(entrants, tiny.BANDIT_PROBLEM, seeds=[0, 1], rounds=2, inputs=(1.0,), tuning_seeds=tuning)


def test_grid_is_the_full_product_last_fastest():
    lanes = grid(a=[1, 2], b=[3.0, 4.0, 5.0])
    assert list(zip(lanes["a"], lanes["b"], strict=True)) == [(1, 3), (1, 4), (1, 5), (2, 3), (2, 4), (2, 5)]


def test_a_flax_training_loop_is_an_algorithm():
    """60 Adam steps lower the loss on every one of 8 seeds' fresh batches, by 5 standard errors (false-alarm rate 3e-7)."""
    with jax.numpy_dtype_promotion("standard"):  # Flax and Optax mix precisions
        loss = tiny.run_train(tiny.BanditConfig(seeds=8, rounds=60), np.arange(8))["loss"].values
    assert_below("loss falls", loss[:, -5:].mean(1), loss[:, 0], sigmas=3.0)
