"""Bellman backups are linear in the true representation only: residuals, and the inherent Bellman error of every candidate."""

import numpy as np

from experiments.multitask_linear_mdp.protocol import PROGRAM, WorldConfig
from mtrl import mdp
from mtrl.harness import BadInput, Claim, Figure, at_least, at_most, dataset, field, jax, over_seeds, split_named, style
from mtrl.harness.judge.measures import FIRST, best, exact, value


class LinearityConfig(WorldConfig, tasks=2):
    """Random value functions against the class, and all value functions of a small MDP."""

    states: int = field(6, help="states S; the exact error tries 2^S value functions", lower=2, upper=10)
    candidates: int = field(8, help="candidate representations |Phi|", lower=2)
    values: int = field(50, help="random value functions per problem", lower=1)
    exact_seeds: int = field(4, help="problems for the exact inherent Bellman error", lower=1)

    def validate(self):
        """A representation must have fewer directions than pairs."""
        super().validate()
        if self.rank >= self.states * self.actions:
            raise BadInput(
                f"rank got {self.rank}, but every function is linear in {self.states * self.actions} features; lower it"
            )


def residuals(key, noise, *, problem, values):
    """Largest root mean squared residual over random value functions, per candidate, the true one first; and the model."""
    keys = split_named(key, "problem", "values")
    params = problem.sample(keys["problem"], noise)
    _, stages, states, _ = params.rewards.shape
    value = stages * jax.random.uniform(keys["values"], (values, states), params.rewards.dtype)
    phi = jax.numpy.roll(params.candidates, -params.truth[0], axis=0)
    model = (params.transitions[0, 0], params.rewards[0, 0])
    found = jax.vmap(lambda p: jax.vmap(lambda v: mdp.backup_residual(p, *model, v))(value).max())(phi)
    return found, phi, *model


def run(config, seeds):
    """One cell."""
    found, phi, transitions, rewards = over_seeds(residuals, seeds, 0.0, problem=config.problem, values=config.values)
    chosen = min(config.exact_seeds, len(seeds))
    bound = config.stages - 1.0
    errors = [[mdp.inherent_bellman_error(p, transitions[i], rewards[i], bound) for p in phi[i]] for i in range(chosen)]
    return dataset(
        seeds,
        {"candidate": np.arange(config.candidates), "problem": seeds[:chosen]},
        residual=(("seed", "candidate"), found, "return"),
        error=(("problem", "candidate"), errors, "return", "inherent Bellman error"),
    )


def draw(data, config):
    """Residuals on a log axis; exact errors."""
    figure, axes = style.subplots(1, 2, width=4.6)
    for ax, name, label in (
        (axes[0, 0], "residual", "largest residual over random V [return]"),
        (axes[0, 1], "error", "inherent Bellman error, all V [return]"),
    ):
        table = np.maximum(data[name].values, 1e-17)
        for i in range(table.shape[1]):
            color = style.COLORS[2] if i == 0 else style.COLORS[1]
            text = {0: "true phi", 1: "other members of Phi"}.get(i)
            ax.plot(np.full(table.shape[0], i), table[:, i], "o", color=color, alpha=0.6, label=text)
        ax.set(yscale="log", xlabel="candidate (0 = true phi)", ylabel=label)
        ax.legend(loc="center right")
    axes[0, 0].axhline(np.finfo(float).eps, color=style.COLORS[7], linestyle="--")
    axes[0, 0].annotate("machine epsilon", (config.candidates / 2, 3e-16), fontsize=8, color=style.COLORS[7])
    return figure


FIGURE = Figure(
    __name__,
    title="Bellman backups are linear in the true representation and in no other",
    question="Are Bellman backups linear in the true representation and in no other?",
    claims=(
        Claim.sanity("largest residual of the backup under the true phi",
              "0: r + P V is linear in phi for every V (Jin et al. 2020, Proposition 2.3)",
              exact(value("residual", candidate=FIRST).over("seed", how="max")),
              at_most(1e-13, "round-off of sums over a few hundred numbers of order 1"), unit="return", value=0.0),
        Claim.sanity("residual under the wrong phi that comes closest to linear (mean over problems)",
              "not 0: the class holds no second phi of the model", best(value("residual", candidate=slice(1, None))),
              at_least(0.1, f"a tenth of a reward's range; 0.68 on average in a similar problem, {PROGRAM}"), unit="return"),
        Claim.sanity("inherent Bellman error of the true phi over all value functions", "I = 0 for the linear-MDP class",
              exact(value("error", candidate=FIRST).over("problem", how="max")), at_most(1e-9, "tolerance of the linear programs"),
              unit="return", value=0.0),
        Claim.sanity("smallest inherent Bellman error of a wrong phi", "I > 0: the regret term M H T I sqrt(D) is linear in T",
              exact(value("error", candidate=slice(1, None)).over("problem", "candidate", how="min")),
              at_least(0.1, "a tenth of a reward's range, as for the residual"), unit="return"),
    ),
    presets={
        "smoke": dict(seeds=2, states=4, candidates=3, exact_seeds=1, values=5),
        "paper": dict(seeds=200, states=9, exact_seeds=8),
    },
)  # fmt: skip
