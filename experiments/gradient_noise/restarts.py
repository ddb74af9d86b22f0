"""Restarts of a soft-selection program learner: noise helps where success is rare, and costs where it is not (negative result).

A stand-in for the paper's neural programmer, random-access machines and neural GPUs (Table 2 of the appendix and sections 4.3 to 4.5).
"""

from typing import Any

import numpy as np

from mtrl import dynamics
from mtrl.harness import Axis, BaseConfig, Figure, dataset, field, jax, over_seeds
from mtrl.harness.judge.claims import Claim, at_least, at_most, between, less_than_zero
from mtrl.harness.judge.measures import bootstrap, mean, value
from mtrl.harness.picture import plots

PROGRAMS = {
    "((x+1)^2+1)^2": ("x+1", "x^2", "x+1", "x^2"),
    "-(x^2+1)^2": ("x^2", "x+1", "x^2", "-x"),
    "-(2x+1)^2": ("2x", "x+1", "x^2", "-x"),
    "(2x^2+2)^2": ("x^2", "x+1", "2x", "x^2"),
}
RARE, COMMON = list(PROGRAMS)[:2]
SGD, ADAM = "gradient descent", "Adam"
# An independent program's successes of 400 restarts at eta 0, 0.3, 1
PROGRAM = {RARE: {0.0: 7, 0.3: 25, 1.0: 31}, COMMON: {0.0: 115, 0.3: 57, 1.0: 38}}
BAND = {RARE: (8, 15, 16), COMMON: (27, 21, 18)}


class RestartsConfig(BaseConfig):
    """Four programs of four steps, of which the paper's kind of claim is made for two."""

    seeds: int = field(5, help="batches of restarts", lower=1)
    restarts: int = field(400, help="restarts of a batch", lower=1)
    steps: int = field(1500, help="updates of a restart", lower=1)
    lr: float = field(1.0, help="learning rate of gradient descent", lower=0.0, strict=True)
    adam_lr: float = field(0.1, help="learning rate of Adam", lower=0.0, strict=True)
    optimisers: tuple[str, ...] = field((SGD, ADAM), help="optimisers", choices=(SGD, ADAM), distinct=True)
    clip: float = field(1.0, help="largest norm of a restart's gradient before noise", lower=0.0, strict=True)
    etas: tuple[float, ...] = field((0.0, 0.3, 1.0), help="noise", lower=0.0, distinct=True)
    tolerance: float = field(
        1e-3, help="error at which a program is the target, in its standard deviations", lower=0.0, strict=True
    )


def counted(key: Any, targets: Any, etas: Any, lr: Any, **sizes: Any) -> Any:
    """Share of successes, (program, eta); all settings start from the same logits."""

    def one(given):
        target, eta = given
        return dynamics.gradient_noise.learn_program(key, target, eta=eta, lr=lr, **sizes).success.astype(float).mean()

    return jax.lax.map(one, (targets, etas))


def run(config: RestartsConfig, seeds: np.ndarray) -> Any:
    """Two optimisers."""
    targets = np.array([dynamics.gradient_noise.named_program(*names) for names in PROGRAMS.values()])
    shape = len(targets), len(config.etas)
    grid = np.repeat(targets, shape[1], axis=0), np.tile(np.array(config.etas), shape[0])
    sizes = dict(steps=config.steps, restarts=config.restarts, clip=config.clip, tolerance=config.tolerance)
    known = {SGD: ("sgd", config.lr), ADAM: ("adam", config.adam_lr)}
    ways = {name: known[name] for name in config.optimisers}
    found = [over_seeds(counted, seeds, *grid, lr, in_turn=True, optimiser=name, **sizes) for name, lr in ways.values()]
    success = np.stack(found, axis=1).reshape(len(seeds), len(ways), *shape)
    return dataset(
        seeds,
        {"optimiser": list(ways), "program": list(PROGRAMS), "eta": Axis(np.array(config.etas), words="noise eta")},
        success=(("seed", "optimiser", "program", "eta"), success, "1", "share of restarts that find the program"),
    )


def draw(data: Any, config: RestartsConfig) -> Any:
    """One panel a program of Table 2, one for the optimisers' gains on all."""
    figure, axes = plots.panel(2, 2, width=4.6, height=3.0)
    look = {SGD: plots.Look(SGD, "#D55E00"), ADAM: plots.Look(ADAM, "#0072B2", "s")}
    place = data.assign_coords(eta=np.arange(data.sizes["eta"]))
    for ax, program in zip(axes.ravel(), PROGRAMS, strict=True):
        part = place["success"].sel(program=program)
        plots.points(ax, part, "eta", "optimiser", look, linestyle="-", linewidth=0.8)
        known = PROGRAM.get(program, {})
        labels = list(data["eta"].values)
        where = {labels.index(eta): n / 400 for eta, n in known.items() if eta in labels}
        if where:
            plots.program(ax, where, "independent program")
        ax.set_xticks(range(len(labels)), [f"{eta:g}" for eta in labels])
        top = 1.35 * max(float(part.mean("seed").max()), 0.02)
        first = ax is axes[0, 0]
        legend = dict(fontsize=7, loc="upper left") if first else None
        plots.finish(ax, x="noise eta", title=program, ylim=(0, top), legend=legend)
        ax.set_ylabel("share of restarts that\nfind the program")
    return figure


def at(program: str, eta: float, optimiser: str = SGD) -> Any:
    """Share of successes."""
    return value("success", program=program, eta=eta, optimiser=optimiser)


def gains(optimiser: str) -> Any:
    """Largest gain in success over no noise, over programs and eta."""
    found = value("success", optimiser=optimiser)
    return bootstrap(lambda a, b: np.max(a - b[:, None]), found, found.at(eta=0.0))


def tables() -> tuple[Claim, ...]:
    """Successes of 400 against an independent program's, three binomial standard deviations of it."""
    return tuple(
        Claim.reference(f"{program}: successes of 400 restarts at eta = {eta:g}", f"{count} of an independent program",
              mean(at(program, eta) * 400), between(count - band, count + band), unit="restarts", value=count,
              reason="three binomial standard deviations")
        for program, known in PROGRAM.items() for (eta, count), band in zip(known.items(), BAND[program], strict=True)
    )  # fmt: skip


WHERE = "sections 4.3 to 4.5: more runs succeed with noise; another learner"
FIGURE = Figure(
    __name__,
    title="Restarts of a program learner: noise helps where success is rare",
    question="For a program learner that often fails, does noise raise the share of successful restarts?",
    claims=(
        *(Claim(f"noise of eta = {eta:g} at least doubles the successes on {RARE}", f"neural GPU: 58 for 28 runs below 1 % error; {WHERE}",
                bootstrap(lambda on, off: on / off, at(RARE, eta), at(RARE, 0.0)), at_least(2.0), unit="1", value=58 / 28, stand_in=True)
          for eta in (0.3, 1.0)),
        Claim(f"noise of eta = 0.3 raises the successes on {COMMON} too: share without minus with", WHERE,
              mean(at(COMMON, 0.0) - at(COMMON, 0.3)), less_than_zero, unit="1", stand_in=True,
              note="a negative result: noise costs successes where the plain learner already succeeds often"),
        Claim.reference("with Adam noise gains no more than sampling error on any program: largest gain in the share of successes",
              "four programs of an independent study", gains(ADAM), at_most(0.042), unit="1",
              reason="two standard errors of a difference of 400 restarts at a share of 0.1"),
        *tables(),
    ),
    presets={"smoke": dict(seeds=2, restarts=20, steps=50, optimisers=(SGD,)), "paper": dict(seeds=10, restarts=2000)},
)  # fmt: skip
