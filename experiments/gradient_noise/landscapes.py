"""Scalar landscapes against their closed forms: a random walk, escape from a saddle, a product of scalars."""

from typing import Any

import numpy as np

from experiments.gradient_noise.protocol import eta_looks
from mtrl import dynamics
from mtrl.harness import Axis, BaseConfig, Figure, dataset, field, jax, jnp, over_seeds
from mtrl.harness.judge.claims import Claim, at_least, at_most, between
from mtrl.harness.judge.measures import Quantity, bootstrap, mean, value, worst
from mtrl.harness.picture import plots

# An independent program's solved shares after 4000 steps
PROGRAM = {(2, 0.01): 1.0, (3, 0.01): 1.0, (4, 0.01): 0.64, (6, 0.01): 0.0,
           (2, 0.3): 1.0, (3, 0.3): 1.0, (4, 0.3): 1.0, (6, 0.3): 0.93}  # fmt: skip


class LandscapesConfig(BaseConfig, seeds=5):
    """Step 0.1 throughout."""

    lr: float = field(0.1, help="learning rate", lower=0.0, strict=True)
    gamma: float = field(0.55, help="decay of the noise's variance", lower=0.0)
    etas: tuple[float, ...] = field((0.0, 0.01, 0.3), help="noise", lower=0.0, distinct=True)
    curvatures: tuple[float, ...] = field(
        (0.1, 0.2, 0.5, 1.0), help="of the saddle, l", lower=0.0, strict=True, distinct=True
    )
    depths: tuple[int, ...] = field((2, 3, 4, 6), help="factors of the product", lower=1, upper=6, distinct=True)
    walk: int = field(10_000, help="updates of the walk", lower=100)
    runs: int = field(2000, help="walks and runs at a saddle", lower=2)
    saddle_steps: int = field(1000, help="updates at a saddle", lower=1)
    steps: int = field(4000, help="updates of a product", lower=1)
    products: int = field(100, help="runs of a product", lower=2)


def scenes(key: Any, etas: Any, curvatures: Any, depths: Any, at: Any, setting: Any, *, walk: int, runs: int, saddle_steps: int,
           steps: int, products: int) -> Any:  # fmt: skip
    """Spread of walks (eta, at), median escape (eta, curvature), solved share (eta, depth); the laws of the first two."""
    land, theory, keys = dynamics.gradient_noise.landscapes, dynamics.gradient_noise.theory, jax.random.split(key, 3)

    def one(eta):
        rule = dict(lr=setting["lr"], eta=eta, gamma=setting["gamma"])
        start = jnp.zeros(runs, jnp.float32)
        root = lambda y: jnp.sqrt(jnp.mean(y**2))  # noqa: E731
        spread = land.descend(keys[0], land.flat, start, steps=walk, **rule, record=root)[1]
        sizes = dict(steps=saddle_steps, runs=runs)
        left = jax.vmap(lambda c: land.saddle_escapes(keys[1], curvature=c, **sizes, **rule).step)(curvatures)
        sizes = dict(steps=steps, runs=products)
        share = jax.vmap(lambda d: land.solved_products(keys[2], depth=d, **sizes, **rule).mean())(depths)
        law = theory.walk_std(at, **rule), jax.vmap(lambda c: theory.median_escape(curvature=c, **rule))(curvatures)
        return (spread[at - 1].astype(float), jnp.median(left, axis=-1), share), law

    return jax.lax.map(one, etas)


def run(config: LandscapesConfig, seeds: np.ndarray) -> Any:
    """All three."""
    at = np.unique(np.geomspace(10, config.walk, 10).astype(int))
    etas, curvatures, depths = (np.array(v) for v in (config.etas, config.curvatures, config.depths))
    setting = dict(lr=config.lr, gamma=config.gamma)
    sizes = {name: getattr(config, name) for name in ("walk", "runs", "saddle_steps", "steps", "products")}
    found, laws = over_seeds(scenes, seeds, etas, curvatures, depths, at, setting, in_turn=True, **sizes)
    (spread, left, solved), (law, median) = found, (law[0] for law in laws)
    words = "spread of noise-only weights", "median escape from the saddle"
    return dataset(
        seeds,
        {
            "eta": Axis(etas, words="noise eta"), "t": Axis(at, words="updates"), "curvature": Axis(curvatures, words="curvature l"),
            "depth": Axis(depths, words="factors"),
        },
        spread=(("seed", "eta", "t"), spread, "1", words[0]),
        walk=(("eta", "t"), law, "1", words[0]),
        escape=(("seed", "eta", "curvature"), left, "updates", words[1]),
        median=(("eta", "curvature"), median, "updates", words[1]),
        solved=(("seed", "eta", "depth"), solved, "1", "solved products"),
    )  # fmt: skip


def draw(data: Any, config: LandscapesConfig) -> Any:
    """One panel a landscape."""
    figure, axes = plots.panel(1, 3, width=4.0, height=3.6)
    every = eta_looks(data)
    noisy = {eta: look for eta, look in every.items() if eta > 0}
    for ax, name, law, x in ((axes[0, 0], "spread", "walk", "t"), (axes[0, 1], "escape", "median", "curvature")):
        plots.points(ax, data[name], x, "eta", noisy)
        plots.theory(ax, data[law], x, "eta", noisy, words="theory,")
        plots.finish(ax, log="xy", legend=dict(fontsize=7))
    axes[0, 1].set_title("without noise never")
    plots.points(axes[0, 2], data["solved"], "depth", "eta", every, linestyle="-", linewidth=0.8)
    for i, eta in enumerate(e for e in (0.01, 0.3) if e in every):
        seen = {d: share for (d, e), share in PROGRAM.items() if e == eta}
        plots.program(axes[0, 2], seen, "" if i else "independent program")
    legend = dict(fontsize=7, loc="center left")
    plots.finish(axes[0, 2], title=f"after {config.steps} updates from 0", ylim=(-0.05, 1.08), legend=legend)
    return figure


def farthest(name: str, law: str) -> Any:
    """Largest relative distance of seed means to their law, over settings with noise."""

    def ratio(data, config):
        noisy = data["eta"].values > 0
        return (data[name] / data[law]).isel(eta=noisy)

    return bootstrap(lambda r: np.max(np.abs(r - 1)), Quantity(ratio))


FIGURE = Figure(
    __name__,
    title="Scalar landscapes against their closed forms",
    question="On scalar landscapes, do noisy paths follow the closed forms for spread, escape and stationary loss?",
    optional=("escape", "median"),
    claims=(
        Claim.derived("noise-only weights walk to lr sqrt(eta H_T): largest relative distance", "derived for this library",
              farthest("spread", "walk"), at_most(0.05), unit="1",
              reason="2000 walks have a standard error of 1.6 % a seed"),
        Claim.derived("median escape from a saddle by formula, over curvature and eta: largest relative distance",
              "derived for this library", farthest("escape", "median"), at_most(0.05), unit="1",
              reason="a median of 2000 runs has a standard error of 1 % a seed; whole steps"),
        Claim.reference("median escape at curvature 0.5, eta = 0.01", "88.4 by formula and by an independent program",
              mean(value("escape", eta=0.01, curvature=0.5)), between(86.4, 90.4), unit="updates", value=88.4,
              reason="two steps either side"),
        Claim.derived("without noise no run leaves the saddle: shortest median", "an exact saddle has no gradient",
              bootstrap(lambda e: np.nan if np.isnan(e).any() else float(np.min(e) < np.inf), value("escape", eta=0.0)),
              at_most(0.0), unit="1"),
        Claim.reference("without noise no product is solved: largest share", "0 of an independent program", worst(value("solved", eta=0.0)),
              at_most(0.0), unit="1"),
        *(Claim.reference(f"solved share, {depth} factors, eta = {eta:g}", f"{share:g} of an independent program",
                mean(value("solved", eta=eta, depth=depth)), between(share - 0.15, share + 0.15), unit="1", value=share,
                reason="three standard errors of its runs at a share of 0.6, if they were 100")
          for (depth, eta), share in PROGRAM.items() if share not in (0.0, 1.0)),
        Claim.derived("noise of eta = 0.3 solves what 0.01 does not, at 6 factors: gain in the solved share",
              "0.93 of an independent program", mean(value("solved", eta=0.3, depth=6) - value("solved", eta=0.01, depth=6)), at_least(0.5),
              unit="1", reason="most of the runs"),
    ),
    presets={"smoke": dict(seeds=2, walk=200, runs=50, saddle_steps=100, steps=100, products=5, curvatures=(1.0,), depths=(2,)),
             "paper": dict(seeds=20, runs=20_000, products=1000)},
)  # fmt: skip
