"""Active multi-task representation learning: which source tasks to buy labels from.

Chen, Du, Jamieson, ICML 2022, arXiv 2202.00911 (A-MTRL, "L2"); Wang, Chen, Jamieson, Du, ICML 2023, arXiv 2306.02556
(L1-A-MTRL, "L1").

    python -m experiments.active_representation                                        # embedded digits, no files needed
    python -m experiments.active_representation --figure=error_table --dataset=mnist --data_dir=DIR   # idx files in DIR
    python -m experiments.active_representation --figure=error_table --preset=paper --data_dir=DIR    # sizes of the papers

Image figures run on a stand-in (scikit-learn digits under the MNIST-C corruptions) unless told otherwise; `quick` uses a
few targets, a small K and few network steps. `--dataset=mnist_c` reads the released MNIST-C folders.
"""

from experiments.active_representation import (
    costs,
    error_table,
    estimated_relevance,
    improvement,
    known,
    planted,
    sample_map,
    separation,
)
from mtrl.harness import Paper, Study

PARTS = (known, estimated_relevance, separation, costs, planted, improvement, sample_map, error_table)
STUDY = Study(
    name="active_representation",
    paper="Chen, Du, Jamieson 2022, ICML, arXiv 2202.00911; Wang, Chen, Jamieson, Du 2023, ICML, arXiv 2306.02556",
    summary="Buying source labels where they help the target: passive, squared (L2) and absolute (L1) relevance rules.",
    papers=(
        Paper("Active Multi-Task Representation Learning", ("Chen", "Du", "Jamieson"), 2022, "ICML", "2202.00911"),
        Paper("Improved Active Multi-Task Representation Learning via Lasso", ("Wang", "Chen", "Jamieson", "Du"), 2023, "ICML",
              "2306.02556"),
    ),
    confirmed="the claims of both abstracts, and the corruptions and severities of MNIST-C from its release.",
    reconstructed=(
        "loops, budgets, network shape and the list of figures; the first-order risk law and the separation "
        "instance are derived. No number of the papers' tables could be confirmed, so none is quoted."
    ),
    figures=tuple(part.FIGURE for part in PARTS),
)  # fmt: skip
