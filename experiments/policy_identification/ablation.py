"""C-DouExpDes with a wrong k, a wrong omega, and the true D: what it costs and what its certificate is worth."""

import numpy as np

from experiments.policy_identification.protocol import SAMPLES, ContextConfig
from mtrl import bandits
from mtrl.harness import BadInput, Claim, Figure, at_least, at_most, between, dataset, field, jax, jnp, over_seeds
from mtrl.harness.judge.measures import Quantity, log, mean, value, worst
from mtrl.harness.picture import plots

PAPER, QUARTER, FOUR, TRUE, FEWER, MORE = VARIANTS = (
    "as in the paper",
    "omega / 4",
    "4 omega",
    "true D",
    "k - 1",
    "k + 1",
)
LOOKS = plots.looks(VARIANTS)
FACTOR = {PAPER: 1.0, QUARTER: 0.25, FOUR: 4.0}  # of omega: lanes of one program
STATIC = {TRUE: (0, True), FEWER: (-1, False), MORE: (1, False)}  # rank over k, true D: programs of their own
NAMES = {"samples": (SAMPLES, "samples of all tasks"), "rounds": ("rounds", "planner rounds per task"),
         "worst": ("reward", "policy gap, worst of the tasks"), "error": ("1", "squared error of the features")}  # fmt: skip


class AblationConfig(ContextConfig, seeds=40):
    """One M and eps; what the learner believes varies."""

    tasks: int = field(20, help="number of tasks M", lower=1)
    accuracy: float = field(0.2, help="accuracy eps", lower=0.01, strict=True)
    variants: tuple[str, ...] = field(VARIANTS, help="variants", choices=VARIANTS, distinct=True)

    def validate(self):
        """Ranks that exist."""
        self.check_tasks((self.tasks,))
        least = min(self.dim, self.tasks)
        for variant, rank, allowed in ((FEWER, self.rank - 1, self.rank > 1), (MORE, self.rank + 1, self.rank < least)):
            if variant in self.variants and not allowed:
                raise BadInput(
                    f"variants got '{variant}', which is a rank of {rank}, but ranks lie between 1 and {least}, the smaller of dim and "
                    "tasks; change rank or leave the variant out"
                )


def believe(key, omegas, accuracy, common, *, tasks, believed, known, **sizes):
    """One seed, (lane,) each: a learner that takes `believed` for k and a lane's omega, on the same instance with the same luck."""
    explore, keys = bandits.exploration, jax.random.split(key)
    problem = explore.sample_context_tasks(keys[0], common["noise"], tasks=tasks, **sizes)
    hyper = dict(rank=believed, accuracy=accuracy, delta=common["delta"], constant=common["constant"])

    def one(omega):
        sampler = explore.context_sampler(problem)
        found = explore.c_dou_exp_des(keys[1], sampler, omega=omega, known_context=known, **hyper)
        rounds = jnp.mean(found.planner_pulls.astype(float))
        gap, error = (
            explore.policy_gaps(problem, found.policy),
            explore.subspace_error(found.basis, problem.linear.basis),
        )
        return dict(samples=found.pulls.astype(float), rounds=rounds, worst=jnp.max(gap), error=error)

    return jax.lax.map(one, omegas)  # in turn: a lane's loops are as long as it needs


def run(config, seeds):
    """Wrong omega as lanes of one program, the others on their own."""

    def numbers(rank=0, known=False, factors=(1.0,)):
        static = dict(tasks=config.tasks, believed=config.rank + rank, known=known, **config.sizes)
        return over_seeds(believe, seeds, np.array(factors, float), config.accuracy, config.common, **static)

    lanes = [name for name in config.variants if name in FACTOR]
    found = {name: numbers(*STATIC[name]) for name in config.variants if name in STATIC}
    if lanes:
        together = numbers(factors=[FACTOR[name] for name in lanes])
        found |= {n: {key: x[:, i : i + 1] for key, x in together.items()} for i, n in enumerate(lanes)}
    arrays = {key: np.stack([found[name][key][:, 0] for name in config.variants]) for key in NAMES}
    data = {key: (("variant", "seed"), array, *NAMES[key]) for key, array in arrays.items()}
    return dataset(seeds, {"variant": list(config.variants)}, **data)


def draw(data, config):
    """Samples, worst policy gap and feature error of every variant."""
    figure, axes = plots.panel(1, 3, width=3.9, height=3.2)
    for ax, name in zip(axes[0], ("samples", "worst", "error"), strict=True):
        plots.bars(ax, data[name], "variant", LOOKS)
        if name == "worst":
            ax.axvline(config.accuracy, color="0.35", linewidth=1.2, label="eps")
        plots.finish(ax, log="x", title=f"M = {config.tasks}, eps = {config.accuracy:g}" if name == "samples" else "")
        ax.xaxis.set_minor_formatter("")
        if name == "samples":
            ax.set_xticks([2e5, 5e5, 1e6, 2e6], ["0.2M", "0.5M", "1M", "2M"])
        else:
            ax.set_yticklabels([])
    return figure


def against(name, variant):
    """Measure: log ratio of a quantity to the paper's variant, seed by seed."""
    return mean(log(value(name, variant=variant)) - log(value(name, variant=PAPER)))


EPS = Quantity(lambda data, config: config.accuracy)
FIGURE = Figure(
    __name__,
    title="C-DouExpDes with a wrong k, a wrong omega, and the true law of the contexts",
    question="What happens if the learner is told a wrong rank, a wrong width or the true law of the contexts?",
    claims=(
        Claim.derived("one feature too few: the worst task's policy gap minus eps",
              "the certificate is given the features; k is assumed known", mean(value("worst", variant=FEWER) - EPS), at_least(0.0),
              unit="reward", note="the planner still says eps"),
        Claim.derived("one feature too many: the worst task's policy gap over eps", "more features hold the true ones (ordering)",
              mean(value("worst", variant=MORE) / EPS), at_most(1.0), unit="1"),
        Claim.derived("one feature too many: planner rounds over those of k = 2",
              "derived: N = 4 k beta_N^2 / eps^2 where the planner settles",
              mean(value("rounds", variant=MORE) / value("rounds", variant=PAPER)), between(1.5, 2.1), unit="1", value=1.8,
              reason="3/2 times the ratio of beta_N^2, 1.2 at eps = 0.2; blocks of the planner are 10 % long"),
        Claim("with the right k, whatever omega and D: worst task's policy gap over eps, largest of the variants",
              "Du et al. 2023, Theorem 2: within eps",
              worst(value("worst", variant=[PAPER, QUARTER, FOUR, TRUE]) / EPS), at_most(1.0), unit="1"),
        Claim("a quarter of omega costs more samples", "Du et al. 2023, C-FeatRecover: samples grow as omega falls (ordering)",
              against("samples", QUARTER), at_least(0.0), unit="log ratio"),
        Claim.derived("with the true D the features have a smaller error",
              "derived: an estimated D leaves an error at any number of samples", against("error", TRUE), at_most(0.0), unit="log ratio"),
        Claim.derived("with a quarter of omega the many more samples do not halve the error", "derived: the estimated D's error stays",
              against("error", QUARTER), at_least(float(np.log(0.5))), unit="log ratio"),
    ),
    presets={"smoke": dict(seeds=2, tasks=4, accuracy=0.8, variants=(PAPER, QUARTER)), "paper": dict(seeds=500, tasks=100)},
)  # fmt: skip
