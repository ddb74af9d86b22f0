"""C3: exact heads against gradient steps on the heads (Collins et al. 2021, Figure 3), partial participation.

The heads are the rows of an orthonormal (clients, r) matrix without rescaling: the released steps grow with the number
of clients, .4/4/60, and are stable for the averaged gradient only then (its curvature is 1/clients).
"""

import numpy as np

from experiments.linear_representation.federated import DISTANCE, federation, record_distance
from experiments.linear_representation.protocol import LOOK, ratio_of_means, subspace
from mtrl.harness import BaseConfig, Claim, Figure, at_least, at_most, dataset, field, simulate
from mtrl.harness.judge.measures import LAST, Absent, bootstrap, value
from mtrl.harness.picture import plots

# Released learning rates for 10, 100, 1000 clients: basis steps and, for the descents, head steps.
DESCENT = {10: (0.12, 0.01), 100: (0.75, 0.4), 1000: (1.0, 0.25)}
RATES = {"GD-GD": DESCENT, "10GD-GD": DESCENT, "FedRep": {10: (0.4, 0.1), 100: (4.0, 0.1), 1000: (60.0, 0.1)}}
HEAD_UPDATES = {"GD-GD": 1, "10GD-GD": 10, "FedRep": 0}


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


def run(config, seeds):
    """One number of clients."""
    tasks = config.clients[0]
    nearest = min(DESCENT, key=lambda known: abs(np.log(known / tasks)))
    sizes = dict(tasks=tasks, dim=config.dim, rank=config.rank, samples=config.samples)
    problem = federation(**sizes, scaled=False, start="thresholding")
    common = dict(seeds=seeds, rounds=config.rounds, problem=problem, inputs=(config.noise,), record=record_distance)
    curves = [
        simulate(
            subspace.fedrep,
            hyper=dict(zip(("eta", "head_eta"), rates[nearest], strict=True)),
            static={"active": max(1, round(config.participation * tasks)), "head_updates": HEAD_UPDATES[name]},
            **common,
        )[0]
        for name, rates in RATES.items()
    ]
    coords = {"learner": list(RATES), "round": np.arange(1, config.rounds + 1)}
    return dataset(seeds, coords, distance=(("seed", "learner", "round"), np.stack(curves, axis=1), *DISTANCE))


def draw(data, config):
    """Mean squared distance over seeds, one panel per number of clients."""
    canvas, axes = plots.panel(1, data.sizes["clients"], width=3.7, sharey=True)
    for ax, tasks in zip(axes[0], data["clients"].values, strict=True):
        plots.curves(ax, data["distance"].sel(clients=tasks), "round", "learner", LOOK)
        words = DISTANCE[1] if ax is axes[0, 0] else " "
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


LOWER = tuple(
    Claim(f"FedRep ends below {other} at every number of clients (log10 of the ratio of mean distances, worst)",
          "Collins et al. 2021, Figure 3", ratio_of_means(_last("FedRep"), _last(other)), at_most(0.0),
          unit="orders of magnitude of the squared sine")
    for other in ("GD-GD", "10GD-GD")
)  # fmt: skip
GROWS = Claim("FedRep's lead over GD-GD grows from the fewest to the most clients (log10 of the ratio of mean distances)",
              "Collins et al. 2021, Figure 3", bootstrap(_growth, _last("GD-GD"), _last("FedRep")), at_least(0.0),
              unit="orders of magnitude of the squared sine")  # fmt: skip

FIGURE = Figure(
    __name__, name="exact_heads", aliases=("C3",), split={"clients": "clients"},
    title="Exact heads against gradient steps on the heads",
    question="Does it pay to solve for the clients' heads exactly rather than take gradient steps on them?",
    claims=(*LOWER, GROWS),
    presets={"smoke": dict(seeds=2, clients=(10,), dim=5, rounds=8), "paper": dict(seeds=100)},
)  # fmt: skip
