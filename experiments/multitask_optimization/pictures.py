"""The landscape's data and drawing, for every scaling of its losses."""

import numpy as np

from experiments.multitask_optimization import protocol
from mtrl import optimization
from mtrl.harness import Axis, dataset, evaluate, jax, jnp
from mtrl.harness.picture import plots

GRID = (np.linspace(-11.0, 11.0, 111), np.linspace(-11.0, 11.0, 111))


def on_grid(first, second):
    """Both losses over a grid, (row, column, task), and the Pareto set with its losses."""
    toy = optimization.toy
    at = jnp.stack(jnp.meshgrid(first, second), axis=-1)
    front = toy.pareto_set(101)
    return jax.vmap(jax.vmap(toy.losses))(at), front, jax.vmap(toy.losses)(front)


def path_dataset(x, losses, condition, starts, methods, config, scale, listed):
    """Paths of the methods with the Pareto set, the minimiser of the weighted sum, and the numbers listed elsewhere (x1, mean loss)."""
    best = np.asarray(optimization.toy.optimum(tuple(scale)))
    surface, front, values = evaluate(on_grid, *GRID)
    steps = np.arange(x.shape[2]) * config.keep
    condition = np.where(np.isfinite(condition), condition, np.nan)
    dims = ("method", "start", "step")
    return dataset(
        None,
        {
            "method": list(methods), "start": list(starts), "step": Axis(steps, words="step"), "coordinate": ["x1", "x2"],
            "task": ["L1", "L2"], "row": GRID[1], "column": GRID[0],
        },
        x=((*dims, "coordinate"), x, "1"),
        loss=((*dims, "task"), losses, "loss"),
        end_x1=(dims[:2], x[:, :, -1, 0], "1"),
        end_x1_best=(dims[:2], np.full(x.shape[:2], best[0]), "1"),
        end_x1_listed=(dims[:2], protocol.table(listed[0], methods, starts), "1"),
        end_loss=(dims[:2], losses[:, :, -1].mean(-1), "loss"),
        end_loss_listed=(dims[:2], protocol.table(listed[1], methods, starts), "loss"),
        condition=(dims, condition, "1", "condition number of the Jacobian"),
        surface=(("row", "column", "task"), surface, "loss"),
        front=(("point", "coordinate"), front, "1"),
        front_loss=(("point", "task"), values, "loss"),
    )  # fmt: skip


def contours(ax, data, task, **keywords):
    """Level lines of a loss, or of the mean of both."""
    z = data["surface"].mean("task") if task is None else data["surface"].sel(task=task)
    ax.contour(data["column"], data["row"], z, **{"levels": 12, "linewidths": 0.6, **keywords})


def follow(ax, path, look):
    """One path, its step by colour, with its start and its end."""
    ax.scatter(*path.T, c=np.arange(len(path)), cmap="plasma", s=4, linewidths=0, zorder=3)
    ax.plot(*path[0], "ko", markersize=4, zorder=4)
    ax.plot(*path[-1], marker="s", color=look.color, markeredgecolor="white", markersize=6, zorder=5)


def star(ax, point):
    """The minimiser of the weighted sum."""
    ax.plot(*point, marker="*", color="gold", markeredgecolor="black", markersize=11, linestyle="none", zorder=6)


MARKS = "dots: start (black), then steps, dark to light; square: end; grey: Pareto set (theory); star: minimiser of the weighted sum"
SQUARE = dict(x="x1", y="x2", legend=None, xlim=(-11, 11), ylim=(-11, 11))


def conditions(ax, data, looks):
    """Condition number of the Jacobian along the paths, median over the starts, up to the precision of the numbers."""
    for method in data["method"].values:
        middle, look = data["condition"].sel({"method": method}).median("start"), looks[str(method)]
        ax.plot(
            data["step"], np.minimum(middle, 1e16), color=look.color, linestyle=look.line, label=look.words, linewidth=1
        )
    small = {"fontsize": 6.5, "ncol": 2, "loc": "upper left"}
    plots.finish(ax, x="step", y="condition number (median start)", log="y", legend=small, ylim=(0.5, 1e26))


def draw_paths(data, config, looks, best):
    """Per method the paths over contours of the mean and in the plane of the losses; both losses; the condition number."""
    methods, columns = [str(m) for m in data["method"].values], 4
    rows = -(-(len(methods) + 1) // columns)
    figure, axes = plots.panel(2 * rows, columns, width=3.1, height=2.9)
    best = np.asarray(best)
    points, losses = data["front"].values, data["front_loss"].values
    for i, method in enumerate(methods):
        above, below = axes[i // columns, i % columns], axes[rows + i // columns, i % columns]
        contours(above, data, None, cmap="Greys")
        for ax, name, line in ((above, "x", points), (below, "loss", losses)):
            ax.plot(*line.T, color="0.3", linewidth=3, alpha=0.5, zorder=2)
            for start in range(data.sizes["start"]):
                follow(ax, data[name].sel({"method": method}).isel(start=start).values, looks[method])
        star(above, best)
        star(below, np.asarray(optimization.toy.losses(jnp.asarray(best))))
        plots.finish(above, title=looks[method].words, **SQUARE)
        plots.finish(below, x="L1", y="L2", title=looks[method].words, legend=None)
    last = axes[rows - 1, columns - 1]
    contours(last, data, "L1", colors=plots.style.COLORS[0])
    contours(last, data, "L2", colors=plots.style.COLORS[1])
    last.plot(*points.T, color="0.3", linewidth=3, alpha=0.5)
    plots.finish(last, title="levels of L1 (blue), L2 (red)", **SQUARE)
    conditions(axes[-1, -1], data, looks)
    figure.suptitle(MARKS, fontsize=9)
    return figure


def draw_settings(data, settings, looks):
    """Per setting (starts and scales) and method the paths over contours of the scaled sum."""
    methods = [str(m) for m in data["method"].values]
    columns = -(-len(methods) // 2)
    figure, axes = plots.panel(2 * len(settings), columns, width=3.1, height=2.9)
    for ax in axes.flat[:]:
        ax.set_visible(False)
    for row, (name, (starts, scale)) in enumerate(settings.items()):
        best = np.asarray(optimization.toy.optimum(scale))
        total = (data["surface"] * np.array(scale)).sum("task")
        for i, method in enumerate(methods):
            ax = axes[2 * row + i // columns, i % columns]
            ax.set_visible(True)
            ax.contour(data["column"], data["row"], total, levels=12, linewidths=0.6, cmap="Greys")
            ax.plot(*data["front"].values.T, color="0.3", linewidth=3, alpha=0.5, zorder=2)
            for start in range(len(starts)):
                follow(
                    ax, data[f"x_{name}"].sel({"method": method}).isel({f"start_{name}": start}).values, looks[method]
                )
            star(ax, best)
            plots.finish(ax, title=f"{looks[method].words}: {scale[0]:g} L1 + {scale[1]:g} L2", **SQUARE)
    figure.suptitle(MARKS, fontsize=9)
    return figure
