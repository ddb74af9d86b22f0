"""D1: target risk against target samples (Du et al. 2021, Theorem 4.1).

The paper states rates only; the setting is made for this library: d=40, r=3, sigma=.5, n=20 samples per source task,
AltMin from the method of moments. The risk of a seed is a mean over `target_draws` independent target samples (the
first of them for plain least squares, which is slow and needs no such precision). Dotted: the rate of the theorem with
its constants and logarithms dropped.
"""

import numpy as np

from experiments.linear_representation.protocol import quiet, ratio_of_means, subspace
from mtrl.harness import BaseConfig, Figure, dataset, field, jax, jnp, over_seeds, split_named
from mtrl.harness.judge.claims import Claim, at_least, at_most, between
from mtrl.harness.judge.measures import LAST, Absent, bootstrap, slope, value
from mtrl.harness.picture import plots
from mtrl.numerics import checks, moments
from mtrl.numerics.linalg import subspaces

LEARNERS = ("learned representation", "target only", "true representation")
RISK = ("squared l2 parameter error = excess risk for inputs N(0, I)", "excess target risk")


class FewShotConfig(BaseConfig):
    """Target risk with a learned, a true and no representation."""

    seeds: int = field(30, help="number of random seeds", lower=2)
    tasks: tuple[int, ...] = field((50, 200, 800), help="source tasks T", lower=1)
    samples: int = field(20, help="samples per source task n", lower=1)
    target_samples: tuple[int, ...] = field((8, 16, 32, 64, 128, 256, 512), help="target samples n2", lower=1)
    dim: int = field(40, help="input dimension d", lower=2)
    rank: int = field(3, help="dimension of the shared subspace r", lower=1)
    noise: float = field(0.5, help="standard deviation of the label noise", lower=0.0, strict=True)
    iterations: int = field(20, help="AltMin iterations", lower=1)
    target_draws: int = field(16, help="independent target samples per seed", lower=1)

    def validate(self):
        """The rank must be identifiable from the source tasks, and the target head from its samples."""
        subspace.check_identified(self.rank, self.dim, min(self.tasks), self.samples)
        least = min(self.target_samples)
        checks.check_whole(lower=self.rank, target_samples=least, hint="fewer do not identify a head")


def one_seed(key, noise, *, tasks, samples, target_samples, dim, rank, iterations, target_draws):
    """Squared target error of the three learners at every n2, and their laws."""
    keys = split_named(key, "problem", "source", "target")
    params = subspace.sample(keys["problem"], tasks=tasks, dim=dim, rank=rank, noise=noise)
    x, y = subspace.draw(keys["source"], params, samples=samples)
    start = subspace.method_of_moments(x, y, rank=rank)
    basis = subspace.alternating_minimisation(moments.moments(x, y), start, iterations=iterations).basis
    theta = subspace.target_weights(params)
    missed = jnp.sum(subspaces.remove_span(basis, theta) ** 2)
    draws = jax.random.split(keys["target"], target_draws)

    def errors(key, learn):
        x0, y0 = subspace.draw_target(key, params, samples=max(target_samples))
        found = jnp.stack([learn(x0[:count], y0[:count]) for count in target_samples])
        return jnp.sum((found - theta) ** 2, axis=-1)

    def with_basis(known):
        return jnp.mean(
            jax.lax.map(lambda key: errors(key, lambda x, y: subspace.transfer(x, y, known)), draws), axis=0
        )

    def laws(count):
        known = dict(samples=count, noise=noise)
        return jnp.stack(
            [
                subspace.theory.transfer_risk(missed, rank=rank, **known),
                subspace.theory.minimum_norm_risk(jnp.sum(theta**2), dim=dim, **known),
                subspace.theory.transfer_risk(0.0 * missed, rank=rank, **known),
            ]
        )

    risk = jnp.stack([with_basis(basis), errors(draws[0], subspace.minimum_norm), with_basis(params.basis)], axis=-1)
    return {"risk": risk, "law": jnp.stack([laws(count) for count in target_samples]), "missed": missed}


def run(config, seeds):
    """One T."""
    names = ("samples", "target_samples", "dim", "rank", "iterations", "target_draws")
    sizes = {name: getattr(config, name) for name in names}
    out = over_seeds(one_seed, seeds, config.noise, tasks=config.tasks[0], **sizes)
    dims = ("seed", "target", "learner")
    return dataset(
        seeds,
        {"target": config.target_samples, "learner": LEARNERS},
        risk=(dims, out["risk"], *RISK),
        law=(dims, np.where(np.isfinite(out["law"]), out["law"], np.nan), *RISK),  # none for least squares at n2 = d
        missed=("seed", out["missed"]),
    )


def draw(data, config):
    """Excess risk on log-log axes."""
    canvas, axes = plots.panel(width=6.4, height=4)
    ax, most = axes[0, 0], data["tasks"].values[-1]
    curves = {(LEARNERS[0], tasks): f"learned, T = {int(tasks)}" for tasks in data["tasks"].values}
    curves |= {(learner, most): learner for learner in (LEARNERS[2], LEARNERS[1])}
    for ((learner, tasks), _), look in zip(curves.items(), plots.looks(curves).values(), strict=True):
        part = data.sel(tasks=tasks, learner=learner)
        plots.points(ax, part["risk"], "target", look=look)
        plots.theory(ax, part["law"].dropna("target", how="any"), "target", look=quiet(look))
        if learner == LEARNERS[0]:
            size = dict(total=float(tasks * config.samples), dim=config.dim, rank=config.rank, noise=config.noise)
            rate = subspace.theory.few_shot_rate(target_samples=data["target"].values, **size)
            ax.plot(data["target"], np.asarray(rate), color=look.color, linestyle=":", linewidth=1)
    ax.plot([], [], color="gray", label="law given the learned subspace")
    ax.plot([], [], color="gray", linestyle=":", label=r"rate $\sigma^2(rd/nT + r/n_2)$ of Du et al.")
    title = f"d = {config.dim}, r = {config.rank}, n = {config.samples} samples per source task"
    plots.finish(ax, x="target samples n2", y=RISK[1], title=title, log="y", ticks=data["target"], legend=None)
    canvas.legend(*ax.get_legend_handles_labels(), loc="outside right upper")
    return canvas


LEARNED, TRUE = (dict(learner=LEARNERS[i]) for i in (0, 2))


def _enough(ratio):
    """At the n2 for which the law has a variance."""
    enough = np.flatnonzero(ratio["target"].values >= 16)
    if not enough.size:
        raise Absent("no n2 from 16 on")
    return ratio.isel(target=enough)


FIGURE = Figure(
    __name__, name="target_samples", aliases=("D1",), split={"tasks": "tasks"}, optional=("law",),
    title="Target risk against target samples",
    question="How does the target's risk fall with its own samples, with a learned, a true and no representation?",
    claims=(
        Claim("with the true representation the risk falls as n2^-1 (log-log slope)",
              "Du et al. 2021, Theorem 4.1: sigma^2 r / n2", slope(value("risk", tasks=LAST, **TRUE), "target"),
              between(-1.2, -0.95), unit="exponent", value=-1.0,
              reason="the exact law r/(n2-r-1) is steeper than -1 at small n2: -1.14 over 8 to 512 at r = 3"),
        Claim("few-shot: at n2 = 16 < d the learned representation beats target-only learning (log10 of the ratio of mean risks)",
              "Du et al. 2021, section 1",
              ratio_of_means(*(value("risk", tasks=LAST, target=16, learner=name) for name in LEARNERS[:2])), at_most(-0.5),
              unit="orders of magnitude of the excess risk",
              reason="the rates r/n2 + rd/nT and d/n2 are an order apart; half of one is left to their constants"),
        Claim("at n2 = 512 the missed part of the subspace shows: above the true representation (log10 of the ratio of mean risks)",
              "Du et al. 2021, Theorem 4.1: the term r d / (n T)",
              ratio_of_means(*(value("risk", tasks=LAST, target=512, **which) for which in (LEARNED, TRUE))),
              at_least(0.0, "the term is positive; its constant is not known"), unit="orders of magnitude of the excess risk"),
        Claim.derived("risk of the learned representation over its law: distance of the mean ratio to 1 (worst T and n2 >= 16)",
                      "exact law given the learned subspace, derived for this library",
                      bootstrap(lambda ratio: np.max(np.abs(ratio - 1)), (value("risk", **LEARNED) / value("law",
                      **LEARNED)).then(_enough)),
                      at_most(0.15, "the law is exact: the Monte Carlo error of 16 target draws a seed is what is left"),
                      unit="relative"),
    ),
    presets={
        "smoke": dict(seeds=2, tasks=(20,), dim=8, samples=8, target_samples=(8, 16, 512), iterations=3),
        "paper": dict(seeds=200, tasks=(50, 100, 200, 400, 800, 1600)),
    },
)  # fmt: skip
