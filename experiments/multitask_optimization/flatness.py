"""FS-MTL around three aggregators on the overlaid digits: how flat the losses end, how often tasks conflict, and at what radius it pays.

python -m experiments.multitask_optimization --figure=flatness (10 seeds). The paper states no radii: they are swept. Its ablation
aggregates the sharpness-aware gradients directly.
"""

import numpy as np

from experiments.multitask_optimization import protocol, training
from experiments.multitask_optimization.protocol import CAGRAD, LOOKS, MGDA, PCGRAD
from experiments.multitask_optimization.training import MULTI, PAPER, SMOKE, DigitsConfig
from mtrl import optimization
from mtrl.harness import Axis, Claim, Figure, dataset, field, jax, jnp, less_than_zero, over_seeds
from mtrl.harness.judge.measures import FIRST, LAST, mean, value
from mtrl.harness.picture import plots

AROUND = (MGDA, PCGRAD, CAGRAD)
RADII = (0.0, 0.05, 0.1, 0.2, 0.4)  # at which the loss is looked at


class FlatnessConfig(DigitsConfig, steps=400):
    """Radii of FS-MTL; 0 is the aggregator alone."""

    rho: tuple[float, ...] = field(
        (0.0, 0.05, 0.2), help="rho of shared part and heads, ascending from 0", lower=0.0, distinct=True
    )


def flat(key, parts, rate, rhos, **sizes):
    """(scores, rise, conflicts) per way (apart, directly), method and radius."""
    model, train, held = training.prepare(key, parts, kind=MULTI, **sizes)
    rules = [protocol.aggregator(name, 2) for name in AROUND]

    def one(apart, index, rho):
        rule = optimization.fs_mtl(optimization.choose(rules, index), rho_shared=rho, rho_own=rho, decomposed=apart)
        weights, scores, reports = training.fit(key, model, train, held, rule, rate, **sizes)
        rise = optimization.mean_rise(model.split(train).losses, weights, jnp.asarray(RADII, train.inputs.dtype))
        return scores.mean(), rise, reports.conflicts

    grid = jnp.meshgrid(jnp.array([1, 0]), jnp.arange(len(rules)), rhos.astype(train.inputs.dtype), indexing="ij")
    found = jax.lax.map(lambda at: one(*at), tuple(p.reshape(-1) for p in grid))
    return jax.tree.map(lambda x: x.reshape(2, len(rules), -1, *x.shape[1:]), found)


def run(config, seeds):
    """One cell."""
    parts, sizes, rhos = training.pictures_of(config), training.sizes_of(config), np.sort(config.rho)
    found = over_seeds(flat, seeds, parts, config.rate, rhos, **sizes)
    apart, direct = ([x[:, way] for x in found] for way in (0, 1))
    dims = ("seed", "method", "rho")
    return dataset(
        seeds,
        {
            "method": list(AROUND),
            "rho": Axis(rhos, words="radius rho of FS-MTL"),
            "radius": Axis(np.array(RADII), words="distance"),
            "step": training.stretches(config),
        },
        accuracy=(dims, 100 * apart[0], "%", "test accuracy, mean of both digits"),
        accuracy_direct=(dims, 100 * direct[0], "%", "test accuracy, aggregated directly"),
        rise=((*dims, "radius"), apart[1], "nat", "rise of the training loss, mean of the tasks"),
        rise_direct=((*dims, "radius"), direct[1], "nat", "rise of the training loss, aggregated directly"),
        conflicts=((*dims, "step"), 100 * apart[2], "%", "conflicting pairs of tasks"),
    )


def draw(data, config):
    """Rise of the loss, accuracy against the radius, conflicts along the training."""
    figure, axes = plots.panel(1, 3, width=4.5, height=3.6)
    for end, line in ((0, "--"), (-1, "-")):
        rho = float(data["rho"][end])
        look = {m: LOOKS[m]._replace(line=line, words=f"{LOOKS[m].words}, rho = {rho:g}") for m in AROUND}
        plots.curves(axes[0, 0], data["rise"].isel(rho=end), "radius", "method", look)
        plots.curves(axes[0, 2], data["conflicts"].isel(rho=end), "step", "method", look)
    direct = {m: LOOKS[m]._replace(words=f"{LOOKS[m].words}, directly", marker="x") for m in AROUND}
    plots.points(axes[0, 1], data["accuracy"], "rho", "method", LOOKS, linestyle="-")
    plots.points(axes[0, 1], data["accuracy_direct"], "rho", "method", direct, linestyle=":")
    small = {"fontsize": 7}
    plots.finish(axes[0, 0], y="rise of the training loss [nat]", title="stand-in: two overlaid digits", legend=small)
    plots.finish(axes[0, 1], legend=small)
    plots.finish(axes[0, 2], title="lines as on the left", legend=None)
    return figure


SHORT = "after 400 updates nothing overfits yet: what the steps at worst points cost in speed is not won back in generalisation"


def claims():
    """The paper's statements about every aggregator."""
    for m in AROUND:
        name, table = LOOKS[m].words, {MGDA: "86.27 -> 87.73", PCGRAD: "86.57 -> 87.76", CAGRAD: "86.51 -> 87.82"}[m]
        yield Claim(f"FS-MTL flattens {name}: rise at distance 0.4, largest rho minus rho = 0", "Phan et al., section 5 (flatter losses)",
                    mean(value("rise", method=m, rho=LAST, radius=LAST) - value("rise", method=m, rho=FIRST, radius=LAST)),
                    less_than_zero, unit="nat", stand_in=True)  # fmt: skip
        yield Claim(f"FS-MTL raises the accuracy of {name}: accuracy at rho = 0 minus at the largest rho",
                    f"Phan et al., Multi-Fashion: {table} (ordering)",
                    mean(value("accuracy", method=m, rho=FIRST) - value("accuracy", method=m, rho=LAST)), less_than_zero, unit="%",
                    stand_in=True, note=SHORT)  # fmt: skip
        yield Claim(f"FS-MTL lowers the conflicts of {name}: last stretch, largest rho minus rho = 0",
                    "Phan et al. (the ratio falls towards 0, above 50 % without)",
                    mean(value("conflicts", method=m, rho=LAST, step=LAST) - value("conflicts", method=m, rho=FIRST, step=LAST)),
                    less_than_zero, unit="%", stand_in=True)  # fmt: skip
        yield Claim(f"aggregating parts apart beats the direct way around {name} (accuracy, direct minus apart, largest rho)",
                    "Phan et al., Cityscapes ablation: Delta_m 6.43 -> 0.67 (ordering)",
                    mean(value("accuracy_direct", method=m, rho=LAST) - value("accuracy", method=m, rho=LAST)), less_than_zero, unit="%",
                    stand_in=True)  # fmt: skip


FIGURE = Figure(
    __name__,
    title="FS-MTL: flatness and conflicts with and without it",
    question="Does FS-MTL flatten the loss, and does that lower the conflicts between tasks and raise the accuracy?",
    claims=tuple(claims()),
    presets={
        "smoke": dict(SMOKE, rho=(0.0, 0.1)),
        "paper": dict(PAPER, rho=(0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)),
    },
)  # fmt: skip
