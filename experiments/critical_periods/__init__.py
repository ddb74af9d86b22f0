"""Critical learning periods in deep linear networks: figures and claims.

python -m experiments.critical_periods [--figure=pathways|lesion|portraits_large|portraits_small|winner|rank|entries|depth|...]
"""

from experiments.critical_periods import (
    depth,
    entries,
    flow,
    lesion,
    nonlinear,
    pathways,
    portraits_large,
    portraits_small,
    rank,
    scales,
    winner,
)
from mtrl.harness import Study

STUDY = Study(
    name="critical_periods",
    paper="Kleinman et al. 2024, ICLR, arXiv 2308.12221",
    summary="temporary deficits early in training stay for good in deep linear networks: competing pathways, matrix completion",
    figures=(
        pathways.FIGURE,
        lesion.FIGURE,
        portraits_large.FIGURE,
        portraits_small.FIGURE,
        winner.FIGURE,
        rank.FIGURE,
        entries.FIGURE,
        depth.FIGURE,
        scales.FIGURE,
        flow.FIGURE,
        nonlinear.FIGURE,
    ),
)
