"""`python -m experiments.benchmark_dynamics`."""

from experiments.benchmark_dynamics import STUDY
from mtrl.harness import main

if __name__ == "__main__":
    main(STUDY)
