"""What the figure of other libraries times: MABWiser's rounds, PyTorch's updates, and our own training of the same network."""

from typing import Any

import numpy as np

from mtrl import nn
from mtrl.harness import jnp, split_named

FEATURES, RATE = 64, 3e-3  # pixels of a digit; Adam's rate


def examples(tasks: int, count: int = 1000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gaussian pixels (example, pixel) and rewards (example,) in 32 bits, and the task of each."""
    draws = np.random.default_rng(0)
    x, y = draws.normal(size=(count, FEATURES)).astype(np.float32), draws.normal(size=count).astype(np.float32)
    return x, y, draws.integers(tasks, size=count).astype(np.int32)


def training(key: Any, x: Any, y: Any, task: Any, *, width: int, rank: int, updates: int, tasks: int) -> Any:
    """Loss of the last update, from weights and batches of the key."""
    keys = split_named(key, "body", "heads", "batches")
    body = nn.Body(features=rank, hidden=(width,))
    network = nn.Network(body.init(keys["body"], x[:1]), nn.draw_heads(keys["heads"], tasks=tasks, rank=rank))
    rule = nn.adam(RATE)

    def loss(network, rows):
        return jnp.mean((nn.picked_values(network.heads, body.apply(network.body, x[rows]), task[rows]) - y[rows]) ** 2)

    batches = nn.with_replacement(len(x), updates=updates, batch=2 * width)(keys["batches"])
    return nn.descend(nn.start(network, rule), batches, loss=loss, optimiser=rule)[1].loss[-1]


def mabwiser_rounds(config: Any) -> Any:
    """A callable: one seed's rounds."""
    from mabwiser.mab import MAB, LearningPolicy  # pyright: ignore[reportMissingImports]

    draws = np.random.default_rng(0)
    contexts, theta = draws.normal(size=(config.rounds, config.dim)), draws.normal(size=(config.arms, config.dim))
    noise = config.noise * draws.normal(size=config.rounds)

    def run() -> None:
        learner = MAB(list(range(config.arms)), LearningPolicy.LinUCB(alpha=0.3, l2_lambda=1.0), seed=0)
        learner.fit([0], [0.0], contexts[:1])
        for context, extra in zip(contexts, noise, strict=True):
            arm = learner.predict(context[None])
            learner.partial_fit([arm], [theta[arm] @ context + extra], context[None])

    return run


def torch_updates(config: Any, x: np.ndarray, y: np.ndarray, task: np.ndarray) -> Any:
    """A callable: one seed's updates."""
    import torch  # pyright: ignore[reportMissingImports]

    inputs, targets, owners = (torch.tensor(array) for array in (x, y, task.astype(np.int64)))

    def run() -> float:
        hidden, last = torch.nn.Linear(FEATURES, config.width), torch.nn.Linear(config.width, config.rank)
        body = torch.nn.Sequential(hidden, torch.nn.ReLU(), last)
        heads = torch.nn.Parameter(torch.randn(config.tasks, config.rank) / config.rank**0.5)
        rule = torch.optim.Adam([*body.parameters(), heads], lr=RATE)
        for _ in range(config.updates):
            rows = torch.randint(len(inputs), (2 * config.width,))
            loss = (((heads[owners[rows]] * body(inputs[rows])).sum(1) - targets[rows]) ** 2).mean()
            rule.zero_grad()
            loss.backward()
            rule.step()
        return float(loss.detach())

    return run
