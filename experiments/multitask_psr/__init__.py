"""Multitask predictive state representations: figures and claims, all of this project's own design (the paper has no experiments).

python -m experiments.multitask_psr [--figure=error|termination|gap|downstream|omt|baselines|brackets|conditioning]
"""

from experiments.multitask_psr import baselines, brackets, conditioning, downstream, error, gap, omt, termination
from mtrl.harness import Paper, Study

STUDY = Study(
    name="multitask_psr",
    paper="Huang, Cheng, Yang, Tan and Liang 2024, ICLR, arXiv 2310.13550 (theory only: every figure is this project's own design)",
    summary="partially observed tasks with a joint model class: UMT-PSR upstream, OMT-PSR downstream",
    papers=(
        Paper("Provable Benefits of Multi-task RL under Non-Markovian Decision Making Processes",
              ("Huang", "Cheng", "Yang", "Tan", "Liang"), 2024, "ICLR", "2310.13550"),
    ),
    confirmed="joint class and its bracketing number, confidence set, pairwise planning and guarantees; the paper is " "theory only.",
    reconstructed="constants and both instantiations; every figure and number is this project's own design and never a result of the "
    "paper.",
    figures=(error.FIGURE, termination.FIGURE, gap.FIGURE, downstream.FIGURE, omt.FIGURE, baselines.FIGURE, brackets.FIGURE,
             conditioning.FIGURE),
)  # fmt: skip
