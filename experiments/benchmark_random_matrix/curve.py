"""A 50-point predicted-risk curve with its gradients against Monte Carlo of 1 % error and against SciPy's root finder."""

import dataclasses
import functools

import numpy as np

from experiments.benchmark_random_matrix.protocol import simulate_path
from mtrl import random_matrix
from mtrl.harness import (
    BaseConfig,
    Claim,
    Figure,
    at_least,
    between,
    evaluate,
    exact,
    field,
    jax,
    jnp,
    over_seeds,
    split_named,
    style,
    timing,
)

ALPHA, NOISE, GAMMA = 0.5, 0.3, 1.0
PLAIN = 2  # draws of the plain Monte Carlo that are timed
WORDS = {
    "theory": "prediction with\ngradients",
    "risk_only": "prediction\nwithout",
    "scipy": "SciPy root finder,\nno gradients",
    "monte_carlo": "Monte Carlo 1 %,\none eigh per draw",
    "plain": "Monte Carlo 1 %,\none fit per point",
}


@dataclasses.dataclass(frozen=True)
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
    one = jnp.ones(2)
    return random_matrix.regression.risk_isotropic(
        random_matrix.coupling(gamma * one, lam), one, 1.0, random_matrix.aligned_gram(alpha, 2), noise * one
    ).test.mean()


def curve_with_gradients(parameters, lams):
    """Risk, and its derivatives in gamma, noise, alignment and lam, at every lam."""
    return jax.vmap(jax.value_and_grad(risk, argnums=(0, 1)), in_axes=(None, 0))(parameters, lams)


def curve(parameters, lams):
    """Risk at every lam."""
    return jax.vmap(risk, in_axes=(None, 0))(parameters, lams)


def plain_monte_carlo(key, gamma, lams, *, dim):
    """Test risk of one draw at every lam, each by its own fit."""
    keys = split_named(key, "problem", "data")
    params = random_matrix.aligned_model(keys["problem"], tasks=2, dim=dim, alpha=ALPHA, noise=NOISE)
    data = random_matrix.sample_tasks(keys["data"], params, counts=(dim, dim))
    return jax.lax.map(
        lambda lam: random_matrix.exact_risk(
            params, random_matrix.regression.fit_shared_centre(data, gamma=gamma, lam=lam).W
        ).mean(),
        lams,
    )


def scipy_curve(parameters, lams):
    """The same equations in NumPy, the fixed point by `scipy.optimize.root` (its hybrid method, default tolerance)."""
    from scipy import optimize

    gamma, noise, alpha = parameters
    gram = np.array([[1, alpha], [alpha, 1]]) / 2
    out = []
    for lam in lams:
        B = gamma * np.eye(2) + lam

        def p0(delta, B=B):
            return np.linalg.solve(np.eye(2) + B / (2 * (1 + delta)), B)

        delta = optimize.root(lambda x, p0=p0: np.diag(p0(x)) / 2 - x, np.diag(B) / 2).x
        p, D = p0(delta), 1 / (2 * (1 + delta) ** 2)
        L = np.linalg.inv(np.eye(2) + B / (2 * (1 + delta)))
        K = np.diag(L @ gram @ L.T)
        out.append(np.linalg.solve(np.eye(2) - p * p / 2 * D, K + noise).mean())
    return np.array(out)


def run(config, seeds):
    """A pilot fixes the number of draws that gives a standard error of 1 %; then all are timed in turn."""
    import xarray as xr

    lams = np.geomspace(0.05, 20, config.points)
    parameters = np.array([GAMMA, NOISE, ALPHA])
    pilot = over_seeds(simulate_path, range(config.pilot), ALPHA, GAMMA, NOISE, lams, dim=config.dim)
    spread = float((pilot.std(0, ddof=1) / pilot.mean(0)).max())
    draws = max(2, int(np.ceil((spread / 0.01) ** 2)))
    ready = jax.device_put((parameters, lams))
    calls = {
        "theory": functools.partial(evaluate, curve_with_gradients, *ready),
        "risk_only": functools.partial(evaluate, curve, *ready),
        "scipy": functools.partial(scipy_curve, parameters, lams),
        "monte_carlo": functools.partial(
            over_seeds, simulate_path, range(draws), ALPHA, GAMMA, NOISE, lams, dim=config.dim
        ),
    }
    seconds = timing.compare(calls, config.repeats)
    # Draws are independent work: one per device is timed and scaled to their number.
    few = {
        "plain": functools.partial(
            over_seeds, plain_monte_carlo, range(PLAIN), GAMMA * np.ones(2), lams, dim=config.dim
        )
    }
    seconds["plain"] = timing.compare(few, config.repeats)["plain"] * draws / PLAIN
    value, gradient = calls["theory"]()
    simulated = calls["monte_carlo"]()
    step = 1e-5
    numeric = np.stack(
        [
            (curve(parameters + step * e, jnp.asarray(lams)) - curve(parameters - step * e, jnp.asarray(lams)))
            / (2 * step)
            for e in np.eye(3)
        ],
        axis=-1,
    )
    return xr.Dataset(
        {
            "seconds": (("method", "repeat"), np.stack([seconds[name] for name in WORDS]), {"units": "s"}),
            "risk": ("lam", value),
            "gradient_gamma": ("lam", gradient[0][:, 0]),
            "gradient_lam": ("lam", gradient[1]),
            "simulated": (("draw", "lam"), simulated),
            "draws": ((), draws),
            "scipy_deviation": ((), np.abs(calls["scipy"]() - value).max() / value.min()),
            "gradient_deviation": ((), np.abs(gradient[0] - numeric).max() / np.abs(numeric).max()),
        },
        coords={"method": list(WORDS), "lam": lams, "repeat": np.arange(config.repeats)},
    )  # fmt: skip


def draw(data, config):
    """Seconds as bars, and the curve that was computed."""
    figure, axes = style.subplots(1, 2, width=5.4, height=3.5)
    mean = data["seconds"].mean("repeat")
    ax = axes[0, 0]
    ax.bar(range(len(WORDS)), mean, color=style.COLORS[: len(WORDS)])
    for i, name in enumerate(WORDS):
        seconds = float(mean.sel({"method": name}))
        ratio = seconds / float(mean.sel({"method": "theory"}))
        ax.text(
            i,
            seconds * 1.15,
            f"{1e3 * seconds:.3g} ms\n{ratio:.3g}x",
            ha="center",
            fontsize=8.5,
        )
    ax.set_yscale("log")
    ax.set_ylim(top=float(mean.max()) * 8)
    ax.set_xticks(range(len(WORDS)), list(WORDS.values()), fontsize=7)
    ax.set(
        ylabel=f"seconds per {config.points}-point curve",
        title=f"Monte Carlo: {int(data['draws'])} draws at d = {config.dim}",
    )
    ax = axes[0, 1]
    style.theory(ax, data["lam"], data["risk"], label="predicted risk", color=style.COLORS[0])
    keep = slice(None, None, max(1, data.sizes["lam"] // 12))
    style.band(ax, data["lam"][keep], data["simulated"].values[:, keep], label="Monte Carlo", color=style.COLORS[3])
    ax.plot(data["lam"], data["gradient_lam"] * data["lam"], "--", color=style.COLORS[1], label="dR / d log λ")
    ax.set_xscale("log")
    ax.set(xlabel="shared strength λ", ylabel="test risk, and its derivative")
    ax.legend()
    return figure


def speedup(method):
    """Seconds of a method over the prediction with gradients."""
    return lambda data: timing.ratio_interval(
        data["seconds"].sel({"method": method}).values, data["seconds"].sel({"method": "theory"}).values
    )


GOAL = "this project's goal"
FIGURE = Figure(
    name="curve",
    headline=True,
    title="A predicted-risk curve with gradients against Monte Carlo and SciPy",
    config=CurveConfig,
    run=run,
    draw=draw,
    presets={"smoke": dict(dim=16, points=5, pilot=4, repeats=2), "paper": dict(dim=400)},
    claims=(
        Claim("times cheaper than Monte Carlo of 1 % error, one fit per coupling and draw", "goal: 1000", speedup("plain"),
              at_least(1000.0), kind="speed", unit="times", reason=GOAL, note=f"timed on {PLAIN} draws and scaled to their number"),
        Claim("times cheaper than Monte Carlo of 1 % error, one eigendecomposition per draw", "goal: 1000", speedup("monte_carlo"),
              at_least(1000.0), kind="speed", unit="times", reason=GOAL,
              note="the simulation as it is done in this project, where a draw serves all couplings"),
        Claim("times cheaper than SciPy's root finder without gradients", "goal: faster", speedup("scipy"), at_least(1.0),
              kind="speed", unit="times", reason=GOAL),
        Claim("SciPy solves the same equations (largest relative deviation)", "the fixed point by `scipy.optimize.root`",
              lambda data: exact(data["scipy_deviation"]), between(0.0, 1e-6), kind="reference", unit="relative",
              reason="SciPy's default tolerance is 1.5e-8; the rest for its step through the risk"),
        Claim("gradients equal central differences (largest relative deviation)", "goal: 1e-6",
              lambda data: exact(data["gradient_deviation"]), between(0.0, 1e-6), kind="sanity", unit="relative",
              reason="error of central differences"),
    ),
)  # fmt: skip
