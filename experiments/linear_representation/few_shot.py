"""D1: target risk against target samples (Du et al. 2021, Theorem 4.1).

The paper states rates only; the setting is made for this library: d=40, r=3, sigma=.5, n=20 samples per source task,
AltMin from the method of moments. The risk of a seed is a mean over `target_draws` independent target samples (the
first of them for plain least squares, which is slow and needs no such precision). Dotted: the rate of the theorem with
its constants and logarithms dropped.
"""

import dataclasses

import numpy as np

from experiments.linear_representation.federated import ratio_of_means
from mtrl import representation
from mtrl.harness import BaseConfig, Claim, Figure, at_least, at_most, between, field, jax, jnp, over_seeds, split_named
from mtrl.harness.judge.measures import LAST, Absent, Quantity, bootstrap, slope, value
from mtrl.numerics import checks, moments
from mtrl.numerics.linalg import subspaces


@dataclasses.dataclass(frozen=True)
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
        representation.subspace.check_identified(self.rank, self.dim, min(self.tasks), self.samples)
        checks.check_whole(
            lower=self.rank, target_samples=min(self.target_samples), hint="fewer do not identify a head"
        )


LEARNERS = ("learned representation", "target only", "true representation")


def one_few_shot(key, noise, *, tasks, samples, target_samples, dim, rank, iterations, target_draws):
    """Squared target error of the three learners at every n2, and their laws."""
    keys = split_named(key, "problem", "source", "target")
    params = representation.subspace.sample(keys["problem"], tasks=tasks, dim=dim, rank=rank, noise=noise)
    x, y = representation.subspace.draw(keys["source"], params, samples=samples)
    data = moments.moments(x, y)
    start = representation.subspace.method_of_moments(x, y, rank=rank)
    basis = representation.subspace.alternating_minimisation(data, start, iterations=iterations).basis
    theta = representation.subspace.target_weights(params)
    missed = jnp.sum(subspaces.remove_span(basis, theta) ** 2)

    draws = jax.random.split(keys["target"], target_draws)

    def errors(k, learn):
        x0, y0 = representation.subspace.draw_target(k, params, samples=max(target_samples))
        found = jnp.stack([learn(x0[:count], y0[:count]) for count in target_samples])
        return jnp.sum((found - theta) ** 2, axis=-1)

    def with_basis(known):
        return jnp.mean(
            jax.lax.map(lambda k: errors(k, lambda x, y: representation.subspace.transfer(x, y, known)), draws), axis=0
        )

    risk = jnp.stack(
        [with_basis(basis), errors(draws[0], representation.subspace.minimum_norm), with_basis(params.basis)], axis=-1
    )
    laws = [
        jnp.stack(
            [
                representation.subspace.theory.transfer_risk(missed, rank=rank, samples=count, noise=noise),
                representation.subspace.theory.minimum_norm_risk(
                    jnp.sum(theta**2), dim=dim, samples=count, noise=noise
                ),
                representation.subspace.theory.transfer_risk(0.0 * missed, rank=rank, samples=count, noise=noise),
            ]
        )
        for count in target_samples
    ]
    return {"risk": risk, "law": jnp.stack(laws), "missed": missed}


def run_few_shot(config, seeds):
    """One T."""
    import xarray as xr

    out = over_seeds(
        one_few_shot,
        seeds,
        config.noise,
        tasks=config.tasks[0],
        samples=config.samples,
        target_samples=config.target_samples,
        dim=config.dim,
        rank=config.rank,
        iterations=config.iterations,
        target_draws=config.target_draws,
    )
    dims = ("seed", "target", "learner")
    law = np.where(np.isfinite(out["law"]), out["law"], np.nan)  # plain least squares has no finite risk at n2 = d
    data = xr.Dataset(
        {"risk": (dims, out["risk"]), "law": (dims, law), "missed": (("seed",), out["missed"])},
        coords={"seed": seeds, "target": list(config.target_samples), "learner": list(LEARNERS)},
    )
    data["risk"].attrs["units"] = "squared l2 parameter error = excess risk for inputs N(0, I)"
    return data.expand_dims(tasks=[config.tasks[0]])


def draw_few_shot(data, config):
    """Excess risk on log-log axes."""
    from mtrl.harness import style

    canvas, axes = style.subplots(1, 1, width=6.4, height=4)
    ax = axes[0, 0]
    x = data["target"]
    curves = [("learned representation", t, f"learned, T = {int(t)}") for t in data["tasks"].values]
    curves += [("true representation", data["tasks"].values[-1], "true representation")]
    curves += [("target only", data["tasks"].values[-1], "target only")]
    for k, (learner, tasks, label) in enumerate(curves):
        part = data.sel(tasks=tasks, learner=learner)
        style.band(ax, x, part["risk"].transpose("seed", "target"), label=label, color=style.COLORS[k])
        law = part["law"].mean("seed")
        style.theory(ax, x.where(np.isfinite(law), drop=True), law.where(np.isfinite(law), drop=True),
                     color=style.COLORS[k])  # fmt: skip
        if learner == LEARNERS[0]:
            rate = representation.subspace.theory.few_shot_rate(total=float(tasks * config.samples), dim=config.dim, rank=config.rank,
                                        target_samples=x.values, noise=config.noise)  # fmt: skip
            style.theory(ax, x, np.asarray(rate), color=style.COLORS[k], linestyle=":", linewidth=1)
    ax.plot([], [], color="gray", label="law given the learned subspace")
    ax.plot([], [], color="gray", linestyle=":", label=r"rate $\sigma^2(rd/nT + r/n_2)$ of Du et al.")
    style.log_ticks(ax, x)
    ax.set_yscale("log")
    ax.set_xlabel("target samples n2")
    ax.set_ylabel("excess target risk")
    ax.set_title(f"d = {config.dim}, r = {config.rank}, n = {config.samples} samples per source task")
    canvas.legend(*ax.get_legend_handles_labels(), loc="outside right upper")
    return canvas


LEARNED, TRUE = (dict(learner=f"{words} representation") for words in ("learned", "true"))


def _over_law(data, config):
    """Risk of the learned representation over its law, at the n2 for which the law has a variance."""
    ratio = (value("risk", **LEARNED) / value("law", **LEARNED))(data, config)
    enough = np.flatnonzero(ratio["target"].values >= 16)
    if not enough.size:
        raise Absent("no n2 from 16 on")
    return ratio.isel(target=enough)


FIGURES = (
    Figure(
        name="target_samples",
        aliases=("D1",),
        title="Target risk against target samples",
        config=FewShotConfig,
        run=run_few_shot,
        draw=draw_few_shot,
        split=("tasks",),
        optional=("law",),
        claims=(
            Claim(
                text="with the true representation the risk falls as n2^-1 (log-log slope)",
                paper="Du et al. 2021, Theorem 4.1: sigma^2 r / n2",
                measure=slope(value("risk", tasks=LAST, **TRUE), "target"),
                accepts=between(-1.2, -0.95),
                kind="paper",
                unit="exponent",
                value=-1.0,
                reason="the exact law r/(n2-r-1) is steeper than -1 at small n2: -1.14 over 8 to 512 at r = 3",
            ),
            Claim(
                text="few-shot: at n2 = 16 < d the learned representation beats target-only learning (log10 of the ratio of mean risks)",
                paper="Du et al. 2021, section 1",
                measure=ratio_of_means(
                    value("risk", tasks=LAST, target=16, **LEARNED),
                    value("risk", tasks=LAST, target=16, learner="target only"),
                ),
                accepts=at_most(-0.5),
                kind="paper",
                unit="orders of magnitude of the excess risk",
                reason="the rates r/n2 + rd/nT and d/n2 are an order apart; half of one is left to their constants",
            ),
            Claim(
                text="at n2 = 512 the missed part of the subspace shows: above the true representation (log10 of the ratio of mean risks)",
                paper="Du et al. 2021, Theorem 4.1: the term r d / (n T)",
                measure=ratio_of_means(
                    value("risk", tasks=LAST, target=512, **LEARNED), value("risk", tasks=LAST, target=512, **TRUE)
                ),
                accepts=at_least(0.0),
                kind="paper",
                unit="orders of magnitude of the excess risk",
                reason="the term is positive; its constant is not known",
            ),
            Claim(
                text="risk of the learned representation over its law: distance of the mean ratio to 1 (worst T and n2 >= 16)",
                paper="exact law given the learned subspace, derived for this library",
                measure=bootstrap(lambda ratio: np.max(np.abs(ratio - 1)), Quantity(_over_law)),
                accepts=at_most(0.15),
                kind="derived",
                unit="relative",
                reason="the law is exact: the Monte Carlo error of 16 target draws a seed is what is left",
            ),
        ),
        presets={
            "smoke": dict(seeds=2, tasks=(20, 40), dim=8, samples=8, target_samples=(8, 16, 512), iterations=3),
            "paper": dict(seeds=200, tasks=(50, 100, 200, 400, 800, 1600)),
        },
    ),
)
