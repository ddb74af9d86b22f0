"""Command line of the study."""

from experiments.gradient_noise import STUDY
from mtrl.harness import main

if __name__ == "__main__":
    main(STUDY)
