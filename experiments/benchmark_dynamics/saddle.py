"""The saddle point of one task along its loads: the paper's damped iteration in NumPy, compiled, and Newton steps."""

from typing import Any

import numpy as np

from experiments.benchmark_dynamics import literal_saddle, peers, programs
from experiments.benchmark_dynamics.protocol import LOOP, OURS, calling, faster
from mtrl import continual
from mtrl.harness import Axis, BaseConfig, Claim, Figure, at_least, at_most, dataset, field, jnp, timing
from mtrl.harness.judge import limits
from mtrl.harness.judge.measures import exact, times_faster, value
from mtrl.harness.picture import plots

WAYS = {
    "literal": LOOP._replace(words="NumPy,\ndamped"),
    "scipy": plots.Look("SciPy's\nroot finder", "#CC79A7"),
    "damped": plots.Look("compiled,\ndamped", "#E69F00"),
    "newton": plots.Look("Newton,\nsame grid", "#009E73"),
    "ours": OURS._replace(words="Newton,\nown nodes"),
}
# Loads where the cut-off of the energy's inner integral at 7.5 costs less than three digits.
SMALL = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]


class Config(BaseConfig):
    """The branch from little data, beta = 20, below the jump; every load starts where the one before ended."""

    seeds: int = field(1, help="not used: nothing is drawn", lower=1)
    beta: float = field(20.0, help="inverse temperature", lower=0.0, strict=True)
    step: float = field(0.1, help="step of the loads, up to 1.4", lower=0.01, upper=0.7)
    nodes: int = field(241, help="nodes of the reference on +-7.5", lower=21)
    damping: float = field(0.5, help="share of the old value", lower=0.0, upper=0.95)
    tolerance: float = field(1e-8, help="largest residual of all ways", lower=0.0, strict=True)
    repeats: int = field(5, help="interleaved repetitions", lower=2)

    @property
    def loads(self) -> np.ndarray:
        """Ascending."""
        return np.round(np.arange(self.step, 1.4 + self.step / 2, self.step), 10)


def run(config: Config, seeds: np.ndarray) -> Any:
    """All ways from one start, timed in turn."""
    loads, start = config.loads, np.array(continual.COLD)
    numbers = loads, start, config.beta, config.damping, config.tolerance
    grid = dict(nodes=config.nodes, damping=config.damping, tolerance=config.tolerance, iterations=2000)
    ours = {way: calling(programs.saddle_curve, *numbers, newton=way != "damped", nodes=0 if way == "ours" else config.nodes)
            for way in list(WAYS)[2:]}  # fmt: skip
    fields = np.linspace(-5.0, 30.0, 4 * 60 * 60)
    calls = {"literal": lambda: literal_saddle.saddle_curve(loads, config.beta, start, **grid), **ours,
             "scipy": lambda: peers.saddle_curve(loads, config.beta, start, config.nodes, config.tolerance),
             "tails": calling(lambda g: continual.quadrature.log_tail(g), fields)}  # fmt: skip
    seconds, least = timing.compare(calls, config.repeats), limits.least(ours)
    found = {way: calls[way]() for way in WAYS}
    theirs = [found[way] for way in ("literal", "scipy")]
    order = [*(x[:, :3] for x in theirs), *(jnp.stack([x.q, x.r, x.q_star], 1) for x in list(found.values())[2:])]
    residual = [*(x[:, 3] for x in theirs), *(found[way].residual for way in ours)]
    count = [*(x[:, 4] for x in theirs), *(found[way].iterations for way in ours)]
    needed = float(np.sum(count[-1])) * seconds["tails"].min()  # four energies on 60 x 60 nodes an iteration
    way = ("way", "load")
    return dataset(
        None,
        {"way": list(WAYS), "load": Axis(loads, words="examples per input, alpha"), "repeat": np.arange(config.repeats),
         "order": ["q", "r", "q_star"], "limited_by": limits.BOUNDS},
        seconds=(("way", "repeat"), [seconds[name] for name in WAYS], "s", "wall time of the curve"),
        seconds_least=(("way", "limited_by"), [least[name] for name in WAYS], "s", least.words),
        residual=(way, residual, "1", "largest residual"),
        iterations=(way, count, "1", "iterations"),
        values=(("way", "load", "order"), order, "1", "order parameter"),
        limit=((), needed / seconds["ours"].min(), "1", "share of the time that the normal tails alone take"),
    )  # fmt: skip


def draw(data: Any, config: Config) -> Any:
    """Seconds of every way, and the iterations behind them."""
    figure, axes = plots.panel(1, 2, width=5.2, height=3.8)
    seconds = data["seconds"]
    ways = {
        way: look for way, look in WAYS.items() if way in seconds["way"].values
    }  # data of an earlier run lack SciPy
    plots.bars(axes[0, 0], seconds.rename(repeat="seed"), "way", ways, upright=True)
    for i, way in enumerate(ways):
        times = ratio(way)(data, config).value
        axes[0, 0].text(i, 1.25 * float(seconds.sel(way=way).max()), f"{times:.1f}", ha="center")
    title = f"above: NumPy's time over it; tails of the normal: {100 * float(data['limit']):.0f} % of ours"
    limits = (0.3 * float(seconds.min()), 4 * float(seconds.max()))
    plots.finish(axes[0, 0], y="wall time of the curve [s]", log="y", title=title, ylim=limits)
    flat = {name: look._replace(words=look.words.replace("\n", " ")) for name, look in ways.items()}
    for name in ("damped", "newton"):  # they lie on others
        flat[name] = flat[name]._replace(line="--")
    plots.curves(axes[0, 1], data["iterations"], "load", "way", flat)
    plots.finish(axes[0, 1], log="y", title=f"iterations (SciPy: evaluations) to a residual of {config.tolerance:g}")
    return figure


def ratio(way: str, over: str = "literal") -> Any:
    """The reference, or another program, over a way."""
    what = "curve of saddle points, " + WAYS[way].words.replace("\n", " ")
    peer = {"literal": "NumPy, damped iteration", "scipy": "SciPy's root finder"}[over]
    return times_faster(value("seconds", way=over), value("seconds", way=way), what, peer)


def largest(quantity: Any) -> Any:
    """Over everything."""
    return exact(abs(quantity).then(lambda array: array.max(skipna=False)))


def apart(way: str, **where: Any) -> Any:
    """Distance of the order parameters to the reference's."""
    return value("values", way=way, **where) - value("values", way="literal", **where)


def tolerances(quantity: Any) -> Any:
    """In units of the tolerance."""
    return quantity / (lambda c: c.tolerance)


EQUAL = "to the same residual"
SAME = (
    "the limit on one grid: a Newton step takes the map and its three derivatives, SciPy's hybrid method about as many evaluations "
    "of it, each of 241 x 241 tails of the normal on either side; what is left to gain are fewer nodes"
)
FIGURE = Figure(
    __name__, size=lambda c, at: f"{len(c.loads)} loads, residual {c.tolerance:g}",
    title="Saddle point of one task along its loads: Newton steps in one program against the damped iteration in NumPy",
    question="How much faster is the curve of one task's saddle points than the paper's damped iteration in NumPy, to one residual?",
    claims=(
        faster(f"Newton steps on the library's nodes at least 20 times faster than the paper's iteration in NumPy, {EQUAL}", 20.0,
              ratio("ours"), "NumPy seconds over ours"),
        faster(f"Newton steps on the reference's own grid at least 20 times faster than its iteration in NumPy, {EQUAL}", 20.0,
              ratio("newton"), "NumPy seconds over ours",
              note="nodes about the integrand's peak are a part of the gain: 60 do what 241 equal steps cannot"),
        *(faster(f"Newton steps on {words} faster than SciPy's root finder on the reference's grid, {EQUAL}", 1.0, ratio(way, "scipy"),
              "SciPy seconds over ours", note=SAME) for way, words in (("ours", "the library's nodes"), ("newton", "the same grid"))),
        Claim.sanity("every way ends at its residual: the largest over the tolerance", "equal residuals",
              largest(tolerances(value("residual"))), at_most(1.0), unit="tolerances", reason="what was asked for"),
        Claim.sanity("compiled and NumPy iteration agree: largest difference of q, r, q*", "the same iteration from the same start",
              largest(apart("damped")), at_most(1e-9), unit="1", reason="rounding"),
        Claim.sanity("SciPy ends where the iteration ends: largest difference of q, r, q*", "one root",
              largest(tolerances(apart("scipy"))), at_most(100.0), unit="tolerances",
              reason="an iteration that gains a hundredth a step stops a hundred residuals short"),
        Claim.sanity("Newton steps end where the iteration ends: largest difference of q, r, q*", "one root",
              largest(tolerances(apart("newton"))), at_most(100.0), unit="tolerances",
              reason="an iteration that gains a hundredth a step stops a hundred residuals short"),
        Claim.derived("own nodes and the reference's grid agree up to a load of 0.6: largest difference of q, r, q*",
              "the same equations", largest(apart("ours", load=SMALL)), at_most(5e-4), unit="1",
              reason="three digits; beyond, the grid cuts the energy's inner integral off and its curve is another one"),
        Claim.derived("fewer iterations: NumPy's over Newton's, all loads", "quadratic convergence",
              exact(value("iterations", way="literal").over("load", how="sum") / value("iterations", way="ours").over("load", how="sum")),
              at_least(5.0), unit="1", reason="damped steps gain about a digit in three, Newton's double them"),
    ),
    presets={"smoke": dict(step=0.7, nodes=21, tolerance=1e-5, repeats=2), "paper": dict(step=0.05, repeats=10)},
)  # fmt: skip
