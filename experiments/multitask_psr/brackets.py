"""Bracketing numbers of the joint class: the table, its ratio to separate classes, and brackets that are constructed. Own design."""

import numpy as np

from experiments.multitask_psr.fits import bracket
from experiments.multitask_psr.protocol import LOOKS, derived, own, reference
from mtrl import mdp
from mtrl.harness import BaseConfig, Figure, at_least, at_most, between, dataset, evaluate, field, jnp, over_seeds
from mtrl.harness.judge.measures import best, exact, slope, value, worst
from mtrl.harness.picture import plots

TASKS = (1, 2, 5, 10, 20, 50, 100, 1000)
CLASSES = ("POMDPs, shared T", "perturbed PSRs", "3 core PSRs")


class BracketsConfig(BaseConfig):
    """Sizes of the table; brackets are constructed for random POMDPs of a smaller one."""

    horizon: int = field(5, help="H", lower=1)
    states: int = field(10, help="S", lower=1)
    actions: int = field(4, help="A", lower=1)
    observations: int = field(6, help="O", lower=1)
    eta: float = field(0.01, help="width of the brackets eta", lower=0.0, strict=True)
    rank: int = field(5, help="rank of the PSR r", lower=1)
    perturbations: int = field(50, help="perturbations #Delta", lower=1)
    cores: int = field(3, help="core tasks m", lower=1)
    spacings: tuple[float, ...] = field(
        (0.001, 0.003, 0.01, 0.03), help="grid spacings t", lower=0.0, upper=0.2, strict=True
    )


def numbers(tasks, eta, *, horizon, states, actions, observations, rank, perturbations, cores):
    """log N_eta of the joint classes and of the separate ones, (class, task)."""
    theory, sizes = mdp.psr.theory, dict(actions=actions, observations=observations, horizon=horizon, eta=eta)
    pomdps = theory.log_bracket_pomdp(tasks, states=states, **sizes)
    single = theory.log_bracket_psr(rank=rank, **sizes)
    perturbed = theory.log_bracket_perturbed(single, tasks, perturbations=perturbations)
    mixed = theory.log_bracket_mixture(single, tasks, cores=cores, eta=eta)
    alone = theory.log_bracket_pomdp(1.0, states=states, **sizes)
    return jnp.stack([pomdps, perturbed, mixed]), tasks * jnp.stack([alone, single, single])[:, None]


def run(config, seeds):
    """One cell."""
    names = ("horizon", "states", "actions", "observations", "rank", "perturbations", "cores")
    sizes = {name: getattr(config, name) for name in names}
    joint, separate = evaluate(numbers, np.array(TASKS, float), config.eta, **sizes)
    width, inside = over_seeds(bracket, seeds, np.array(config.spacings))
    bound = [float(mdp.psr.theory.grid_bracket_width(t, states=2, observations=3, horizon=3)) for t in config.spacings]
    dims = ("class", "team")
    return dataset(
        seeds,
        {"class": list(CLASSES), "team": list(TASKS), "spacing": list(config.spacings)},
        joint=(dims, joint, "nat", "log N_eta of the joint class"),
        separate=(dims, separate, "nat", "log N_eta of separate classes"),
        ratio=(dims, joint / separate, "1", "log N_eta, joint / separate"),
        width=(("seed", "spacing"), width, "1", "width of the bracket"),
        bound=("spacing", bound, "1", "width of the bracket"),
        inside=(("seed", "spacing"), inside.astype(float), "1"),
    )


def draw(data, config):
    """The ratio, the widths and the numbers themselves."""
    figure, axes = plots.panel(1, 3, width=4.4)
    look = {name: look._replace(words=name) for name, look in zip(CLASSES, LOOKS.values(), strict=False)}
    plots.theory(axes[0, 0], data["ratio"], "team", "class", look)
    s, a, o = config.states, config.actions, config.observations
    plots.level(axes[0, 0], s * o / (s * s * a + s * o), "limit S O / (S^2 A + S O)", linestyle="--")
    plots.finish(axes[0, 0], x="tasks N", log="x", legend={"fontsize": 8})
    plots.points(axes[0, 1], data["width"], "spacing", look=look[CLASSES[0]]._replace(words="constructed brackets"))
    plots.theory(axes[0, 1], data["bound"], "spacing", look=look[CLASSES[0]]._replace(words="bound"))
    plots.finish(axes[0, 1], x="grid spacing t", log="xy")
    third = axes[0, 2]
    for name, words in (("separate", "separate classes"), ("joint", "joint class")):
        index = int(name == "joint")
        line = plots.Look(words, plots.style.COLORS[1 - index], line="-" if index else "--")
        plots.theory(third, data[name].sel({"class": CLASSES[0]}), "team", look=line)
    plots.finish(third, x="tasks N", y="log N_eta [nat]", title="POMDPs with shared T", log="xy")
    return own(figure)


def tables(data, config):
    """Bracketing numbers of POMDPs with shared T."""
    shown = data.sel({"team": [1, 2, 10, 100], "class": CLASSES[0]})
    columns = [shown[name].values for name in ("team", "joint", "separate", "ratio")]
    rows = [[f"{int(n)}", *map(float, numbers)] for n, *numbers in zip(*columns, strict=True)]
    heads = ["tasks N", "joint [nat]", "separate [nat]", "ratio"]
    return [plots.Table("log N_eta of POMDPs with shared T", heads, rows)]


def entry(text, number, half, name="ratio", label=CLASSES[0], **where):
    """One number of the table, at its sizes."""
    return reference(text, number, exact(value(name, **{"class": label}, **where)), half / number, unit="nat" if name != "ratio" else "1",
                 reason="rounding of the table", applies=lambda data: round(float(data["separate"][0, 0])) == 26899)  # fmt: skip


FIGURE = Figure(
    __name__,
    tables=tables,
    title="Bracketing numbers of joint and separate classes, and brackets that are constructed (own design)",
    question="How much smaller are the bracketing numbers of joint classes, and do brackets one can construct meet the bounds?",
    claims=(
        entry("log N_eta of one POMDP", 26899.0, 0.5, name="joint", team=1),
        entry("log N_eta of 100 POMDPs that share T", 374248.0, 0.5, name="joint", team=100),
        entry("joint over separate, two POMDPs", 0.565, 0.0005, team=2),
        entry("joint over separate, 100 POMDPs", 0.139, 0.0005, team=100),
        entry("joint over separate, ten perturbed PSRs", 0.1, 0.0005, label=CLASSES[1], team=10),
        entry("joint over separate, ten mixtures of 3 core PSRs", 0.3001, 0.0001, label=CLASSES[2], team=10),
        derived("brackets contain their law (least share over spacings)", "l <= P <= u", best(value("inside")), at_least(1.0), unit="1"),
        derived("no bracket is wider than the formula: ratio, worst spacing", "(1+St)^H(1+Ot)^H - (1-St)^H(1-Ot)^H",
              worst(value("width") / value("bound")), at_most(1.0), unit="1"),
        derived("the width is linear in the spacing: slope in logarithms", "about 2 H (S + O) t", slope(value("width"), "spacing"),
              between(0.9, 1.1), unit="1", value=1.0, reason="a tenth: higher orders of t"),
    ),
    presets={"smoke": dict(seeds=2, spacings=(0.01, 0.03)), "paper": dict(seeds=200)},
)  # fmt: skip
