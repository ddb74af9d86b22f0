"""Suboptimality of OMT-PSR's mixture against rounds: the class restricted by the upstream T, all models, and a wrong T. Own design."""

import numpy as np

from experiments.multitask_psr.protocol import LOOKS, ClassConfig, derived, own
from mtrl import mdp
from mtrl.harness import Figure, at_least, at_most, dataset, field, jnp, less_than_zero, simulate
from mtrl.harness.judge.measures import LAST, mean, slope, value
from mtrl.harness.picture import plots

METHODS = ("restricted to the true T", "all models", "restricted to a wrong T")


class OmtConfig(ClassConfig):
    """One target with random rewards; its class has L models with T given, J L without."""

    seeds: int = field(40, help="number of random seeds", lower=2)
    tasks: int = field(1, help="targets, which learn alone", lower=1)
    rounds: int = field(200, help="rounds, one trajectory per step each", lower=20)


def target(key, concentration, restrict, shift, **sizes):
    """A target whose class is all models, or those of one T: the true one or, with a shift, another."""
    world = mdp.psr.worlds.sample_world(key, concentration, **sizes)
    limited = mdp.psr.restricted(world, (world.shared + shift) % sizes["shared"])
    return world._replace(allowed=jnp.where(restrict, limited.allowed, world.allowed))


def suboptimality(step):
    """V* - V of the policy of the round, mean over targets."""
    return step.outcome.regret.mean()


def run(config, seeds):
    """One cell."""
    names = ("tasks", "shared", "own", "states", "actions", "observations", "horizon")
    problem = mdp.psr.worlds.play_on(target, **{name: getattr(config, name) for name in names})
    margins = [config.margin([1], sharing)[0] for sharing in ("known", "joint", "known")]
    regret = [
        simulate(
            mdp.psr.omt_psr, seeds=seeds, rounds=config.rounds, problem=problem, record=suboptimality,
            inputs=(config.concentration, restrict, shift), hyper=dict(beta=float(beta)),
        )[0]
        for beta, restrict, shift in zip(margins, (True, False, True), (0, 0, 1), strict=True)
    ]  # fmt: skip
    rounds = np.arange(1, config.rounds + 1)
    mixture = np.cumsum(np.stack(regret, 1), axis=-1) / rounds
    at = np.unique(np.geomspace(1, config.rounds, 50).astype(int))
    return dataset(
        seeds,
        {"method": list(METHODS), "round": at},
        mixture=(("seed", "method", "round"), mixture[..., at - 1], "return", "V* - V of the mixture"),
        last=(("seed", "method"), np.stack(regret, 1)[..., -10:].mean(-1), "return", "V* - V, last ten rounds"),
    )


def draw(data, config):
    """Suboptimality of the mixture."""
    figure, axes = plots.panel(width=5.4, height=4.0)
    look = {name: k._replace(words=name) for name, k in zip(METHODS, LOOKS.values(), strict=False)}
    plots.curves(axes[0, 0], data["mixture"], "round", "method", look)
    first = data["mixture"].sel({"method": METHODS[1]}).isel(round=0).mean("seed")
    axes[0, 0].plot(
        data["round"], first / data["round"] ** 0.5, color="0.35", label="K^(-1/2), scaled at the first point"
    )
    plots.finish(axes[0, 0], x="rounds K", y="V* - V of the mixture [return]", log="xy", legend={"fontsize": 8})
    return own(figure)


MIXTURE, END = value("mixture"), value("last")
TRUE, ALL, WRONG = METHODS

FIGURE = Figure(
    __name__,
    title="OMT-PSR downstream: suboptimality with the class restricted by the upstream T, all models, a wrong T (own design)",
    question="Does a model class restricted by the upstream tasks make the downstream learner's policies better?",
    claims=(
        derived("the restricted class has the better mixture after all rounds: difference", "beta_0 of the smaller class",
              mean(MIXTURE.at(method=TRUE, round=LAST) - MIXTURE.at(method=ALL, round=LAST)), less_than_zero, unit="return"),
        derived("the mixture over all models improves at least like 1 / sqrt(K): slope in logarithms from K = 10",
              "sqrt(beta_0 / K), an upper bound", slope(MIXTURE.at(method=ALL).then(lambda x: x.sel(round=x["round"] >= 10)), "round"),
              at_most(-0.5), unit="1"),
        derived("a wrong T leaves a floor: last rounds, wrong minus true", "a floor of order sqrt(eps_0)",
              mean(END.at(method=WRONG) - END.at(method=TRUE)), at_least(0.001), unit="return",
              reason="a thousandth of the largest return"),
    ),
    presets={"smoke": dict(seeds=2, shared=3, own=2, rounds=20, horizon=2), "paper": dict(seeds=200, rounds=1000)},
)  # fmt: skip
