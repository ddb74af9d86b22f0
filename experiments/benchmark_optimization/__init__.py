"""Aggregation of task gradients against what one would use instead, as ratios measured side by side in one run.

    python -m experiments.benchmark_optimization        # about 3 minutes on 2 quiet cores

Goals: per-step aggregation >= 5x faster than TorchJD (`pip install -e .[peers]`; without it the yardstick is NumPy as the papers write it),
Nash-MTL and CAGrad >= 50x faster than their convex programs, the toy's 35,000 steps x methods x starts >= 100x faster than a literal loop.
"""

from experiments.benchmark_optimization.aggregation import FIGURE as AGGREGATION
from experiments.benchmark_optimization.landscape import FIGURE as LANDSCAPE
from experiments.benchmark_optimization.scaling import FIGURE as SCALING
from mtrl.harness import Study

STUDY = Study(
    name="benchmark_optimization",
    paper="this project's own goals for the methods of Senushkin et al. 2023, arXiv 2305.19000, and its baselines",
    summary="Aggregators against NumPy, convex programs and TorchJD; a landscape's paths in one program; cost and memory.",
    figures=(AGGREGATION, LANDSCAPE, SCALING),
)
