"""C1, C2: FedRep on linear clients (Collins, Hassani, Mokhtari, Shakkottai 2021, Figures 1 and 2).

Inputs N(0, I/n), label noise of standard deviation .001, heads of unit norm.
"""

import dataclasses
import functools

import jax.numpy as jnp
import numpy as np

from mtrl.harness import (
    BaseConfig,
    Claim,
    Figure,
    Interval,
    Problem,
    at_least,
    at_most,
    field,
    mean_interval,
    over_seeds,
    simulate,
)
from mtrl.numerics.keys import split_named
from mtrl.numerics.linalg.subspaces import orthonormalise, sin_theta
from mtrl.numerics.moments import moments
from mtrl.representation import subspace
from mtrl.representation.subspace import theory


def clients(key, noise, *, tasks, dim, rank, samples, scaled, start):
    """A draw of the problem and of the clients' data, (SubspaceParams, Clients); heads of unit norm if `scaled`."""
    keys = split_named(key, "problem", "source", "start")
    params = subspace.sample_unit_rows(keys["problem"], tasks=tasks, dim=dim, rank=rank, noise=noise)
    if not scaled:
        params = params._replace(heads=orthonormalise(params.heads)[0])
    x, y = subspace.draw(keys["source"], params, samples=samples, scale=samples**-0.5)
    data = moments(x, y)
    if start == "thresholding":
        basis = subspace.iterative_hard_thresholding(data, rank=rank, step=0.1, iterations=10)
    else:
        basis = subspace.random_basis(keys["start"], dim, rank, x.dtype)
    return params, subspace.Clients(data, basis)


def clients_of(drawn):
    """What the server and its clients know of the problem."""
    return drawn[1]


def same_clients(key, drawn, t):
    """Every round meets the same clients."""
    return drawn[1]


def federation(**options):
    """The problem of a number of clients: `clients` with these options."""
    return Problem(functools.partial(clients, **options), same_clients, view=clients_of)


def record_distance(step):
    """Squared distance after the round."""
    return sin_theta(step.params[0].basis, step.state.basis) ** 2


def record_descent(step):
    """Squared distance after the round, and the objective before its step on the basis."""
    return record_distance(step), step.info.objective


def final_errors(key, noise, steps, *, tasks, dim, rank, samples, rounds):
    """Population error of every client after training: Local, FedSGD, FedRep, and of a new client (C4)."""
    keys = split_named(key, "clients", "rounds", "target")
    params, drawn = clients(
        keys["clients"], noise, tasks=tasks, dim=dim, rank=rank, samples=samples, scaled=True, start="random"
    )
    truth = params.heads @ params.basis.T
    federated, _ = subspace.descend(subspace.fedrep(eta=steps[0]), drawn, rounds=rounds)
    shared, _ = subspace.descend(subspace.fedsgd(eta=steps[1]), drawn, rounds=rounds)
    heads, _ = subspace.fit_heads(drawn.data, federated.basis)
    alone, _ = subspace.fit_heads(drawn.data, jnp.eye(dim, dtype=truth.dtype))
    together = jnp.broadcast_to(subspace.global_weights(shared), truth.shape)
    errors = jnp.stack(
        [jnp.mean(jnp.sum((w - truth) ** 2, axis=1)) for w in (alone, together, heads @ federated.basis.T)]
    )
    return params, federated.basis, keys["target"], errors + params.noise**2


def one_bars(key, noise, steps, **sizes):
    """C1: mean test error of the clients."""
    return final_errors(key, noise, steps, **sizes)[3]


@dataclasses.dataclass(frozen=True)
class FederatedConfig(BaseConfig):
    """FedRep, FedSGD and local training."""

    seeds: int = field(10, help="number of random seeds", lower=2)
    samples: tuple[int, ...] = field((5, 10, 20), help="samples per client n", lower=1)
    clients: int = field(100, help="clients T", lower=1)
    dim: int = field(20, help="input dimension d", lower=2)
    rank: int = field(2, help="dimension of the shared subspace r", lower=1)
    noise: float = field(1e-3, help="standard deviation of the label noise", lower=0.0, strict=True)
    rounds: int = field(500, help="communication rounds", lower=1)
    eta: float = field(0.1, help="FedRep step on the averaged gradient", lower=0.0, strict=True)
    eta_shared: float = field(0.005, help="FedSGD step", lower=0.0, strict=True)

    def validate(self):
        """The rank must be identifiable."""
        subspace.check_identified(self.rank, self.dim, self.clients, min(self.samples))

    def sizes(self):
        """Static sizes of a run."""
        return dict(tasks=self.clients, dim=self.dim, rank=self.rank, samples=self.samples[0], rounds=self.rounds)


LEARNERS = ("Local", "FedSGD", "FedRep")


def run_bars(config, seeds):
    """One n."""
    import xarray as xr

    errors = over_seeds(one_bars, seeds, config.noise, np.array([config.eta, config.eta_shared]), **config.sizes())
    data = xr.Dataset(
        {"error": (("seed", "learner"), errors)}, coords={"seed": seeds, "learner": list(LEARNERS)}
    ).expand_dims(samples=[config.samples[0]])
    data["error"].attrs["units"] = "mean squared prediction error for inputs N(0, I)"
    return data


def draw_bars(data, config):
    """Grouped bars."""
    from mtrl.harness import style

    canvas, axes = style.subplots(1, 1, width=6)
    ax = axes[0, 0]
    for k, learner in enumerate(LEARNERS):
        values = data["error"].sel(learner=learner).transpose("seed", "samples").values
        place = np.arange(values.shape[1]) + 0.26 * (k - 1)
        middle, whiskers = median_and_whiskers(values)
        ax.bar(place, middle, 0.24, yerr=whiskers, label=learner, color=style.COLORS[k], capsize=2)
    ax.axhline(config.noise**2, color="black", linestyle=":", label="label noise")
    ax.set_xticks(range(data.sizes["samples"]), [f"n = {n}" for n in data["samples"].values])
    ax.set_yscale("log")
    ax.set_ylabel("average client test MSE\n(median over seeds, 10% to 90%)")
    ax.set_title(f"{config.clients} clients, d = {config.dim}, r = {config.rank}, {config.rounds} rounds")
    canvas.legend(*ax.get_legend_handles_labels(), loc="outside right upper")
    return canvas


def median_and_whiskers(values):
    """Median over seeds and distances to the 10% and 90% quantiles: errors spread over orders of magnitude."""
    low, middle, high = np.quantile(values, [0.1, 0.5, 0.9], axis=0)
    return middle, np.stack([middle - low, high - middle])


def run_rounds(config, seeds):
    """C2: squared distance against rounds, with the contraction of the theorem at its largest constant 1."""
    import xarray as xr

    options = dict(tasks=config.clients, dim=config.dim, rank=config.rank, samples=config.samples[0])
    common = dict(
        seeds=seeds,
        rounds=config.rounds,
        problem=federation(scaled=True, start="random", **options),
        inputs=(config.noise,),
    )
    (federated, objectives), _ = simulate(subspace.fedrep, hyper={"eta": config.eta}, record=record_descent, **common)
    shared, _ = simulate(subspace.fedsgd, hyper={"eta": config.eta_shared}, record=record_distance, **common)
    rates, limits = over_seeds(one_rate, seeds, config.noise, config.eta, rounds=config.rounds, **options)
    jumped = [
        bool(subspace.unstable(jnp.asarray(v), config.eta, limit)) for v, limit in zip(objectives, limits, strict=True)
    ]
    subspace.check_stable(any(jumped), config.eta, limits.min())
    names = ("FedRep", "FedSGD")
    data = xr.Dataset(
        {
            "distance": (("seed", "learner", "round"), np.stack([federated, shared], axis=1)),
            "rate": (("seed", "round"), rates),
        },
        coords={"seed": seeds, "learner": list(names), "round": np.arange(1, config.rounds + 1)},
    )
    data["distance"].attrs["units"] = "squared sine of the largest angle"
    return data.expand_dims(samples=[config.samples[0]])


def one_rate(key, noise, eta, *, rounds, **options):
    """Squared contraction bound of Theorem 1 and stability limit of eta for the same draw of the problem."""
    keys = split_named(key, "problem")  # the stream from which `simulate` draws the problem
    params, drawn = clients(keys["problem"], noise, scaled=True, start="random", **options)
    smallest = jnp.linalg.svd(params.heads / jnp.sqrt(params.heads.shape[0]), compute_uv=False)[-1]
    start = sin_theta(params.basis, drawn.start)
    count = jnp.arange(1.0, rounds + 1)
    bound = (start * theory.fedrep_contraction(count, step=eta, smallest=smallest, start_sine=start)) ** 2
    return bound, subspace.stability_limit(drawn.data, params.heads, float(params.heads.shape[0]))


def draw_rounds(data, config):
    """Squared distance on a log scale."""
    from mtrl.harness import style

    canvas, axes = style.subplots(1, data.sizes["samples"], width=4.2)
    for ax, n in zip(axes[0], data["samples"].values, strict=True):
        part = data.sel(samples=n)
        for k, learner in enumerate(("FedRep", "FedSGD")):
            values = part["distance"].sel(learner=learner).transpose("seed", "round").values
            ax.plot(part["round"], np.exp(np.log(values).mean(0)), color=style.COLORS[k], label=learner)
            ax.fill_between(part["round"], *np.quantile(values, [0.1, 0.9], axis=0), color=style.COLORS[k], alpha=0.2)
        style.theory(
            ax, part["round"], part["rate"].mean("seed"), label="contraction of Theorem 1, c = 1", color="gray"
        )
        ax.set_yscale("log")
        ax.set_ylim(bottom=float(part["distance"].min()) / 5, top=2)
        ax.set_xlabel("communication round")
        ax.set_title(f"n = {int(n)} samples per client")
    axes[0, 0].set_ylabel(r"$\sin^2$ of the largest angle")
    axes[0, 0].legend(loc="lower left")
    return canvas


def log_ratio(data, lower, upper, at=None):
    """log10 of the ratio of errors per seed, at the least favourable n."""
    part = data["error"] if at is None else data["error"].sel(target=at)
    ratio = np.log10(part.sel(learner=lower) / part.sel(learner=upper)).transpose("seed", ...)
    flat = ratio.values.reshape(ratio.sizes["seed"], -1)
    return mean_interval(flat[:, int(np.argmax(flat.mean(0)))])


def _last_distance(data, learner, reduce):
    """Mean squared distance after the last round, at the worst (max) or best (min) panel."""
    panel = "samples" if "samples" in data.dims else "clients"
    last = data["distance"].sel(learner=learner).isel(round=-1).transpose("seed", panel).values
    at = int(np.argmax(last.mean(0)) if reduce == "max" else np.argmin(last.mean(0)))
    return mean_interval(last[:, at])


def _orders_fallen(data, samples):
    """Orders of magnitude the squared distance fell, per seed, at one n."""
    if samples not in data["samples"].values:
        return Interval(np.nan, np.nan, np.nan)
    values = data["distance"].sel(learner="FedRep", samples=samples).transpose("seed", "round").values
    return mean_interval(np.log10(values[:, 0] / values[:, -1]))


SMALL = dict(seeds=2, clients=10, dim=6, rounds=10)

FIGURES = (
    Figure(
        name="C1",
        title="Test error of federated clients",
        config=FederatedConfig,
        run=run_bars,
        draw=draw_bars,
        split=("samples",),
        claims=(
            Claim(
                text="FedRep has lower test error than local training at every n (log10 ratio at the worst n)",
                paper="Collins et al. 2021, Figure 1",
                measure=functools.partial(log_ratio, lower="FedRep", upper="Local"),
                accepts=at_most(0.0),
            ),
            Claim(
                text="FedRep has lower test error than FedSGD at every n (log10 ratio at the worst n)",
                paper="Collins et al. 2021, Figure 1",
                measure=functools.partial(log_ratio, lower="FedRep", upper="FedSGD"),
                accepts=at_most(0.0),
            ),
        ),
        presets={"smoke": {**SMALL, "samples": (5, 10)}, "paper": dict(seeds=100)},
    ),
    Figure(
        name="C2",
        headline=True,
        title="Distance to the subspace against rounds",
        config=FederatedConfig,
        run=run_rounds,
        draw=draw_rounds,
        split=("samples",),
        claims=(
            Claim(
                text="FedRep's squared distance falls geometrically: orders of magnitude fallen at n = 20",
                paper="Collins et al. 2021, Figure 2 and Theorem 1",
                measure=functools.partial(_orders_fallen, samples=20),
                accepts=at_least(3.0),
            ),
            Claim(
                text="FedSGD's squared distance stays near 1 (least panel)",
                paper="Collins et al. 2021, Figure 2",
                measure=functools.partial(_last_distance, learner="FedSGD", reduce="min"),
                accepts=at_least(0.5),
            ),
        ),
        presets={"smoke": {**SMALL, "samples": (20,)}, "paper": dict(seeds=100)},
    ),
)
