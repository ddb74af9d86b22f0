"""Contract rows of the loss weightings, of the rules by which a shared part is trained, and of the agent of IGB v2."""

import jax
import jax.numpy as jnp

from mtrl import descent
from mtrl import optimization as mo
from mtrl.descent import weightings
from tests.contract.table import Case

TASKS, STEPS, SAMPLES, DIM, WIDTH = 3, 5, 6, 3, 4
BLIND = "its weights do not look at the losses"


def losses(key, dtype):
    """Losses of some steps, and the norms of the tasks' gradients there."""
    return tuple(0.5 + jnp.abs(jax.random.normal(k, (STEPS, TASKS), dtype)) for k in jax.random.split(key))


def weights_of(factory, **fixed):
    def call(key, steps, norms, **options):
        given = {"key": key} if factory is weightings.rlw else {}
        made = factory(tasks=TASKS, **given, **fixed, **options)
        state, found = made.init(), []
        for row, lengths in zip(steps, norms, strict=True):
            weights, state = made.update(row, state, norms=lengths)
            found.append(weights)
        return jnp.stack(found)

    return call


def by_loss(factory, fixed=None, **options):
    """A row of a weighting; that of the losses of permuted tasks are the weights permuted."""
    name = f"weightings.{factory.__name__}"
    if factory is not weightings.rlw:
        options |= dict(tasks=TASKS, permute=lambda arrays, p: tuple(x[:, p] for x in arrays),
                        unpermute=lambda out, p: out[:, jnp.argsort(p)])  # fmt: skip
    differs = () if factory is weightings.equal else ("weightings.equal",)
    return Case(name, weights_of(factory, **(fixed or {})), losses, differs_from=differs, **options)


def model(key, dtype):
    """Inputs, targets, the shared matrix and one head a task."""
    shapes = (SAMPLES, DIM), (SAMPLES, TASKS), (DIM, WIDTH), (TASKS, WIDTH)
    return tuple(jax.random.normal(k, s, dtype) for k, s in zip(jax.random.split(key, 4), shapes, strict=True))


def one_update(make):
    """Direction of the shared part and the heads, and the losses."""

    def call(key, x, y, shared, heads, **options):
        def decode(heads, z):
            return jnp.stack([jnp.mean((z @ head - y[:, t]) ** 2) for t, head in enumerate(heads)])

        weights = mo.Weights(shared, tuple(heads))
        rule = make(descent.mgda(tasks=TASKS), **options)
        moved, _, report = rule.update(key, rule.init(weights), mo.Split(lambda w: jnp.tanh(x @ w), decode), weights)
        return moved.shared, jnp.stack(moved.heads), report.losses

    return call


def tasks_permuted(arrays, p):
    x, y, shared, heads = arrays
    return x, y[:, p], shared, heads[p]


def tasks_back(output, p):
    shared, heads, values = output
    return shared, heads[jnp.argsort(p)], values[jnp.argsort(p)]


def rule(name, make, **options):
    return Case(
        f"optimization.{name}", one_update(make), model, permute=tasks_permuted, unpermute=tasks_back, tasks=TASKS, **options
    )  # fmt: skip


def agent_plays(key, steps, norms, *, gamma, tau, learning_rate, alpha):
    """Weights and rewards: four steps, one round of updates, and one more step."""
    keys = jax.random.split(key, STEPS + 2)
    agent = mo.igb_agent(
        tasks=TASKS, hidden=4, capacity=3, batch=4, every=2, gamma=gamma, tau=tau, learning_rate=learning_rate, alpha=alpha
    )  # fmt: skip
    state, found = agent.init(keys[0], steps.dtype), []
    for i, row in enumerate(steps):
        if i == STEPS - 1:
            state = agent.learn(keys[1], state)
        state, choice = agent.step(keys[i + 2], state, row, norms[0], explore=i < 2)
        found.append(choice)
    return jax.tree.map(lambda *x: jnp.stack(x), *found)


CASES = [
    by_loss(weightings.equal, poison=None, why=BLIND),
    by_loss(weightings.rlw, key_dependent=True, poison=None, why=BLIND),
    by_loss(weightings.gls),
    by_loss(weightings.stch, hyper={"mu": 1.0}, changed={"mu": 0.2, "ideal": (0.3, 0.0, 0.1)}),
    by_loss(weightings.uw, changed={"start": 0.7, "classification": True}),
    by_loss(weightings.imtl_l, changed={"start": 0.7}),
    by_loss(weightings.dwa, {"steps_per_epoch": 1}, hyper={"temperature": 2.0}, changed={"temperature": 0.5}),
    by_loss(weightings.gradnorm, hyper={"alpha": 1.5}, changed={"alpha": 0.5}),
    by_loss(weightings.famo, hyper={"rate": 0.025, "floor": 0.0}, changed={"rate": 0.5, "decay": 0.5}),
    by_loss(weightings.igb, {"steps_per_epoch": 1}, changed={"base_epoch": 2}),
    rule("plain", mo.plain),
    rule("upper_bound", mo.upper_bound, differs_from=("optimization.plain",)),
    rule("saliency_rule", lambda aggregator, **options: mo.saliency_rule(**options), differs_from=("optimization.plain",),
         hyper={"lambda_tsr": 0.9, "lambda_csa": 0.9, "tau": 0.5}, changed={"lambda_tsr": 2.0, "lambda_csa": 0.1, "tau": 2.0}),
    rule("fs_mtl", mo.fs_mtl, differs_from=("optimization.plain", "optimization.upper_bound"),
         hyper={"rho_shared": 0.05, "rho_own": 0.05}, changed={"rho_shared": 0.3, "rho_own": 0.3, "decomposed": False}),
    Case("optimization.igb_agent", agent_plays, losses, key_dependent=True,
         hyper={"gamma": 0.9, "tau": 0.1, "learning_rate": 0.01, "alpha": 0.2},
         changed={"gamma": 0.3, "tau": 0.9, "learning_rate": 0.1, "alpha": 0.8}),
]  # fmt: skip
