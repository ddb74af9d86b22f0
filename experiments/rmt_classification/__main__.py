"""`python -m experiments.rmt_classification`."""

from experiments.rmt_classification import STUDY
from mtrl.harness import main

if __name__ == "__main__":
    main(STUDY)
