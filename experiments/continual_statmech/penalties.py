"""Two ways to keep a first task: the KL term, and elastic weight consolidation, which is its quadratic part near the anchor."""

from typing import Any

import numpy as np

from experiments.continual_statmech import protocol
from mtrl import continual
from mtrl.harness import Axis, BaseConfig, Figure, dataset, field, jax, jnp, over_seeds, split_named
from mtrl.harness.judge.claims import Claim, at_most, less_than_zero
from mtrl.harness.judge.measures import FIRST, LAST, bootstrap, mean, value
from mtrl.harness.picture import plots

UNIT = "share of inputs"
KL, FIELDS, DATA = "KL", "EWC, fields", "EWC, data"
WORDS = {KL: "KL term", FIELDS: "EWC, information of the fields", DATA: "EWC, squared gradients of the data"}
LOOKS = plots.looks(WORDS)


class PenaltiesConfig(BaseConfig):
    """One pair of tasks at growing strengths of three penalties; training as in the figure of two tasks."""

    seeds: int = field(6, help="trials", lower=1)
    dim: int = field(200, help="inputs N", lower=2)
    epochs: tuple[int, ...] = field((5000, 8000), help="epochs of either task", lower=1, length=2)
    rates: tuple[float, ...] = field((1e-3, 5e-3), help="learning rates of either task", lower=0.0, length=2)
    decay: float = field(1e-3, help="decoupled weight decay", lower=0.0)
    load_first: float = field(2.0, help="load of task 1, alpha1", lower=0.0, strict=True)
    load: float = field(1.0, help="load of task 2, alpha2", lower=0.0, strict=True)
    r0: float = field(0.0, help="overlap of the teachers", lower=-1.0, upper=1.0)
    strengths: tuple[float, ...] = field(
        (0.03, 0.1, 0.3, 1.0, 3.0, 10.0), help="gamma and lambda, ascending", lower=0.0, strict=True, distinct=True
    )
    beta: float = field(20.0, help="inverse temperature of the theory", lower=0.0, strict=True)
    nodes: int = field(60, help="nodes of a Gaussian in the theory", lower=15)


def trial(key: Any, strengths: Any, rates: Any, decay: Any, r0: Any, *, dim: int, counts: tuple, epochs: tuple) -> Any:
    """Errors (penalty, strength, task) after task 2, from one first task."""
    import optax

    keys = split_named(key, "world", "start", "steps")
    teachers, (first, second) = protocol.world(keys["world"], counts, dim=dim, most=counts, r0=r0)
    plain = continual.bivcl(optimiser=optax.adamw(rates[0], weight_decay=decay))
    begun = plain.init(keys["start"], first)
    kept = protocol.epochs(keys["steps"], plain, begun, first, teachers, count=epochs[0], every=epochs[0])[0].theta
    own = continual.objective.fisher(jnp.tanh(kept)), continual.squared_gradients(kept, first) * counts[0]
    adam = optax.adamw(rates[1], weight_decay=decay)

    def after(rule):
        begun = rule.init(keys["start"], second)
        last = protocol.epochs(keys["steps"], rule, begun, second, teachers, count=epochs[1], every=epochs[1])[1]
        return jnp.stack([last.eps1[-1], last.eps2[-1]])

    def consolidated(given):
        information = jnp.where(given[0] > 0, *own)
        return after(continual.ewc(optimiser=adam, lam=given[1], anchor=kept, start=kept, information=information))

    kl = jax.lax.map(lambda g: after(continual.bivcl(optimiser=adam, gamma=g, anchor=kept, start=kept)), strengths)
    lanes = jnp.repeat(jnp.array([1.0, 0.0], strengths.dtype), len(strengths)), jnp.tile(strengths, 2)
    return jnp.concatenate([kl[None], jax.lax.map(consolidated, lanes).reshape(2, *kl.shape)])


def run(config: PenaltiesConfig, seeds: np.ndarray) -> Any:
    """One cell."""
    f32, strengths = np.float32, np.sort(config.strengths)
    counts = tuple(continual.problem.examples_of(load, config.dim) for load in (config.load_first, config.load))
    numbers = strengths.astype(f32), np.array(config.rates, f32), f32(config.decay), f32(config.r0)
    eps = over_seeds(trial, seeds, *numbers, in_turn=True, dim=config.dim, counts=counts, epochs=config.epochs)
    theory = protocol.two_task_theory(np.array([config.load]), (config.r0,), strengths, config)[1]
    both = protocol.masked(protocol.error_of(np.stack([theory.p1, theory.p2], -1)), theory.converged[..., None])
    return dataset(
        seeds,
        {"penalty": list(WORDS), "strength": Axis(strengths, "1", "gamma, lambda"), "task": [1, 2]},
        eps=(("seed", "penalty", "strength", "task"), eps, UNIT, protocol.EPS),
        eps_theory=(("strength", "task"), both[:, 0, 0], UNIT, protocol.EPS),
    )


def draw(data: Any, config: PenaltiesConfig) -> Any:
    """Both errors against the strength, and against each other."""
    figure, axes = plots.panel(1, 3, width=4.2, height=3.6)
    for ax, task in zip(axes[0], (1, 2), strict=False):
        plots.points(ax, data["eps"].sel(task=task), "strength", "penalty", LOOKS, spread=0.06)
        plots.theory(ax, data["eps_theory"].sel(task=task), "strength", look=LOOKS[KL]._replace(words="theory, KL"))
        plots.finish(ax, y=f"eps{task} [{UNIT}]", log="x", legend="best" if task == 1 else None)
    means = data["eps"].mean("seed")
    for name, look in LOOKS.items():
        one, two = (means.sel(penalty=name, task=task) for task in (1, 2))
        axes[0, 2].plot(one, two, color=look.color, marker=look.marker, linewidth=0.8)
    axes[0, 2].plot(*data["eps_theory"].values.T, color=LOOKS[KL].color, linewidth=1.8)
    plots.finish(axes[0, 2], x=f"eps1 [{UNIT}]", y=f"eps2 [{UNIT}]", title="what keeping task 1 costs", legend=None)
    return figure


def eps(task: int, penalty: str, strength: Any) -> Any:
    """Error of the simulation."""
    return value("eps", task=task, penalty=penalty, strength=strength)


def ordered(name: str) -> Claim:
    """A stronger penalty forgets less."""
    text = f"a stronger penalty forgets less, {WORDS[name]}: eps1 at the largest strength minus the least"
    gap = mean(eps(1, name, LAST) - eps(1, name, FIRST))
    return Claim.derived(text, "the penalty pulls to task 1 (ordering)", gap, less_than_zero, unit=UNIT)


def largest(penalty: str, strength: Any) -> Any:
    """Largest distance of an error's mean under a penalty to that under the KL term."""
    both = (value("eps", penalty=name, strength=strength) for name in (penalty, KL))
    return bootstrap(lambda a, b: np.max(np.abs(a - b)), *both)


FIGURE = Figure(
    __name__,
    title="KL term and elastic weight consolidation: errors on both tasks against the strength",
    question="Does elastic weight consolidation, the quadratic part of the KL term, keep a first task as the KL term does?",
    claims=(
        protocol.agrees("eps of both tasks under the KL term", value("eps", penalty=KL), value("eps_theory"), "Figure 3",
                        make=Claim.derived),
        *(ordered(name) for name in WORDS),
        Claim.derived("EWC of the fields is the KL term where fields stay near: largest distance of an error at the largest strength",
              "section II: KL near the anchor is beta_f^2 / 2 sum (1 - m0^2) (theta - theta0)^2", largest(FIELDS, LAST), at_most(0.03),
              unit=UNIT, reason="three standard errors of six runs, about .01 each",
              note="fields of decided synapses move far all the same: there 1 - m0^2 vanishes, while the KL term grows linearly"),
    ),
    optional=("eps_theory",),
    presets={
        "smoke": dict(seeds=2, dim=20, epochs=(3, 3), strengths=(0.1, 1.0), nodes=15),
        "paper": dict(seeds=20, dim=1000, epochs=(5000, 20000)),
    },
)  # fmt: skip
