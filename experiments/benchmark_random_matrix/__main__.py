"""`python -m experiments.benchmark_random_matrix`."""

from experiments.benchmark_random_matrix import STUDY
from mtrl.harness import main

if __name__ == "__main__":
    main(STUDY)
