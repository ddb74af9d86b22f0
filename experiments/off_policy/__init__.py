"""Off-policy learning of many bandit tasks from one log: figures and claims.

python -m experiments.off_policy [--figure=synthetic|bounds|misspecification|alpha|logging|movielens]
"""

from experiments.off_policy import alpha, bounds, logging, misspecification, movielens, synthetic
from mtrl.harness import Paper, Study

STUDY = Study(
    name="off_policy",
    paper="Hong et al. 2023, ICML, arXiv 2212.04720",
    summary="pessimistic policies of many bandit tasks from one log, with what the tasks share learnt on the way",
    papers=(
        Paper("Multi-Task Off-Policy Learning from Bandit Feedback", ("Hong", "Kveton", "Zaheer", "Katariya", "Ghavamzadeh"), 2023,
              "ICML", "2212.04720"),
    ),
    confirmed="model, posteriors, baselines, widths and all sizes of the synthetic and film experiments, from the text " "of version 1.",
    reconstructed="constants of the two theorems (from the proof text, checked by simulation), axis grids, regularisation of the "
    "factorisation and the mixture's covariance type.",
    figures=(synthetic.FIGURE, movielens.FIGURE, bounds.FIGURE, misspecification.FIGURE, alpha.FIGURE, logging.FIGURE),
)  # fmt: skip
