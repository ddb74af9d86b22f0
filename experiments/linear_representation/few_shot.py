"""D1: target risk against target samples (Du et al. 2021, Theorem 4.1).

The paper states rates only; the setting is made for this library: d=40, r=3, sigma=.5, n=20 samples per source task,
AltMin from the method of moments. The risk of a seed is a mean over `target_draws` independent target samples (the
first of them for plain least squares, which is slow and needs no such precision). Dotted: the rate of the theorem with
its constants and logarithms dropped.
"""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.harness import BaseConfig, Claim, Figure, at_least, at_most, between, field, mean_interval, over_seeds
from mtrl.numerics.checks import check_whole
from mtrl.numerics.keys import split_named
from mtrl.numerics.linalg.subspaces import remove_span
from mtrl.numerics.moments import moments
from mtrl.representation import subspace
from mtrl.representation.subspace import minimum_norm, theory, transfer


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
        subspace.check_identified(self.rank, self.dim, min(self.tasks), self.samples)
        check_whole(lower=self.rank, target_samples=min(self.target_samples), hint="fewer do not identify a head")


LEARNERS = ("learned representation", "target only", "true representation")


def one_few_shot(key, noise, *, tasks, samples, target_samples, dim, rank, iterations, target_draws):
    """Squared target error of the three learners at every n2, and their laws."""
    keys = split_named(key, "problem", "source", "target")
    params = subspace.sample(keys["problem"], tasks=tasks, dim=dim, rank=rank, noise=noise)
    x, y = subspace.draw(keys["source"], params, samples=samples)
    data = moments(x, y)
    start = subspace.method_of_moments(x, y, rank=rank)
    basis = subspace.alternating_minimisation(data, start, iterations=iterations).basis
    theta = subspace.target_weights(params)
    missed = jnp.sum(remove_span(basis, theta) ** 2)

    draws = jax.random.split(keys["target"], target_draws)

    def errors(k, learn):
        x0, y0 = subspace.draw_target(k, params, samples=max(target_samples))
        found = jnp.stack([learn(x0[:count], y0[:count]) for count in target_samples])
        return jnp.sum((found - theta) ** 2, axis=-1)

    def with_basis(known):
        return jnp.mean(jax.lax.map(lambda k: errors(k, lambda x, y: transfer(x, y, known)), draws), axis=0)

    risk = jnp.stack([with_basis(basis), errors(draws[0], minimum_norm), with_basis(params.basis)], axis=-1)
    laws = [
        jnp.stack(
            [
                theory.transfer_risk(missed, rank=rank, samples=count, noise=noise),
                theory.minimum_norm_risk(jnp.sum(theta**2), dim=dim, samples=count, noise=noise),
                theory.transfer_risk(0.0 * missed, rank=rank, samples=count, noise=noise),
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
            rate = theory.few_shot_rate(total=float(tasks * config.samples), dim=config.dim, rank=config.rank,
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


def _slope(data):
    """Slope in log-log of the risk with the true representation, per group of seeds."""
    part = data.isel(tasks=-1).sel(learner="true representation")
    x = np.log(part["target"].values.astype(float))
    risk = part["risk"].transpose("seed", "target").values
    groups = np.array_split(np.arange(risk.shape[0]), min(6, max(2, risk.shape[0] // 2)))
    return mean_interval([np.polyfit(x, np.log(risk[g].mean(0)), 1)[0] for g in groups])


def _risk_ratio(data, upper, at):
    """log10 of learned over another learner's risk, at the largest T and the n2 nearest `at`."""
    part = data["risk"].isel(tasks=-1).sel({"target": at}, method="nearest").transpose("seed", "learner")
    lower = part.sel(learner="learned representation")
    return mean_interval(np.log10(lower / part.sel(learner=upper)).values)


def _law_error(data):
    """Relative gap between mean risk and mean law of the learned representation, at the worst T, pooled over n2 > r+3."""
    rank_safe = data.sel(learner="learned representation")
    rank_safe = rank_safe.where(rank_safe["target"] >= 16, drop=True)
    gap = (rank_safe["risk"] / rank_safe["law"]).mean("target").transpose("seed", "tasks").values - 1
    return mean_interval(gap[:, int(np.argmax(np.abs(gap.mean(0))))])


FIGURES = (
    Figure(
        name="D1",
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
                measure=_slope,
                accepts=between(-1.2, -0.95),
                note="the exact law r/(n2-r-1) is steeper than -1 at small n2: -1.14 over 8 to 512 at r = 3",
            ),
            Claim(
                text="few-shot: at n2 = 16 < d the learned representation beats target-only learning (log10 ratio)",
                paper="Du et al. 2021, section 1",
                measure=functools.partial(_risk_ratio, upper="target only", at=16),
                accepts=at_most(-0.5),
            ),
            Claim(
                text="with enough target samples the missed part of the subspace shows: above the true representation",
                paper="Du et al. 2021, Theorem 4.1: the term r d / (n T)",
                measure=functools.partial(_risk_ratio, upper="true representation", at=512),
                accepts=at_least(0.0),
            ),
            Claim(
                text="risk of the learned representation over its law, minus 1 (worst T)",
                paper="exact law given the learned subspace, derived for this library",
                measure=_law_error,
                accepts=between(-0.15, 0.15),
            ),
        ),
        presets={
            "smoke": dict(seeds=2, tasks=(20, 40), dim=8, samples=8, target_samples=(8, 16, 512), iterations=3),
            "paper": dict(seeds=200, tasks=(50, 100, 200, 400, 800, 1600)),
        },
    ),
)
