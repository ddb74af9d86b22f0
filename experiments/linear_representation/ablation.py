"""C3: exact heads against gradient steps on the heads (Collins et al. 2021, Figure 3), partial participation.

The heads are the rows of an orthonormal (clients, r) matrix without rescaling: the released steps grow with the number
of clients, .4/4/60, and are stable for the averaged gradient only then (its curvature is 1/clients).
"""

import dataclasses

import numpy as np

from experiments.linear_representation.federated import federation, ratio_of_means, record_distance
from mtrl import representation
from mtrl.harness import BaseConfig, Claim, Figure, at_least, at_most, field, simulate
from mtrl.harness.judge.measures import LAST, Absent, bootstrap, value
from mtrl.harness.picture import plots


@dataclasses.dataclass(frozen=True)
class AblationConfig(BaseConfig):
    """C3: FedRep against gradient steps on the heads, partial participation."""

    seeds: int = field(10, help="number of random seeds", lower=2)
    clients: tuple[int, ...] = field((10, 100, 1000), help="clients T", lower=10)
    dim: int = field(10, help="input dimension d", lower=2)
    rank: int = field(2, help="dimension of the shared subspace r", lower=1)
    samples: int = field(5, help="samples per client n", lower=1)
    participation: float = field(0.1, help="fraction of active clients per round", lower=0.0, upper=1.0)
    rounds: int = field(200, help="communication rounds", lower=1)
    noise: float = field(1e-3, help="standard deviation of the label noise", lower=0.0, strict=True)


# Released learning rates for 10, 100, 1000 clients: basis steps and, for the descents, head steps.
RATES = {
    "GD-GD": {10: (0.12, 0.01), 100: (0.75, 0.4), 1000: (1.0, 0.25)},
    "10GD-GD": {10: (0.12, 0.01), 100: (0.75, 0.4), 1000: (1.0, 0.25)},
    "FedRep": {10: (0.4, 0.1), 100: (4.0, 0.1), 1000: (60.0, 0.1)},
}
HEAD_UPDATES = {"GD-GD": 1, "10GD-GD": 10, "FedRep": 0}


def run_ablation(config, seeds):
    """One number of clients."""
    import xarray as xr

    tasks = config.clients[0]
    nearest = min((10, 100, 1000), key=lambda known: abs(np.log(known / tasks)))
    curves = []
    for name, rates in RATES.items():
        eta, head_eta = rates[nearest]
        active = max(1, round(config.participation * tasks))
        distance, _ = simulate(
            representation.subspace.fedrep,
            seeds=seeds,
            rounds=config.rounds,
            problem=federation(
                tasks=tasks,
                dim=config.dim,
                rank=config.rank,
                samples=config.samples,
                scaled=False,
                start="thresholding",
            ),
            inputs=(config.noise,),
            hyper={"eta": eta, "head_eta": head_eta},
            static={"active": active, "head_updates": HEAD_UPDATES[name]},
            record=record_distance,
        )
        curves.append(distance)
    data = xr.Dataset(
        {"distance": (("seed", "learner", "round"), np.stack(curves, axis=1))},
        coords={"seed": seeds, "learner": list(RATES), "round": np.arange(1, config.rounds + 1)},
    )
    data["distance"].attrs["units"] = "squared sine of the largest angle"
    return data.expand_dims(clients=[tasks])


def draw_ablation(data, config):
    """Mean squared distance over seeds, one panel per number of clients."""
    canvas, axes = plots.panel(1, data.sizes["clients"], width=3.7, sharey=True)
    for ax, tasks in zip(axes[0], data["clients"].values, strict=True):
        plots.curves(ax, data["distance"].sel(clients=tasks), "round", "learner", plots.looks(tuple(RATES)))
        words = r"$\sin^2$ of the largest angle" if ax is axes[0, 0] else " "
        legend = "best" if ax is axes[0, -1] else None
        plots.finish(ax, x="communication round", y=words, title=f"{int(tasks)} clients", log="y", legend=legend)
    axes[0, 0].set_ylim(bottom=float(data["distance"].min()) / 2)
    return canvas


def _last(learner):
    """Squared distance after the last round."""
    return value("distance", learner=learner, round=LAST)


def _growth(slow, fast):
    """Growth with the clients (last panel minus first) of log10 of the ratio of the means; `Absent` with one panel."""
    if slow.size < 2:
        raise Absent("one number of clients")
    lead = np.log10(slow / fast)
    return lead[-1] - lead[0]


FIGURES = (
    Figure(
        name="exact_heads",
        aliases=("C3",),
        title="Exact heads against gradient steps on the heads",
        config=AblationConfig,
        run=run_ablation,
        draw=draw_ablation,
        split=("clients",),
        claims=(
            *(
                Claim(
                    text=f"FedRep ends below {other} at every number of clients (log10 of the ratio of mean distances, worst)",
                    paper="Collins et al. 2021, Figure 3",
                    measure=ratio_of_means(_last("FedRep"), _last(other)),
                    accepts=at_most(0.0),
                    kind="paper",
                    unit="orders of magnitude of the squared sine",
                )
                for other in ("GD-GD", "10GD-GD")
            ),
            Claim(
                text="FedRep's lead over GD-GD grows from the fewest to the most clients (log10 of the ratio of mean distances)",
                paper="Collins et al. 2021, Figure 3",
                measure=bootstrap(_growth, _last("GD-GD"), _last("FedRep")),
                accepts=at_least(0.0),
                kind="paper",
                unit="orders of magnitude of the squared sine",
            ),
        ),
        presets={"smoke": dict(seeds=2, clients=(10,), dim=5, rounds=8), "paper": dict(seeds=100)},
    ),
)
