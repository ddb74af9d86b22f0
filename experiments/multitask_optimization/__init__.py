"""Multi-task optimisation, Aligned-MTL with its relatives, IGB, FS-MTL, Rep-MTL and uncertainty weighting: figures and claims.

python -m experiments.multitask_optimization [--figure=landscape|scalings|quadratics|digits|noise_scales|flatness|saliency|tables|scenes]
"""

from experiments.multitask_optimization import (
    digits,
    flatness,
    landscape,
    noise_scales,
    quadratics,
    saliency,
    scalings,
    scenes,
    tables,
)
from mtrl.harness import Paper, Study

STUDY = Study(
    name="multitask_optimization",
    paper="Senushkin et al. 2023, CVPR, arXiv 2305.19000; Dai et al. 2023, UAI, arXiv 2307.15429; Phan et al., arXiv 2211.13723; "
    "Wang et al. 2025, ICCV, arXiv 2507.21049; Kendall et al. 2018, CVPR, arXiv 1705.07115",
    summary="gradient aggregation and loss weighting for many tasks: where each method stops, and what that costs",
    papers=(
        Paper("Independent Component Alignment for Multi-Task Learning", ("Senushkin", "Patakin", "Kuznetsov", "Konushin"), 2023, "CVPR",
              "2305.19000"),
        Paper("Improvable Gap Balancing for Multi-Task Learning", ("Dai", "Fei", "Lu"), 2023, "UAI", "2307.15429"),
        Paper("Improving Multi-task Learning via Seeking Task-based Flat Regions",
              ("Phan", "Tran", "Tran", "Tran", "Truong", "Lei", "Ho", "Phung", "Le"), 2022, "arXiv", "2211.13723"),
        Paper("Rep-MTL: Unleashing the Power of Representation-level Task Saliency for Multi-Task Learning", ("Wang", "Li", "Xu"), 2025,
              "ICCV", "2507.21049"),
        Paper("Multi-Task Learning Using Uncertainty to Weigh Losses for Scene Geometry and Semantics", ("Kendall", "Gal", "Cipolla"),
              2018, "CVPR", "1705.07115"),
    ),
    confirmed="equations, toy functions, starts and steps from the papers and their code; every aggregator agrees with an "
    "independent library.",
    reconstructed="radii of the flat regions and the temperature of the saliency contrast, details of IGB's prose; end points on the toy "
    "are computed, the papers show pictures.",
    figures=(landscape.FIGURE, scalings.FIGURE, quadratics.FIGURE, digits.FIGURE, noise_scales.FIGURE, flatness.FIGURE, saliency.FIGURE,
             tables.FIGURE, scenes.FIGURE),
)  # fmt: skip
