"""Off-policy learning of many bandit tasks from one log: figures and claims.

python -m experiments.off_policy [--figure=synthetic|bounds|misspecification|alpha|logging|movielens]
"""

from experiments.off_policy import alpha, bounds, logging, misspecification, movielens, synthetic
from mtrl.harness import Study

STUDY = Study(
    name="off_policy",
    paper="Hong et al. 2023, ICML, arXiv 2212.04720",
    summary="pessimistic policies of many bandit tasks from one log, with what the tasks share learnt on the way",
    figures=(
        synthetic.FIGURE,
        movielens.FIGURE,
        bounds.FIGURE,
        misspecification.FIGURE,
        alpha.FIGURE,
        logging.FIGURE,
    ),
)
