"""What the figures share: the paper's synthetic problem, the learners, their loss, and the numbers of an independent program."""

from typing import Any, NamedTuple

from mtrl import bandits
from mtrl.harness import BaseConfig, field, jax, jnp, split_named
from mtrl.harness.picture.plots import looks

ORACLE, HIER, FLAT = "OracleOPO", "HierOPO", "FlatOPO"
POOLED, LEARNT, LOGGING = "pooled", "empirical-Bayes hierarchy", "logging policy"
METHODS = (ORACLE, HIER, FLAT)
LOOKS = looks((*METHODS, POOLED, LEARNT, LOGGING))
UNIT = "reward"
LOSS = "suboptimality, mean over tasks"
ALPHA = 0.1  # the paper's, for every algorithm and experiment


class SyntheticConfig(BaseConfig, seeds=100):
    """The synthetic problem of section 6.1: features uniform in [-1/2, 1/2]^d, a Gaussian hierarchy with isotropic covariances."""

    dim: int = field(4, help="features d", lower=1)
    actions: int = field(5, help="actions K", lower=2)
    noise: float = field(0.5, help="standard deviation of a reward sigma", lower=0.0, strict=True)
    sigma_0: float = field(0.5, help="standard deviation of tasks about mu_*", lower=0.0, strict=True)
    contexts: int = field(200, help="fresh contexts per task on which policies are judged", lower=1)


class World(NamedTuple):
    """One run's tasks, log and fresh contexts."""

    prior: Any
    drawn: Any
    log: Any
    contexts: Any
    present: Any  # (task,) 1 for the tasks that exist


def setting_of(config: Any, **more: Any) -> dict[str, float]:
    """The numbers of a world that may be traced: tasks and sigma_q are to be given, logging is uniform unless said."""
    return dict(noise=config.noise, sigma_0=config.sigma_0, greed=0.0, shy=0.0, skew=0.0) | more


def sizes_of(config: Any, *, most: int, count: int) -> dict[str, int]:
    """Its sizes: most tasks, interactions."""
    return dict(most=most, count=count, contexts=config.contexts, actions=config.actions, dim=config.dim)


def world(key: Any, setting: Any, *, most: int, count: int, contexts: int, actions: int, dim: int) -> World:
    """Draw tasks, a log and fresh contexts; of `most` tasks the first `tasks` exist, and the others, without data, say nothing."""
    keys, op, eye = split_named(key, "tasks", "seen", "log", "fresh"), bandits.off_policy, jnp.eye(dim)
    prior = op.Hierarchy(jnp.zeros(dim), setting["sigma_q"] ** 2 * eye, setting["sigma_0"] ** 2 * eye, setting["noise"])
    drawn = op.sample_tasks(keys["tasks"], prior, tasks=most)
    present = jnp.where(jnp.arange(most) < setting["tasks"], 1.0, 0.0)
    seen = jax.random.uniform(keys["seen"], (count, actions, dim), minval=-0.5, maxval=0.5)
    frequency = present * op.zipf(most, setting["skew"])
    log = op.sample_log(
        keys["log"],
        drawn.theta,
        seen,
        noise=prior.noise,
        frequency=frequency,
        greed=setting["greed"],
        shy=setting["shy"],
    )
    fresh = jax.random.uniform(keys["fresh"], (most, contexts, actions, dim), minval=-0.5, maxval=0.5)
    return World(prior, drawn, log, fresh, present)


def all_data(here: World) -> Any:
    """Statistics of the whole log."""
    return jax.tree.map(lambda x: x[0], first_data(here, jnp.array([here.log.reward.shape[0]])))


def first_data(here: World, ns: Any) -> Any:
    """Statistics of the first n interactions for every n, along a leading axis."""
    return bandits.off_policy.cumulative_moments(here.log, ns, tasks=here.present.shape[0])


def posteriors(here: World, data: Any, prior: Any = None) -> dict[str, Any]:
    """Of the paper's three algorithms, told another hierarchy if given."""
    op, told = bandits.off_policy, here.prior if prior is None else prior
    return {
        ORACLE: op.oracle_opo(data, told, here.drawn.mu_star),
        HIER: op.hier_opo(data, told),
        FLAT: op.flat_opo(data, told),
    }


def learnt(data: Any, dim: int) -> Any:
    """HierOPO on a hierarchy that is estimated, from a start that knows nothing (a control)."""
    op, eye = bandits.off_policy, jnp.eye(dim)
    start = op.Hierarchy(jnp.zeros(dim), 0 * eye, eye, 1.0)
    return op.hier_opo(data, op.empirical_bayes(data, start).prior)


def over_tasks(here: World, values: Any) -> Any:
    """Mean over the tasks that exist."""
    return jnp.sum(values * here.present) / jnp.sum(here.present)


def loss(here: World, posterior: Any, alpha: Any = ALPHA) -> Any:
    """Suboptimality of the pessimistic policy."""
    op = bandits.off_policy
    return over_tasks(
        here, op.suboptimality(here.contexts, here.drawn.theta, op.pessimistic(posterior, here.contexts, alpha=alpha))
    )


def three_losses(here: World, data: Any, prior: Any = None, alpha: Any = ALPHA) -> Any:
    """Of OracleOPO, HierOPO, FlatOPO."""
    return jnp.stack([loss(here, found, alpha) for found in posteriors(here, data, prior).values()])


def three_bounds(here: World, count: Any, gamma: Any, delta: Any, best: Any) -> Any:
    """Theorems 1 and 2 for every task, with `count` interactions in each of the `tasks` that exist; (method, task).

    Args:
      here: the world.
      count: n_s.
      gamma: coverage.
      delta: chance of failure.
      best: G_{s,*}.
    """
    theory, prior = bandits.off_policy.theory, here.prior
    norm = prior.mu_q.shape[0] ** 0.5 / 2  # of the longest feature row
    common = dict(gamma=gamma, noise=prior.noise, delta=delta, feature_norm=norm)
    narrowest = 1 / jnp.linalg.eigvalsh(best)[:, 0]
    counts = here.present * count
    hyper = theory.hyper_bound(counts, prior.cov_q, prior.cov_0, narrowest=narrowest, **common)
    own = theory.task_bound(counts, prior.cov_0, **common)
    return jnp.stack([own, own + hyper, theory.task_bound(counts, prior.cov_q + prior.cov_0, **common)])


def losses_and_bounds(here: Any, data: Any, count: Any, delta: Any) -> Any:
    """(loss, bound) of the three, the bound with the coverage of unlimited uniform logging, whose Gram matrix is I / 12."""
    best = bandits.off_policy.optimal_gram(here.contexts, here.drawn.theta)
    gamma = jnp.minimum(1.0, 1 / (12 * jnp.linalg.eigvalsh(best)[:, -1].max()))
    share = count / jnp.sum(here.present)
    bounds = three_bounds(here, share, gamma, delta, best) if best.shape[-1] <= 4 else jnp.full((3, 1), jnp.nan)
    return three_losses(here, data), jax.vmap(lambda b: over_tasks(here, b))(bounds)


def along_n(key: Any, setting: Any, widths: Any, checkpoints: Any, delta: Any, **sizes: int) -> Any:
    """(sigma_q, n, method), every width on the same draws, the whole curve from one log."""

    def at(sigma_q):
        here = world(key, dict(setting, sigma_q=sigma_q), **sizes)
        return jax.vmap(lambda d, n: losses_and_bounds(here, d, n, delta))(first_data(here, checkpoints), checkpoints)

    return jax.vmap(at)(widths)


def along_m(key: Any, setting: Any, counts: Any, delta: Any, **sizes: int) -> Any:
    """(m, method)."""

    def at(tasks):
        here = world(key, dict(setting, tasks=tasks), **sizes)
        return losses_and_bounds(here, all_data(here), float(sizes["count"]), delta)

    return jax.lax.map(at, counts)


def closed(hier: float, oracle: float, flat: float) -> float:
    """Share of FlatOPO's distance to the oracle that HierOPO makes up."""
    return (flat - hier) / (flat - oracle)
