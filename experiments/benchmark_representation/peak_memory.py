"""Peak memory at 6400 tasks in 100 dimensions, each variant in a fresh process."""

from mtrl.harness import BaseConfig, Claim, Figure, at_most, dataset, field, timing
from mtrl.harness.judge.measures import exact, value
from mtrl.harness.picture import plots

PROBE = "experiments.benchmark_representation.memory_probe"
LOOK = plots.looks(
    {
        "none": "data only",
        "moments": "moments, streamed",
        "streamed": "AltMin, streamed",
        "gram": "AltMin, all Gram matrices",
    }
)


class MemoryConfig(BaseConfig):
    """Peak resident memory of fresh processes."""

    seeds: int = field(1, help="not used: the measure is of one fit", lower=1)
    tasks: int = field(6400, help="tasks T", lower=2)
    samples: int = field(25, help="samples per task n", lower=1)
    dim: int = field(100, help="dimension d", lower=2)
    rank: int = field(5, help="dimension of the shared subspace r", lower=1)


def run(config, seeds):
    """One process per variant."""
    sizes = [str(v) for v in (config.tasks, config.samples, config.dim, config.rank)]
    peaks = [timing.peak_memory(PROBE, variant, *sizes) for variant in LOOK]
    return dataset(None, {"variant": list(LOOK)}, peak=("variant", peaks, "bytes"))


def draw(data, config):
    """Bars in GiB."""
    figure, axes = plots.panel(width=5.5, height=3)
    ax = axes[0, 0]
    plots.bars(ax, data["peak"] / 2**30, "variant", LOOK)
    gram = 8 * config.tasks * config.dim**2 / 2**30
    ax.axvline(gram, color="black", linestyle=":", label="size of all Gram matrices")
    title = f"T = {config.tasks}, d = {config.dim}, n = {config.samples}"
    plots.finish(ax, x="peak resident memory of the process [GiB]", title=title, legend=None)
    figure.legend(*ax.get_legend_handles_labels(), loc="outside lower right")
    return figure


def extra(variant: str):
    """Peak above that of drawing the data alone."""
    return value("peak", variant=variant) - value("peak", variant="none")


FIGURE = Figure(
    __name__, aliases=("B4",),
    title="Peak memory at 6400 tasks in 100 dimensions",
    question="How much memory do 6400 tasks in 100 dimensions take when the Gram matrices are streamed?",
    claims=tuple(
        Claim.speed(text=f"{words} never holds the Gram matrices of all tasks (extra peak over that of holding them)",
                    paper="design goal of this library", measure=exact(extra(variant) / extra("gram")),
                    accepts=at_most(0.5, "half would be one triangle of each"),
                    unit="extra peak memory of AltMin with all Gram matrices")
        for variant, words in (("moments", "the streamed method of moments"), ("streamed", "streamed AltMin"))
    ),
    presets={"smoke": dict(tasks=40, samples=6, dim=10, rank=2), "paper": {}},
)  # fmt: skip
