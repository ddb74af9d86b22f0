"""Multi-task optimisation, Aligned-MTL with its relatives, IGB, FS-MTL, Rep-MTL and uncertainty weighting: figures and claims.

python -m experiments.multitask_optimization [--figure=landscape|scalings|quadratics|digits|noise_scales|flatness|saliency|tables]
"""

from experiments.multitask_optimization import (
    digits,
    flatness,
    landscape,
    noise_scales,
    quadratics,
    saliency,
    scalings,
    tables,
)
from mtrl.harness import Study

STUDY = Study(
    name="multitask_optimization",
    paper="Senushkin et al. 2023, CVPR, arXiv 2305.19000; Dai et al. 2023, UAI, arXiv 2307.15429; Phan et al., arXiv 2211.13723; "
    "Wang et al. 2025, ICCV, arXiv 2507.21049; Kendall et al. 2018, CVPR, arXiv 1705.07115",
    summary="gradient aggregation and loss weighting for many tasks: where each method stops, and what that costs",
    figures=(
        landscape.FIGURE,
        scalings.FIGURE,
        quadratics.FIGURE,
        digits.FIGURE,
        noise_scales.FIGURE,
        flatness.FIGURE,
        saliency.FIGURE,
        tables.FIGURE,
    ),
)
