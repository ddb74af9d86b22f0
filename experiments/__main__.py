"""`python -m experiments --list` names every study and figure with its claims; `--gallery` remakes the gallery."""

import sys

from mtrl.harness import gallery

if __name__ == "__main__":
    gallery.main(sys.argv[1:])
