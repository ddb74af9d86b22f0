"""Real regression data: theory from plugged-in statistics, leave-one-out and held-out error against the coupling."""

import dataclasses

import numpy as np

from experiments.rmt_regression.common import lam_axis
from experiments.rmt_regression.real_tasks import load
from mtrl import random_matrix
from mtrl.harness import (
    BadInput,
    Claim,
    Figure,
    OwnDataConfig,
    at_least,
    between,
    evaluate,
    field,
    jax,
    jnp,
    over_seeds,
    split_named,
    style,
)
from mtrl.harness.judge.measures import bootstrap, value

STATISTICS = ("naive", "unbiased")
REFERENCE_LAMS = (0.0, 0.5, 2.0, 10.0, 100.0)
REFERENCE = {"test": (0.644, 0.553, 0.549, 0.580, 0.624), "gcv": (0.653, 0.556, 0.549, 0.567, 0.596),
             "theory": (0.601, 0.499, 0.480, 0.489, 0.507)}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class RealConfig(OwnDataConfig):
    """Held-out error, leave-one-out estimate and plugged-in theory against the coupling."""

    seeds: int = field(60, help="random splits", lower=1)
    data_dir: str = field(
        "",
        help="folder with <name>_TRAIN.ts and <name>_TEST.ts (AppliancesEnergy), or own tasks: a csv, npz, mat or arff file, or a folder "
        "with one file a task; empty: the diabetes stand-in",
        path=True,
    )
    channels: tuple[int, ...] = field((0, 1), help="channels of .ts series used as tasks", lower=0, distinct=True)
    tasks: int = field(2, help="tasks of a table that are used, those with most rows", lower=1)
    rows: int = field(600, help="most rows of a task of a table that are used, a random choice", lower=20)
    counts: tuple[int, ...] = field((120, 110), help="training samples of the two tasks (stand-in)", lower=10, length=2)
    gamma: float = field(0.3, help="strength of the task-specific parts", lower=0.0, strict=True)
    lams: tuple[float, ...] = field((0.0, 0.1, 0.5, 2.0, 10.0, 100.0), help="couplings", lower=0.0)


def one_split(key, features, targets, sizes, gamma, lams, *, counts: tuple[int, ...]):
    """Train on random rows of every task, test on its other rows; padded to common shapes."""
    T, N, d = features.shape
    keys = split_named(key, "rows")
    room = max(counts)

    def take(t):
        rows = jnp.argsort(
            jnp.where(jnp.arange(N) < sizes[t], jax.random.uniform(jax.random.fold_in(keys["rows"], t), (N,)), 2.0)
        )
        train = jnp.arange(room) < counts[t]
        return (
            features[t][rows[:room]] * train[:, None],
            targets[t][rows[:room]] * train,
            jnp.zeros(N).at[rows[: counts[t]]].set(1.0),
        )

    X, y, used = (jnp.stack(part) for part in zip(*(take(t) for t in range(T)), strict=True))
    data = random_matrix.TaskData(X, y[:, :, None], jnp.asarray(counts))
    path = random_matrix.regression.prepare_path(data, gamma=jnp.full(T, gamma, X.dtype))
    held_out = (jnp.arange(N) < sizes[:, None]) & (used == 0)

    def at(lam):
        fit = random_matrix.regression.fit_at(path, lam)
        estimated = random_matrix.estimate_risk(fit)
        error = (random_matrix.regression.fitted_values(fit.W, features)[:, :, 0] - targets) ** 2
        test = jnp.sum(jnp.where(held_out, error, 0), 1) / jnp.sum(held_out, 1)
        return jnp.stack([test.mean(), estimated.gcv.mean(), estimated.train.mean()])

    return jax.lax.map(at, lams)


def naive_statistics(data: "random_matrix.TaskData", *, spare: int) -> "random_matrix.regression.ModelStatistics":
    """Least-squares hyperplanes and their mean squared residual, as if they were the truth.

    With fewer rows than dimensions least squares fits the noise away; a ridge whose penalty GCV chooses (lam = 0, one gamma) takes its
    place, with noise |r|^2/tr Q.
    """
    T, _, d = data.features.shape
    if spare > 0:
        beta = random_matrix.regression.least_squares(data)[:, :, 0] / np.sqrt(T * d)
        left = data.targets[:, :, 0] - jnp.einsum("tni,ti->tn", data.features, beta)
        noise = jnp.sum(left**2, axis=1) / data.counts
    else:
        gammas = jnp.geomspace(1e-3, 1e2, 26)[:, None] * jnp.ones(T)
        chosen = random_matrix.tune(data, gammas=gammas, lams=jnp.zeros(1)).gamma
        fit = random_matrix.regression.fit_shared_centre(data, gamma=chosen, lam=0.0)
        beta = fit.W[:, :, 0] / np.sqrt(T * d)
        noise = jnp.sum(fit.residual[:, :, 0] ** 2, axis=1) / jnp.sum(jnp.where(data.mask, fit.q_diag, 0), axis=1)
    return random_matrix.regression.ModelStatistics(beta, beta[:, :, None] * beta[:, None, :], noise)


def plug_in(data: "random_matrix.TaskData", gamma, lams, counts, *, spare: int):
    """Predicted (statistics, split, lam) from all rows' covariance and two kinds of statistics, STATISTICS.

    Args:
      data: all rows of every task.
      gamma, lams, counts: couplings and training samples predicted for.
      spare: rows of the smallest task beyond its dimension; the unbiased statistics need two, else their predictions are NaN.
    """
    T = data.features.shape[0]
    covariance = jnp.einsum("tni,tnj->tij", data.features, data.features) / data.counts[:, None, None]

    def path(estimated):
        def at(lam):
            risk = random_matrix.regression.plug_in_risk(
                random_matrix.coupling(gamma * jnp.ones(T), lam), counts, covariance, estimated, noise_floor=0.0
            )
            return jnp.stack([risk.test.mean(), risk.train.mean()])

        return jax.lax.map(at, lams).T

    naive = path(naive_statistics(data, spare=spare))
    unbiased = (
        path(random_matrix.regression.statistics_from_least_squares(data))
        if spare > 1
        else jnp.full_like(naive, jnp.nan)
    )
    return jnp.stack([naive, unbiased])


def run(config, seeds):
    """One cell: all splits."""
    import xarray as xr

    features, targets, counts, name = load(config)
    sizes = [len(x) for x in features]
    if any(n >= size for n, size in zip(counts, sizes, strict=True)):
        raise BadInput(
            f"counts got {counts}, but the tasks have {sizes} rows and some must be held out; lower --counts"
        )
    data = random_matrix.pack(features, targets, center=True)
    X, y = data.features, data.targets[:, :, 0]
    lams = np.array(config.lams)
    seen = over_seeds(one_split, seeds, X, y, np.array(sizes), config.gamma, lams, counts=counts)
    spare = min(sizes) - X.shape[2]
    theory = evaluate(plug_in, data, config.gamma, lams, np.array(counts, float), spare=spare)
    return xr.Dataset(
        {
            "error": (("seed", "lam", "kind"), seen, {"units": "variance of the target"}),
            "theory": (("statistics", "split", "lam"), theory),
        },
        coords={
            "kind": ["test", "gcv", "train"],
            "statistics": list(STATISTICS),
            "split": ["test", "train"],
            "lam": lams,
            "seed": seeds,
        },
        attrs={"data": name},
    )


def draw(data, config):
    """Errors against the coupling."""
    figure, axes = style.subplots(1, 1, width=6.4, height=4.0)
    ax = axes[0, 0]
    words = {"test": "held-out error", "gcv": "GCV, from training data", "train": "training error"}
    for kind, color, marker in zip(words, style.COLORS, style.MARKERS, strict=False):
        style.band(ax, data["lam"], data["error"].sel(kind=kind), label=words[kind], color=color, marker=marker)
    looks = {"naive": ("-", 1.0, "least-squares"), "unbiased": ("--", 1.6, "unbiased")}
    for statistics, (line, width, name) in looks.items():
        for split, color in (("test", style.COLORS[0]), ("train", style.COLORS[2])):
            curve = data["theory"].sel(statistics=statistics, split=split)
            if np.isfinite(curve).all():
                label = f"theory, {name} statistics, {split}"
                style.theory(ax, data["lam"], curve, label=label, color=color, linestyle=line, linewidth=width)
    if not config.data_dir and config.gamma == 0.3 and config.counts == (120, 110):
        for kind in ("test", "gcv", "theory"):
            style.paper(ax, REFERENCE_LAMS, REFERENCE[kind], label="reference run" if kind == "test" else "")
    lam_axis(ax)
    ax.set(ylabel="mean squared error [target variance]", title=f"{data.attrs['data']}, γ = {config.gamma:g}")
    figure.legend(loc="outside lower center", ncol=2)
    return figure


HELD_OUT, GCV = value("error", kind="test"), value("error", kind="gcv")


def predicted_error(statistics):
    """Plugged-in theory of the held-out error, over lam."""
    return value("theory", statistics=statistics, split="test")


def excess(error, score):
    """Relative excess of the error at the lam with the lowest score over the lowest error."""
    return error[score.argmin()] / error.min() - 1


def level(statistics):
    """Theory over held-out error at the lam with the lowest error."""
    return bootstrap(lambda error, theory: theory[error.argmin()] / error.min(), HELD_OUT, predicted_error(statistics))


def other_data(data):
    """The paper's figure is of AppliancesEnergy; all else stands in for it."""
    return data.attrs["data"] != "AppliancesEnergy"


LEVEL_NOTE = (
    "least-squares hyperplanes and residuals are taken for the truth: 54 parameters on 235 and 207 rows understate the noise by a quarter; "
    "the next claim removes that"
)
FIGURE = Figure(
    name="real",
    title="Real regression data: theory, leave-one-out and held-out error",
    config=RealConfig,
    run=run,
    draw=draw,
    presets={"smoke": dict(seeds=2, lams=(0.0, 2.0)), "paper": dict(seeds=500)},
    claims=(
        Claim("the best coupling is interior (lower end of the couplings minus the lowest held-out error between)",
              "Figure 3: interior optimum on Appliance Energy",
              bootstrap(lambda error: min(error[0], error[-1]) - error[1:-1].min(), HELD_OUT),
              at_least(0.0), unit="variance of the target", stand_in=other_data, applies=lambda data: data.sizes["lam"] > 2),
        Claim("the theory's minimiser is the held-out one (relative excess of its choice)", "Figure 3: theory predicts the best lam",
              bootstrap(excess, HELD_OUT, predicted_error("naive")), between(0.0, 0.02), unit="relative",
              reason="the paper gives no number; 2 % is ours", stand_in=other_data),
        Claim("so is GCV's, from training data alone (relative excess)", "Section 4.3", bootstrap(excess, HELD_OUT, GCV),
              between(0.0, 0.02),
              unit="relative", reason="the paper gives no number; 2 % is ours", stand_in=other_data),
        Claim("the predicted level equals the held-out one (ratio at the best coupling)", "Figure 3: the curves coincide",
              level("naive"), between(0.95, 1.05), unit="ratio", value=1.0, reason="5 % is ours", note=LEVEL_NOTE, stand_in=other_data),
        Claim("the same with unbiased statistics (degrees of freedom counted, the estimates' own noise subtracted)", "derived here",
              level("unbiased"), between(0.95, 1.05), kind="derived", unit="ratio", value=1.0, reason="5 % is ours", stand_in=other_data),
    ),
)  # fmt: skip
