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
from mtrl.harness import Paper, Study

STUDY = Study(
    name="critical_periods",
    paper="Kleinman et al. 2024, ICLR, arXiv 2308.12221",
    summary="temporary deficits early in training stay for good in deep linear networks: competing pathways, matrix completion",
    papers=(
        Paper("Critical Learning Periods Emerge Even in Deep Linear Networks", ("Kleinman", "Achille", "Soatto"), 2024, "ICLR",
              "2308.12221"),
    ),
    confirmed="constants, masks, losses, switching times and both flows from the authors' repository; what gating and lesions mean "
    "from it and from the public reviews.",
    reconstructed="closed forms of splits and escape times beyond the flows (derived and checked numerically), panels of the appendix; "
    "numbers drawn beside ours come from another program, the paper's plotted values were not available.",
    figures=(pathways.FIGURE, lesion.FIGURE, portraits_large.FIGURE, portraits_small.FIGURE, winner.FIGURE, rank.FIGURE, entries.FIGURE,
             depth.FIGURE, scales.FIGURE, flow.FIGURE, nonlinear.FIGURE),
)  # fmt: skip
