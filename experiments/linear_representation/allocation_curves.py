"""A1: subspace error against samples per task at a fixed total: many short tasks or few long ones.

Setting made for this library (N=6000, d=40, r=3, sigma=.5), with reference means of four seeds of an independent NumPy
implementation. Methods: moments, AltMin and AltMinGD (Thekumparampil et al. 2021) from moments, factored least squares
from a random start (Tripuraneni et al. 2021).
"""

import dataclasses

import numpy as np

from mtrl import representation
from mtrl.harness import BaseConfig, Claim, Figure, at_most, between, field, jnp, over_seeds, split_named
from mtrl.harness.judge.measures import Absent, Quantity, bootstrap, mean, value, worst
from mtrl.numerics import moments
from mtrl.numerics.linalg import subspaces


@dataclasses.dataclass(frozen=True)
class AllocationConfig(BaseConfig):
    """Many tasks with few samples or few tasks with many, at one total."""

    seeds: int = field(6, help="number of random seeds", lower=2)
    seed_batch: int = field(2, help="seeds per cell", lower=0)
    samples: tuple[int, ...] = field((3, 4, 6, 10, 20, 60), help="samples per task n", lower=1)
    total: int = field(6000, help="all source samples N", lower=1)
    dim: int = field(40, help="input dimension d", lower=2)
    rank: int = field(3, help="dimension of the shared subspace r", lower=1)
    noise: float = field(0.5, help="standard deviation of the label noise", lower=0.0, strict=True)
    eta: float = field(1.0, help="AltMinGD step on the averaged gradient", lower=0.0, strict=True)
    descent: int = field(60, help="AltMinGD rounds", lower=1)
    alternations: int = field(20, help="AltMin rounds", lower=1)
    search: int = field(400, help="L-BFGS iterations of the factored search", lower=1)

    def validate(self):
        """The rank must be identifiable."""
        representation.subspace.check_identified(
            self.rank, self.dim, self.total // max(self.samples), min(self.samples)
        )


METHODS = ("MoM", "AltMin", "AltMinGD", "FO")
# Reference means of four seeds at n = 4, 5, 6, 10, 20, 60, 200.
REFERENCE_X = (4, 5, 6, 10, 20, 60, 200)
REFERENCE = {
    "MoM": (0.52, 0.54, 0.53, 0.52, 0.52, 0.52, 0.52),
    "AltMin": (0.42, 0.19, 0.14, 0.103, 0.092, 0.086, 0.088),
    "AltMinGD": (0.30, 0.19, 0.14, 0.103, 0.092, 0.086, 0.088),
    "FO": (0.99, 0.91, 0.65, 0.101, 0.092, 0.086, 0.088),
}


def one_allocation(key, noise, eta, *, tasks, samples, dim, rank, descent, alternations, search):
    """Sine of the largest angle of four methods and the first-order law."""
    keys = split_named(key, "problem", "source", "start")
    params = representation.subspace.sample(keys["problem"], tasks=tasks, dim=dim, rank=rank, noise=noise)
    x, y = representation.subspace.draw(keys["source"], params, samples=samples)
    data = moments.moments(x, y)
    start = representation.subspace.method_of_moments(x, y, rank=rank)
    total = float(tasks * samples)
    descended, info = representation.subspace.descend(
        representation.subspace.altmin_gd(eta=eta), representation.subspace.Clients(data, start), rounds=descent
    )
    # With the true heads: at n = r the fitted ones interpolate and are arbitrarily large.
    limit = representation.subspace.stability_limit(data, params.heads, total)
    bases = (
        start,
        representation.subspace.alternating_minimisation(data, start, iterations=alternations).basis,
        descended.basis,
        representation.subspace.factored_least_squares(keys["start"], x, y, rank=rank, iterations=search).basis,
    )
    gamma = representation.subspace.diversity(params.heads)
    law = jnp.nan
    if samples > rank:
        law = representation.subspace.theory.least_squares_sine(
            gamma, samples=float(samples), total=total, dim=float(dim), noise=noise
        )
    return {
        "sine": jnp.stack([subspaces.sin_theta(params.basis, basis) for basis in bases]),
        "law": jnp.asarray(law),
        "unstable": representation.subspace.unstable(info.objective, eta, limit),
        "limit": limit,
    }


def run_allocation(config, seeds):
    """One n."""
    import xarray as xr

    out = over_seeds(
        one_allocation,
        seeds,
        config.noise,
        config.eta,
        tasks=config.total // config.samples[0],
        samples=config.samples[0],
        dim=config.dim,
        rank=config.rank,
        descent=config.descent,
        alternations=config.alternations,
        search=config.search,
        in_turn=True,
    )
    representation.subspace.check_stable(out["unstable"].any(), config.eta, out["limit"].min())
    data = xr.Dataset(
        {"sine": (("seed", "method"), out["sine"]), "law": (("seed",), out["law"])},
        coords={"seed": seeds, "method": list(METHODS)},
    )
    data["sine"].attrs["units"] = "1"
    return data.expand_dims(samples=[config.samples[0]])


def draw_allocation(data, config):
    """Sine against n."""
    from mtrl.harness import style

    canvas, axes = style.subplots(1, 1, width=6, height=3.8)
    ax = axes[0, 0]
    x = data["samples"]
    for k, name in enumerate(METHODS):
        values = data["sine"].sel({"method": name}).transpose("seed", "samples")
        style.band(ax, x * (1 + 0.03 * (k - 1.5)), values, label=name, color=style.COLORS[k], marker=style.MARKERS[k])
        style.paper(ax, np.array(REFERENCE_X) * (1 + 0.03 * (k - 1.5)), REFERENCE[name], label="")
    style.paper(ax, [], [], label="reference means, four seeds")
    style.theory(ax, x, data["law"].mean("seed"), color="black", label="first-order law")
    ax.axvline(config.rank, color="gray", linestyle=":", label="n = r")
    style.log_ticks(ax, sorted({*x.values, *REFERENCE_X}))
    ax.set_yscale("log")
    ax.set_xlabel(f"samples per task n, N = {config.total} in all")
    ax.set_ylabel("sin of largest angle")
    canvas.legend(*ax.get_legend_handles_labels(), loc="outside right upper")
    return canvas


def _reference_gap(name):
    """Largest |mean / reference - 1| over the n that were run."""

    def known(data, config):
        labels = [n for n in data["samples"].values if n in REFERENCE_X]
        if not labels:
            raise Absent("no n of the reference")
        return value("sine", method=name, samples=labels)(data, config)

    def target(data, config):
        return known(data, config)["samples"].copy(
            data=[REFERENCE[name][REFERENCE_X.index(n)] for n in known(data, config)["samples"].values]
        )

    relative = Quantity(lambda data, config: known(data, config) / target(data, config))
    return bootstrap(lambda ratio: np.max(np.abs(ratio - 1)), relative)


def _long(data, config):
    """Sines from n = 10 on."""
    part = value("sine")(data, config)
    long = np.flatnonzero(part["samples"].values >= 10)
    if not long.size:
        raise Absent("no n from 10 on")
    return part.isel(samples=long)


def _rank(config):
    return config.rank


FIGURES = (
    Figure(
        name="allocation",
        aliases=("A1",),
        title="Few samples of many tasks or many of few",
        config=AllocationConfig,
        run=run_allocation,
        draw=draw_allocation,
        split=("samples",),
        optional=("law",),
        claims=(
            *(
                Claim(
                    text=f"{name}: largest relative distance to the reference means over n",
                    paper="reference means of four seeds of an independent NumPy implementation of the four methods",
                    measure=_reference_gap(name),
                    accepts=at_most(0.25),
                    kind="reference",
                    unit="relative",
                    reason="four seeds against ours, two digits given",
                    note=note,
                )
                for name, note in (
                    ("MoM", ""),
                    ("AltMin", ""),
                    ("AltMinGD", ""),
                    (
                        "FO",
                        "at n = 6 the search has not converged after 400 iterations, and how far it has come depends on "
                        "its start and line search: SciPy's L-BFGS-B on the same objective is between .92 and 1 there, "
                        "and most runs of either reach .13 to .16 after 1500",
                    ),
                )
            ),
            *(
                Claim(
                    text=f"from n = 10 on {name} and AltMin find the same subspace (largest mean difference in sine)",
                    paper=paper,
                    measure=worst(abs(Quantity(_long).at(method=name) - Quantity(_long).at(method="AltMin"))),
                    accepts=at_most(0.01),
                    kind=kind,
                    unit="sine of the largest angle",
                    reason="a tenth of the sine there, .1",
                    stand_in=kind == "paper",
                    note=note,
                )
                for name, kind, paper, note in (
                    ("AltMinGD", "paper", "Thekumparampil et al. 2021: AltMin and AltMinGD reach one minimiser", ""),
                    (
                        "FO",
                        "reference",
                        "reference means of an independent NumPy implementation: within .002 of AltMin from n = 10 on",
                        "a seed whose search has not ended after 400 iterations at n = 10 decides the mean",
                    ),
                )
            ),
            Claim(
                text="at n = r alternating minimisation stays where the moments put it (difference in sine)",
                paper="heads interpolate at n = r: no residual is left to move the basis",
                measure=mean(
                    value("sine", samples=_rank, method="AltMin") - value("sine", samples=_rank, method="MoM")
                ),
                accepts=between(-1e-6, 1e-6),
                kind="sanity",
                unit="sine of the largest angle",
                reason="rounding",
            ),
        ),
        presets={
            "smoke": dict(seeds=2, samples=(10,), total=300, dim=8, rank=2, descent=5, alternations=3, search=20),
            "paper": dict(seeds=30, samples=(3, 4, 5, 6, 10, 20, 60, 200)),
        },
    ),
)
