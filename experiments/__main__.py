"""`python -m experiments --list` names every study and figure with its claims; `--gallery` remakes the gallery."""

import pathlib
import sys

from mtrl.harness.gallery import Registry, main

if __name__ == "__main__":
    main(sys.argv[1:], Registry("experiments"), pathlib.Path(__file__).resolve().parents[1] / "figures")
