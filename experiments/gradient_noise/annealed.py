"""Fixed against annealed noise: the loss that is left, of a deep network and in a scalar basin with its law."""

from typing import Any

import numpy as np

from experiments.gradient_noise.protocol import PAPER, SMOKE, NetworkConfig, trained
from mtrl import dynamics
from mtrl.harness import Axis, Claim, Figure, at_most, between, dataset, field, jax, jnp, less_than_zero, over_seeds
from mtrl.harness.judge.measures import LAST, Quantity, bootstrap, mean, slope, value
from mtrl.harness.picture import plots

FIXED, ANNEALED = "fixed", "annealed"
LOOKS = {FIXED: plots.Look("fixed noise", "#0072B2"), ANNEALED: plots.Look("annealed noise", "#D55E00", "s")}


class AnnealedConfig(NetworkConfig, seeds=5, checkpoints=5):
    """Simple Init at standard deviations of the first update's noise, which fixed noise keeps; a basin of curvature 1."""

    sigmas: tuple[float, ...] = field(
        (0.01, 0.03, 0.1, 0.3), help="standard deviation of the first update's noise", lower=0.0, distinct=True
    )
    basin_eta: float = field(0.3, help="variance of the first update's noise in the basin", lower=0.0, strict=True)
    basin_steps: int = field(20_000, help="updates in the basin", lower=100)
    runs: int = field(200, help="runs in the basin, per seed", lower=2)


def basins(key: Any, gammas: Any, at: Any, *, eta: float, lr: float, steps: int, runs: int) -> Any:
    """Mean square of the runs, over windows of a tenth of t that end at `at`; (gamma, at)."""
    land = dynamics.gradient_noise.landscapes

    def one(gamma):
        start = jnp.zeros(runs, jnp.float32)
        setting = dict(lr=lr, eta=eta, gamma=gamma, steps=steps)
        squares = land.descend(key, land.basin(1.0), start, **setting, record=lambda y: jnp.mean(y**2))[1].astype(float)
        sums = jnp.concatenate([jnp.zeros(1), jnp.cumsum(squares)])
        before = at - jnp.maximum(at // 10, 1)
        return (sums[at] - sums[before]) / (at - before).astype(float)

    return jax.vmap(one)(gammas)


def run(config: AnnealedConfig, seeds: np.ndarray) -> Any:
    """Networks, then basins."""
    gammas = np.array([0.0, config.gamma])
    settings = [("simple", dict(eta=sigma**2, gamma=gamma)) for gamma in gammas for sigma in config.sigmas]
    found, _ = trained(config, seeds, settings)
    loss = np.where(found.finite[..., -1], found.loss[..., -1], np.inf).reshape(len(seeds), 2, -1)
    at = np.unique(np.geomspace(100, config.basin_steps, 12).astype(int))
    sizes = dict(steps=config.basin_steps, runs=config.runs)
    squares = over_seeds(basins, seeds, gammas, at, eta=config.basin_eta, lr=config.lr, **sizes)
    middle = at - np.maximum(at // 10, 1) / 2
    variance = config.basin_eta / (1 + middle) ** gammas[:, None]
    law = dynamics.gradient_noise.theory.basin_variance(variance, curvature=1.0, lr=config.lr)
    dims = ("seed", "noise")
    return dataset(
        seeds,
        {
            "noise": [FIXED, ANNEALED], "sigma": Axis(np.array(config.sigmas), "1", "first standard deviation of the noise"),
            "t": Axis(middle, "updates", "t"),
        },
        loss=((*dims, "sigma"), loss, "nat", "train loss at the end"),
        excess=((*dims, "t"), squares / 2, "1", "excess loss in the basin"),
        law=(("noise", "t"), np.asarray(law) / 2, "1", "excess loss in the basin"),
    )  # fmt: skip


def draw(data: Any, config: AnnealedConfig) -> Any:
    """Networks left, basin right."""
    figure, axes = plots.panel(1, 2, width=4.8, height=3.6)
    plots.points(axes[0, 0], data["loss"], "sigma", "noise", LOOKS, linestyle="-", linewidth=0.8)
    plots.level(axes[0, 0], np.log(config.classes), "ln 10: nothing learnt", linestyle=":")
    plots.points(axes[0, 1], data["excess"], "t", "noise", LOOKS)
    plots.theory(axes[0, 1], data["law"], "t", "noise", LOOKS, words="theory,")
    title = f"Simple Init, {config.layers} layers, {config.steps} updates"
    plots.finish(axes[0, 0], title=title, log="xy", ticks=data["sigma"])
    plots.finish(axes[0, 1], title="basin of curvature 1", log="xy", legend="lower left")
    return figure


def off(noise: str) -> Any:
    """Largest relative distance of the excess loss to its law over t."""
    ratio = value("excess", noise=noise) / value("law", noise=noise)
    return bootstrap(lambda r: np.max(np.abs(r - 1)), ratio)


def lost(noise: str) -> Quantity:
    """Loss at every sigma."""
    return value("loss", noise=noise)


FIGURE = Figure(
    __name__, optional=("loss",),
    title="Annealed noise leaves less loss than fixed noise",
    question="Does noise that is annealed leave less loss than noise that stays?",
    claims=(
        Claim("the best annealed noise leaves less loss than the best fixed noise (each at its own sigma)",
              "section 4.2: annealed beats fixed noise on memory networks (ordering); other data and network",
              bootstrap(lambda a, b: np.min(a) - np.min(b), lost(ANNEALED), lost(FIXED)), less_than_zero, unit="nat", stand_in=True),
        Claim("at the largest sigma annealed noise leaves less loss than fixed noise: ratio", "section 4.2 (ordering); other data",
              bootstrap(lambda a, b: a / b, lost(ANNEALED).at(sigma=LAST), lost(FIXED).at(sigma=LAST)), at_most(1.0), unit="1",
              stand_in=True),
        Claim.derived("fixed noise in the basin: variance by formula, largest relative distance", "lr sigma^2 / (h (2 - lr h))", off(FIXED),
              at_most(0.06), unit="1", reason="600 runs, windows of 10 to 2000 steps that are correlated over 20"),
        Claim.derived("annealed noise in the basin: variance by formula, largest relative distance", "lr sigma_t^2 / (h (2 - lr h))",
              off(ANNEALED), at_most(0.06), unit="1", reason="600 runs, windows of 10 to 2000 steps that are correlated over 20"),
        Claim.derived("exponent of the excess loss under annealed noise", "derived: -0.55", slope(value("excess", noise=ANNEALED), "t"),
              between(-0.58, -0.52), unit="1", value=-0.55, reason="a thirtieth either side over two decades"),
        Claim.derived("annealed noise leaves a hundredth of the excess loss of fixed noise after 20000 steps",
              "derived: 6.80e-5 / 0.01579 = 1/232", mean(value("excess", noise=ANNEALED, t=LAST) / value("excess", noise=FIXED, t=LAST)),
              at_most(0.01), unit="1", value=0.0043, reason="the power law"),
    ),
    presets={"smoke": {**SMOKE, "sigmas": (0.5,), "basin_steps": 400, "runs": 50}, "paper": PAPER},
)  # fmt: skip
