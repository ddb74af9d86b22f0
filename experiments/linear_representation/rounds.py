"""Distance to the shared subspace against rounds of FedRep (Collins et al. 2021, Figure 2), with the contraction of the theorem."""

import numpy as np

from experiments.linear_representation import federated
from experiments.linear_representation.federated import DISTANCE, SMALL, clients, federation, record_descent
from experiments.linear_representation.protocol import LOOK, subspace
from mtrl.harness import Claim, Figure, at_least, at_most, dataset, jnp, over_seeds, simulate, split_named
from mtrl.harness.judge.measures import LAST, Quantity, best, bootstrap, value, worst
from mtrl.harness.picture import plots
from mtrl.numerics.linalg import subspaces


def one_rate(key, noise, eta, *, rounds, **options):
    """Squared contraction bound of Theorem 1 and stability limit of eta for the same draw of the problem."""
    keys = split_named(key, "problem")  # the stream from which `simulate` draws the problem
    params, drawn = clients(keys["problem"], noise, **options)
    smallest = jnp.linalg.svd(params.heads / jnp.sqrt(params.heads.shape[0]), compute_uv=False)[-1]
    start = subspaces.sin_theta(params.basis, drawn.start)
    count = jnp.arange(1.0, rounds + 1)
    factor = subspace.theory.fedrep_contraction(count, step=eta, smallest=smallest, start_sine=start)
    return (start * factor) ** 2, subspace.stability_limit(drawn.data, params.heads, float(params.heads.shape[0]))


def run(config, seeds):
    """Squared distance against rounds, with the contraction of the theorem at its largest constant 1."""
    sizes = config.sizes()
    options = dict({name: sizes[name] for name in ("tasks", "dim", "rank", "samples")}, scaled=True, start="random")
    common = dict(seeds=seeds, rounds=config.rounds, problem=federation(**options), inputs=(config.noise,))
    # The Gram matrices of all seeds at once fall out of the cache.
    how = dict(hyper={"eta": config.eta}, record=record_descent, lanes="auto")
    (fedrep, objectives), _ = simulate(subspace.fedrep, **how, **common)
    shared, _ = simulate(subspace.fedsgd, hyper={"eta": config.eta_shared}, record=federated.record_distance, **common)
    rates, limits = over_seeds(one_rate, seeds, config.noise, config.eta, rounds=config.rounds, **options)
    jumped = [
        bool(subspace.unstable(jnp.asarray(v), config.eta, limit)) for v, limit in zip(objectives, limits, strict=True)
    ]
    subspace.check_stable(any(jumped), config.eta, limits.min())
    return dataset(
        seeds,
        {"learner": ("FedRep", "FedSGD"), "round": np.arange(1, config.rounds + 1)},
        distance=(("seed", "learner", "round"), np.stack([fedrep, shared], axis=1), *DISTANCE),
        rate=(("seed", "round"), rates, *DISTANCE),
    )


def draw(data, config):
    """Mean squared distance over seeds on a log scale."""
    canvas, axes = plots.panel(1, data.sizes["samples"], width=4.2)
    for ax, n in zip(axes[0], data["samples"].values, strict=True):
        part = data.sel(samples=n)
        plots.curves(ax, part["distance"], "round", "learner", LOOK)
        rate = part["rate"].mean("seed") if "seed" in part["rate"].dims else part["rate"]
        factor = float(rate[-1] / rate[0]) ** (1 / (rate.size - 1))
        words = f"contraction of Theorem 1, c = 1:\na factor {factor:.4f} a round"
        plots.theory(ax, rate, "round", look=plots.Look(words, "0.3", line="--"))
        low, first = float(part["distance"].min()) / 5, ax is axes[0, 0]
        words = dict(y=DISTANCE[1] if first else " ", title=f"n = {int(n)} samples per client")
        plots.finish(
            ax, x="communication round", **words, log="y", ylim=(low, 2), legend="lower left" if first else None
        )
    return canvas


def _fits(data, config):
    """Per seed and n, until the squared distance is within tenfold of its last value: the slope of its log10 against the round, and
    log10 of the squared residual of that line over the one of a line against the logarithm of the round (a power law)."""
    import xarray as xr

    def one(distance):
        if not np.isfinite(distance).all() or len(distance) < 3:
            return np.array([np.nan, np.nan])
        stop = int(np.argmax(distance <= 10 * distance[-1]))
        stop = stop if stop > 10 else len(distance)  # it never fell tenfold
        at, y = np.arange(1.0, stop + 1), np.log10(distance[:stop])
        slope, geometric = np.polyfit(at, y, 1, full=True)[:2]
        power = np.polyfit(np.log(at), y, 1, full=True)[1]
        return np.array([slope[0], np.log10(geometric[0] / power[0])])

    part = value("distance", learner="FedRep")(data, config)
    return xr.apply_ufunc(one, part, input_core_dims=[["round"]], output_core_dims=[["fit"]], vectorize=True)


def _theorem_rate(bound):
    """Fall of log10 of the bound of Theorem 1 per round."""
    bound = np.log10(bound)
    return (bound.isel(round=0) - bound.isel(round=-1)) / (bound.sizes["round"] - 1)


FIT = Quantity(_fits)

FIGURE = Figure(
    __name__, name="subspace_by_rounds", aliases=("C2",), headline=True, config=federated.FederatedConfig, split={"samples": "samples"},
    title="Distance to the subspace against rounds",
    question="Does FedRep reach the shared subspace geometrically in the rounds, and as fast as its theorem says?",
    claims=(
        Claim("FedRep's squared distance falls geometrically: a straight line in log distance fits better than a power law, until "
              "the floor (log10 of the ratio of squared residuals, worst n)",
              "Collins et al. 2021, Figure 2 and Theorem 1: a constant factor per round",
              worst(FIT.then(lambda fit: fit.isel(fit=1))), at_most(0.0, "the same number of parameters on both sides"),
              unit="orders of magnitude of the squared residual",
              note="at n = 5 one of ten seeds has not reached its floor after 500 rounds, all of which are fitted"),
        Claim("FedRep's fitted rate is at least the contraction of Theorem 1 with constant 1 (ratio of means, least n)",
              "Collins et al. 2021, Theorem 1", bootstrap(lambda ours, bound: np.min(ours / bound),
              FIT.then(lambda fit: -fit.isel(fit=0)), value("rate").then(_theorem_rate)),
              at_least(1.0, "an upper bound on the distance; 1 is the largest value its constant may have"),
              unit="fitted rate over the theorem's"),
        Claim("FedSGD's squared distance stays near 1 (least panel)", "Collins et al. 2021, Figure 2",
              best(value("distance", learner="FedSGD", round=LAST)),
              at_least(0.5, "the figure spans six orders of magnitude, and .5 is a third of one"),
              unit="squared sine of the largest angle"),
    ),
    presets={"smoke": {**SMALL, "samples": (20,)}, "paper": dict(seeds=100)},
)  # fmt: skip
