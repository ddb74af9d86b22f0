"""`python -m experiments.rmt_regression`."""

from experiments.rmt_regression import STUDY
from mtrl.harness import main

if __name__ == "__main__":
    main(STUDY)
