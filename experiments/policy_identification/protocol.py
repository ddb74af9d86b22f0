"""What the figures share: the instance with random features, its methods, and one run of a method on lanes of sizes."""

import numpy as np

from mtrl import bandits
from mtrl.harness import BadInput, BaseConfig, field, jax, jnp
from mtrl.harness.picture import plots

DOU, ALONE, KNOWN = METHODS = ("C-DouExpDes", "IndRFLinUCB", "known B")
LOOKS = plots.looks(METHODS)
SAMPLES = "pulls"


class ContextConfig(BaseConfig, seeds=30):
    """Features uniform on the sphere, D uniform, tasks in k equal groups (omega = 1)."""

    contexts: int = field(5, help="contexts S", lower=1)
    arms: int = field(5, help="actions A", lower=2)
    dim: int = field(5, help="dimension d", lower=2)
    rank: int = field(2, help="dimension of the shared features k", lower=1, at_most="dim")
    methods: tuple[str, ...] = field(METHODS, help="methods", choices=METHODS, distinct=True)
    noise: float = field(1.0, help="noise standard deviation sigma", lower=0.0, strict=True)
    delta: float = field(0.005, help="chance of a wrong answer delta", lower=0.0, upper=1.0, strict=True)
    constant: float = field(16.0, help="constant of the number of feature batches c_F", lower=0.0, strict=True)

    @property
    def sizes(self):
        """S, A, d, k."""
        return {name: getattr(self, name) for name in ("contexts", "arms", "dim", "rank")}

    @property
    def common(self):
        """Numbers that all lanes share."""
        return {name: getattr(self, name) for name in ("noise", "delta", "constant")}

    def check_tasks(self, tasks):
        """The groups are equal, and the features span."""
        for count in tasks:
            if count % self.rank:
                raise BadInput(
                    f"tasks got {count}, but must be a multiple of rank={self.rank}: the groups of tasks are equal"
                )
        if self.contexts * self.arms < self.dim:
            raise BadInput(
                f"dim got {self.dim}, but contexts x arms = {self.contexts * self.arms} features span no more; lower dim or add some"
            )


def identify(key, lanes, common, *, method, tasks, contexts, arms, dim, rank, given=False):
    """One seed: pulls, those of the first stage, planner rounds a task, largest and mean policy gap, error of B_hat; (lane,) each.

    Args:
      key: of the seed; every lane has its own.
      lanes: dict of arrays (lane,): tasks, accuracy, and rounds with `given`.
      common: dict of numbers: noise, delta, constant.
      method, tasks, contexts, arms, dim, rank: name, largest M, S, A, d, k.
      given: stop the planner after the lane's rounds, not by its width.
    """
    explore = bandits.exploration

    def one(key, count, accuracy, rounds):
        keys = jax.random.split(key)
        problem = explore.sample_context_tasks(
            keys[0], common["noise"], tasks=tasks, contexts=contexts, arms=arms, dim=dim, rank=rank
        )
        problem = explore.first_tasks(problem, count)
        sampler = explore.context_sampler(problem)
        hyper = dict(accuracy=accuracy, delta=common["delta"], rounds=rounds if given else None)
        found = {
            DOU: lambda: explore.c_dou_exp_des(
                keys[1], sampler, rank=rank, omega=1.0, constant=common["constant"], **hyper
            ),
            ALONE: lambda: explore.ind_rf_linucb(keys[1], sampler, **hyper),
            KNOWN: lambda: explore.given_context_features(keys[1], sampler, problem.linear.basis, **hyper),
        }[method]()
        gaps = jnp.where(problem.present, explore.policy_gaps(problem, found.policy), 0.0)
        error = explore.subspace_error(found.basis, problem.linear.basis)
        pulls = (found.pulls, found.feature_pulls, jnp.sum(found.planner_pulls) / count)
        return *(x.astype(float) for x in pulls), jnp.max(gaps), jnp.sum(gaps) / count, error

    keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(jnp.arange(lanes["tasks"].shape[0]))
    return jax.vmap(one)(keys, lanes["tasks"], lanes["accuracy"], lanes["rounds"])


def lanes_of(tasks, accuracy, rounds=0.0):
    """Lanes of sizes; what has one value is the same in all."""
    arrays = np.broadcast_arrays(*(np.asarray(x, float) for x in (tasks, accuracy, rounds)))
    return dict(zip(("tasks", "accuracy", "rounds"), arrays, strict=True))
