"""Multi-task least-squares SVM: Tiomoko, Tiomoko Ali, Couillet, ICLR 2021; long version arXiv 2009.01591.

python -m experiments.rmt_classification                                     # all figures at `quick`, no files needed
python -m experiments.rmt_classification --figure=real --data_dir=DIR        # DIR holds one .npz with X, y in {1, 2}, task

The papers' own figure settings are not public in full: the settings here are ours, and values marked "reference run" were computed from the
same formulas in an independent implementation.
"""

from experiments.rmt_classification.coupling_sweep import FIGURE as COUPLING_SWEEP
from experiments.rmt_classification.more_sources import FIGURE as MORE_SOURCES
from experiments.rmt_classification.negative_transfer import FIGURE as NEGATIVE_TRANSFER
from experiments.rmt_classification.real import FIGURE as REAL
from experiments.rmt_classification.score_histogram import FIGURE as SCORE_HISTOGRAM
from mtrl.harness import Paper, Study

STUDY = Study(
    name="rmt_classification",
    paper="Tiomoko, Tiomoko Ali, Couillet 2021, ICLR; Tiomoko, Couillet, Tiomoko 2020, arXiv 2009.01591",
    summary="Negative transfer of the multi-task least-squares SVM, predicted by random matrix theory and repaired by optimal labels.",
    papers=(
        Paper("Deciphering and Optimizing Multi-Task Learning: a Random Matrix Approach",
              ("Tiomoko", "Tiomoko Ali", "Couillet"), 2021, "ICLR"),
        Paper("Large Dimensional Analysis and Improvement of Multi Task Learning",
              ("Tiomoko", "Couillet", "Tiomoko"), 2020, "arXiv", "2009.01591"),
    ),
    confirmed=(
        "model, Gaussian limit of the score, negative transfer, label correction and normalisation, from the "
        "abstracts and the structure of the authors' code."
    ),
    reconstructed=(
        "mean, variance and optimal labels were derived here and agree with simulation; settings of the figures "
        "are ours, and no number of the papers' real-data tables is quoted."
    ),
    figures=(SCORE_HISTOGRAM, NEGATIVE_TRANSFER, MORE_SOURCES, COUPLING_SWEEP, REAL),
)  # fmt: skip
