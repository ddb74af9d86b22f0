"""A 50-point predicted-risk curve with its gradients against Monte Carlo of 1 % error and against SciPy's root finder."""

import functools

import numpy as np

from experiments.benchmark_random_matrix import protocol
from experiments.benchmark_random_matrix.literal import plain_monte_carlo, scipy_curve
from experiments.benchmark_random_matrix.protocol import simulate_path
from mtrl import random_matrix
from mtrl.harness import BaseConfig, Claim, Figure, between, dataset, evaluate, field, jax, over_seeds
from mtrl.harness.judge import limits
from mtrl.harness.judge.measures import value
from mtrl.harness.picture import plots

ALPHA, NOISE, GAMMA = 0.5, 0.3, 1.0
PLAIN = 2  # draws of the plain Monte Carlo that are timed
LOOK = plots.looks({"theory": "prediction with\ngradients", "risk_only": "prediction\nwithout",
                    "scipy": "SciPy root finder,\nno gradients", "monte_carlo": "Monte Carlo 1 %,\none eigh per draw",
                    "plain": "Monte Carlo 1 %,\none fit per point"})  # fmt: skip


class CurveConfig(BaseConfig):
    """Two tasks, identity covariance, n_t = d; Monte Carlo with one eigendecomposition per draw, and plainly with one fit per coupling."""

    seeds: int = field(1, help="not used", lower=1)
    dim: int = field(200, help="dimension of the Monte Carlo", lower=8)
    points: int = field(50, help="couplings on the curve", lower=2)
    pilot: int = field(16, help="pilot draws that measure the spread of one draw", lower=4)
    repeats: int = field(9, help="interleaved repetitions", lower=2)


def risk(parameters, lam):
    """Average test risk as a function of (gamma, sigma^2, alpha) and lam."""
    gamma, noise, alpha = parameters
    return random_matrix.regression.aligned_risk(alpha, gamma, noise, lam, 1.0).test


def curve_with_gradients(parameters, lams):
    """Risk, and its derivatives in gamma, noise, alignment and lam, at every lam."""
    return jax.vmap(jax.value_and_grad(risk, argnums=(0, 1)), in_axes=(None, 0))(parameters, lams)


def curve(parameters, lams):
    """Risk at every lam."""
    return jax.vmap(risk, in_axes=(None, 0))(parameters, lams)


def central_differences(parameters, lams, step=1e-5):
    """Derivatives of the risk in gamma, noise and alignment at every lam, (lam, parameter)."""
    rows = [
        (evaluate(curve, parameters + step * e, lams) - evaluate(curve, parameters - step * e, lams)) / (2 * step)
        for e in np.eye(3)
    ]
    return np.stack(rows, axis=-1)


def run(config, seeds):
    """A pilot fixes the number of draws that gives a standard error of 1 %; then all are timed in turn."""
    lams = np.geomspace(0.05, 20, config.points)
    parameters = np.array([GAMMA, NOISE, ALPHA])
    problem, size = (ALPHA, GAMMA, NOISE, lams), dict(dim=config.dim)
    pilot = over_seeds(simulate_path, range(config.pilot), *problem, **size)
    spread = float((pilot.std(0, ddof=1) / pilot.mean(0)).max())
    draws = max(2, int(np.ceil((spread / 0.01) ** 2)))
    ready = jax.device_put((parameters, lams))
    calls = {
        "theory": functools.partial(evaluate, curve_with_gradients, *ready),
        "risk_only": functools.partial(evaluate, curve, *ready),
        "scipy": functools.partial(scipy_curve, parameters, lams),
        "monte_carlo": functools.partial(over_seeds, simulate_path, range(draws), *problem, **size),
        # Draws are independent work: a few are timed and scaled to their number.
        "plain": functools.partial(
            over_seeds, plain_monte_carlo, range(PLAIN), ALPHA, GAMMA * np.ones(2), NOISE, lams, **size
        ),
    }
    seconds, least = protocol.seconds_of(calls, config.repeats), limits.least(calls, "theory")
    seconds[list(LOOK).index("plain")] *= draws / PLAIN
    risk, (by_parameter, by_lam) = calls["theory"]()
    return dataset(
        None,
        {
            "method": list(LOOK),
            "lam": lams,
            "program": ["ours", "other"],
            "parameter": ["gamma", "noise", "alpha"],
            "repeat": np.arange(config.repeats),
            "limited_by": limits.BOUNDS,
        },
        seconds=(("method", "repeat"), seconds, "s", f"wall time per {config.points}-point curve"),
        seconds_least=(("method", "limited_by"), [least[name] for name in LOOK], "s", least.words),
        risk=(("program", "lam"), [risk, calls["scipy"]()], "", "test risk, and its derivative"),
        gradient=(("program", "lam", "parameter"), [by_parameter, central_differences(parameters, lams)]),
        gradient_lam=("lam", by_lam),
        simulated=(("draw", "lam"), calls["monte_carlo"]()),
    )


def draw(data, config):
    """Seconds as bars, and the curve that was computed."""
    figure, axes = plots.panel(1, 2, width=5.6, height=3.7, width_ratios=(1.25, 1))
    left, right = axes[0]
    title = f"Monte Carlo: {data.sizes['draw']} draws at d = {config.dim}"
    protocol.bars(left, value("seconds"), LOOK, "theory", data, config, title=title)
    plots.theory(right, data["risk"].sel(program="ours"), "lam", look=LOOK["theory"]._replace(words="predicted risk"))
    thinned = data["simulated"].rename(draw="seed").isel(lam=slice(None, None, max(1, data.sizes["lam"] // 12)))
    plots.points(right, thinned, "lam", look=LOOK["monte_carlo"]._replace(words="Monte Carlo"))
    steep = plots.Look("dR / d log λ", LOOK["risk_only"].color, line="--")
    plots.theory(right, data["gradient_lam"] * data["lam"], "lam", look=steep)
    plots.finish(right, x="shared strength λ", log="x")
    return figure


def times(slow):
    """Seconds of another way over those of the prediction."""
    return protocol.times(slow, "theory", "a predicted-risk curve with gradients", LOOK[slow].words.replace("\n", " "))


FIGURE = Figure(
    __name__, headline=True, size=lambda c, at: f"{c.points} points; Monte Carlo at d = {c.dim}",
    title="A predicted-risk curve with gradients against Monte Carlo and SciPy",
    question="How much cheaper is a predicted risk curve with gradients than Monte Carlo or a root finder of the same accuracy?",
    presets={"smoke": dict(dim=16, points=5, pilot=4, repeats=2), "paper": dict(dim=400)},
    claims=(
        protocol.faster("times cheaper than Monte Carlo of 1 % error, one fit per coupling and draw", 1000.0,
                        times("plain"), f"timed on {PLAIN} draws and scaled to their number"),
        protocol.faster("times cheaper than Monte Carlo of 1 % error, one eigendecomposition per draw", 1000.0,
                        times("monte_carlo"),
                        "the simulation as it is done in this project, where a draw serves all couplings"),
        protocol.faster("times cheaper than SciPy's root finder without gradients", 1.0, times("scipy")),
        Claim.reference("SciPy solves the same equations (largest relative deviation)",
                        "the fixed point by `scipy.optimize.root`", protocol.deviation("risk", "other", dim="program"),
                        between(0.0, 1e-6, "SciPy's default tolerance is 1.5e-8; the rest for its step through the risk"),
                        unit="relative"),
        Claim.sanity("gradients equal central differences (largest relative deviation)", "goal: 1e-6",
                     protocol.deviation("gradient", "other", dim="program"), between(0.0, 1e-6, "error of central differences"),
                     unit="relative"),
    ),
)  # fmt: skip
