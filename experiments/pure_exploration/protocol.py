"""What the figures share: the canonical instance, its methods, one run of a method on lanes of instances, and its predicted samples."""

import numpy as np

from mtrl import bandits
from mtrl.harness import BadInput, BaseConfig, field, jax, jnp
from mtrl.harness.judge.measures import first_crossing, value
from mtrl.harness.picture import plots

DOU, RAGE, KNOWN, UNIFORM = METHODS = ("DouExpDes", "IndRAGE", "known B", "uniform designs")
LOOKS = plots.looks(METHODS)
SAMPLES = "pulls"


class CanonicalConfig(BaseConfig):
    """The canonical basis as arms, tasks in k groups, `theta_m = gap e_{m mod k}`."""

    dim: int = field(5, help="dimension d, and number of arms", lower=2)
    rank: int = field(2, help="dimension of the shared features k", lower=1, at_most="dim")
    noise: float = field(1.0, help="noise standard deviation sigma", lower=0.0, strict=True)
    delta: float = field(0.005, help="chance of a wrong answer delta", lower=0.0, upper=1.0, strict=True)
    constant: float = field(16.0, help="constant of the number of feature batches c_F", lower=0.0, strict=True)

    def check_tasks(self, tasks):
        """Fewer tasks than features do not show them."""
        if min(tasks) < self.rank:
            raise BadInput(
                f"tasks got {min(tasks)}, but must be at least rank={self.rank}: fewer do not span the features"
            )


def found_by(method, key, sampler, basis, *, delta, **features):
    """What a method finds; `features` are the settings of the methods that recover them, `basis` is the true one."""
    explore = bandits.exploration
    return {
        DOU: lambda: explore.dou_exp_des(key, sampler, delta=delta, **features),
        UNIFORM: lambda: explore.uniform_designs(key, sampler, delta=delta, **features),
        RAGE: lambda: explore.ind_rage(key, sampler, delta=delta),
        KNOWN: lambda: explore.oracle_features(key, sampler, basis, delta=delta),
    }[method]()


def mistaken(problem, found):
    """Whether a task has a wrong arm or is left open."""
    return jnp.any((bandits.exploration.wrong(problem, found.best) & problem.present) | ~found.separated)


def identify(key, lanes, common, *, method, tasks, dim, rank, rounds=None):
    """One seed of a method: pulls, share of the features, whether an arm is wrong or left open, error of the features; (lane,) each.

    Args:
      key: of the seed; every lane has its own.
      lanes: dict of arrays (lane,): tasks, gap, omega, heads (L_w).
      common: dict of numbers: noise, delta, constant.
      method, tasks, dim, rank, rounds: name, largest M, d, k, p.
    """
    explore = bandits.exploration

    def one(key, tasks_here, gap, omega, heads):
        problem = explore.canonical_tasks(gap, common["noise"], tasks=tasks, dim=dim, rank=rank)
        problem = explore.first_tasks(problem, tasks_here)
        features = dict(
            rank=rank, omega=omega, constant=common["constant"], rounds=rounds, bounds=explore.Bounds(heads=heads)
        )
        sampler, basis = explore.arm_sampler(problem), problem.linear.basis
        found = found_by(method, key, sampler, basis, delta=common["delta"], **features)
        share = jnp.sum(found.feature_pulls) / found.pulls
        return found.pulls.astype(float), share, mistaken(problem, found), found.gap

    keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(jnp.arange(lanes["tasks"].shape[0]))
    return jax.vmap(one)(keys, lanes["tasks"], lanes["gap"], lanes["omega"], lanes["heads"])


def predicted(method, lanes, common, *, dim, rank, rounds):
    """Pulls of a method by its own sizes: phases up to the first 2^-t below the gap, the designs' exact values; (lane,)."""
    theory = bandits.exploration.theory
    stage = theory.canonical_elimination(
        lanes["tasks"], lanes["gap"], dim=rank if method in (DOU, KNOWN) else dim, delta=common["delta"], arms=dim,
        noise=common["noise"],
    )  # fmt: skip
    if method in (RAGE, KNOWN):
        return stage
    return stage + theory.canonical_features(
        lanes["tasks"], lanes["gap"], dim=dim, rank=rank, delta=common["delta"], omega=lanes["omega"], rounds=rounds,
        constant=common["constant"], heads=lanes["heads"], noise=common["noise"],
    )  # fmt: skip


def common_of(config):
    """Numbers that all lanes share."""
    return {"noise": config.noise, "delta": config.delta, "constant": config.constant}


def lanes_of(tasks, gap, config, heads=1.0):
    """Lanes of instances; M and the gap are broadcast against each other."""
    tasks, gap, heads = np.broadcast_arrays(np.asarray(tasks, float), np.asarray(gap, float), np.asarray(heads, float))
    return {
        "tasks": tasks,
        "gap": gap,
        "omega": bandits.exploration.canonical_diversity(tasks, gap, config.rank),
        "heads": heads,
    }


def total(method, **where):
    """Pulls of a method."""
    return value("pulls", method=method, **where)


def unnamed(looks):
    """The looks of predictions: those of what they predict, without words of their own."""
    return {name: look._replace(words="") for name, look in looks.items()}


def meeting(lines):
    """Where the predicted samples of the two methods meet."""
    at = lines["tasks"].values.astype(float)
    return first_crossing(at, lines.sel({"method": DOU}).values, lines.sel({"method": RAGE}).values)
