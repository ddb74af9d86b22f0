"""The reference of the neural bandit: the same network and optimiser, driven by Python loops over seeds, rounds and jitted Adam steps."""

from typing import Any

from mtrl import bandits, nn
from mtrl.harness import jax, jnp

RATE, REFIT_EVERY = 3e-3, 5  # Adam's rate; rounds between refits


def network(config: Any, width: int) -> dict[str, Any]:
    """The bandit's settings at one width."""
    return dict(capacity=config.rounds, hidden=(width,), steps=config.steps, batch=2 * width, rate=RATE)


def python_loop(config: Any, width: int, inputs: tuple, seeds: Any) -> Any:
    """A callable: loops over seeds, rounds and Adam steps, each step jitted."""
    settings = network(config, width)
    never = {**settings, "refit_every": config.rounds}
    own, algorithm = bandits.learner(**never), bandits.last_layer(alpha=0.2, **never)
    rule = nn.adam(RATE, decay=nn.shared_decay(1e-2, config.tasks))
    problem = bandits.digit_images(tasks=config.tasks, arms=5)
    draw_params, draw_round = jax.jit(problem.sample), jax.jit(problem.draw)
    start = jax.jit(lambda key, params: algorithm.init(key, problem.view(params)))
    rebuild = jax.jit(bandits.learner(**{**settings, "steps": 0}).refit)

    @jax.jit
    def act(key, state, now):
        arms = algorithm.select(key, state, now.view)
        rewards, outcome = problem.answer(now, arms)
        return algorithm.update(key, state, now.view, arms, rewards)[0], outcome

    @jax.jit
    def descend(key, state):
        def loss(network, rows):
            return jnp.mean((own.pooled_values(network, state, rows) - state.rewards.ravel()[rows]) ** 2)

        return state._replace(fit=nn.descend(state.fit, own.batches(key, state, 1), loss=loss, optimiser=rule)[0])

    def run() -> list:
        totals = []
        for seed in seeds:
            key = jax.random.key(int(seed))
            params = draw_params(key, *inputs)
            state = start(key, params)
            total = 0.0
            for t in range(config.rounds - 1):
                step_key = jax.random.fold_in(key, t)
                state, outcome = act(step_key, state, draw_round(step_key, params, t))
                total = total + outcome.regret.mean()
                if (t + 1) % REFIT_EVERY == 0:
                    for step in range(config.steps):
                        state = descend(jax.random.fold_in(step_key, step), state)
                    state = rebuild(step_key, state)
            totals.append(total)
        return totals

    return run
