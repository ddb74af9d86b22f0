"""What the theorems say on the simulations' axes: regret bounds against episodes, and the gain of sharing against M."""

import numpy as np

from mtrl import mdp
from mtrl.harness import Axis, BaseConfig, Claim, Figure, between, dataset, evaluate, exact, field
from mtrl.harness.picture import plots


class RatesConfig(BaseConfig):
    """Closed forms only; seeds are not used."""

    stages: int = field(4, help="stages H", lower=1)
    rank: int = field(3, help="dimension of the representation k", lower=1)
    dims: tuple[int, ...] = field(
        (3, 10, 40), help="feature dimensions d of LSVI-UCB (k, inputs, one-hot S A)", lower=1
    )
    candidates: int = field(20, help="candidate representations |Phi|", lower=1)
    most_tasks: int = field(10000, help="largest M", lower=1)
    bellman_error: float = field(0.01, help="inherent Bellman error I of the misspecified curve", lower=0.0)


def curves(episodes, tasks, dims, stages, rank, log_covering, bellman_error):
    """All curves of the figure."""
    single = mdp.theory.lsvi_ucb_regret(dims[:, None], stages, episodes)
    sizes = dict(stages=stages, rank=rank, log_covering=log_covering, eluder=rank)
    shared = mdp.theory.gfucb_regret(tasks, 1000.0, **sizes) / tasks
    alone = mdp.theory.independent_regret(tasks, 1000.0, **sizes) / tasks
    wrong = mdp.theory.gfucb_regret(tasks, 1000.0, bellman_error=bellman_error, **sizes) / tasks
    gain = mdp.theory.gain(tasks, rank=rank, log_covering=log_covering)
    first = mdp.theory.first_informative_episode(dims, stages)
    return single, mdp.theory.trivial_regret(stages, episodes), shared, alone, wrong, gain, first


def run(config, seeds):
    """One cell."""
    episodes = np.logspace(0, 7, 57)
    tasks = np.logspace(0, np.log10(config.most_tasks), 41) if config.most_tasks > 1 else np.ones(1)
    names = ("lsvi_ucb", "trivial", "shared", "alone", "misspecified", "gain", "informative")
    dims = (("dim", "episode"), ("episode",), ("team",), ("team",), ("team",), ("team",), ("dim",))
    values = evaluate(
        curves, episodes, tasks, np.asarray(config.dims, float), float(config.stages), float(config.rank),
        np.log(config.candidates), config.bellman_error,
    )  # fmt: skip
    return dataset(
        None,
        {
            "episode": Axis(episodes, words="episodes K"),
            "team": Axis(tasks, words="tasks M"),
            "dim": config.dims,
        },
        **{name: pair for name, *pair in zip(names, dims, values, strict=True)},
    ).assign_attrs(limit=1 + float(np.sqrt(np.log(config.candidates) / config.rank)))


def draw(data, config):
    """Bounds and gain."""
    figure, axes = plots.panel(1, 3, width=4.2, height=3.3)
    bounds, regrets, gains = axes[0]
    plots.theory(
        bounds, data["lsvi_ucb"], "episode", "dim", plots.looks({d: f"LSVI-UCB, d = {d}" for d in config.dims})
    )
    plots.theory(
        bounds, data["trivial"], "episode", look=plots.Look("H per episode (says nothing)", "black", line="--")
    )
    plots.finish(bounds, y="regret, ~O [return]", log="xy")
    words = {"shared": "shared", "alone": "per task", "misspecified": f"shared, I = {config.bellman_error:g}"}
    for name, look in plots.looks(words).items():
        plots.theory(regrets, data[name], "team", look=look)
    plots.finish(regrets, y="regret per task, T = 1000, ~O [return]", log="x")
    plots.theory(gains, data["gain"], "team", look=plots.looks({"gain": "per task / shared"})["gain"])
    plots.level(gains, data.attrs["limit"], "limit", color="black", linestyle="--")
    plots.finish(gains, y="gain of sharing", log="x")
    return figure


FIGURE = Figure(
    __name__,
    title="Regret bounds of linear MDPs against episodes and tasks",
    question="How do the regret bounds scale with episodes and tasks, and from when on do they say anything?",
    claims=(
        Claim.sanity("episodes before LSVI-UCB's bound falls below H per episode, over d^3 H^2, at the smallest d",
              "sqrt(d^3 H^4 K) (Jin et al. 2020)",
              lambda data: exact(data["episode"][int(np.argmax((data["lsvi_ucb"].isel(dim=0) < data["trivial"]).values))]
                                 / data["informative"].isel(dim=0)),
              between(1.0, 1.34, "one step of the grid, 8 points per decade: 10^(1/8) = 1.334"), unit="1",
              note="hundreds of episodes already at k = 3, H = 4"),
        Claim.sanity("gain of sharing at the largest M over its limit", "1 + sqrt(log N / k) as M grows",
              lambda data: exact(data["gain"].isel(team=-1) / data.attrs["limit"]),
              between(0.95, 1.0, "from below; the rest is sqrt(log N / k / M), 1 % at M = 10000"), unit="1"),
    ),
    presets={"smoke": dict(seeds=1), "paper": dict()},
)  # fmt: skip
