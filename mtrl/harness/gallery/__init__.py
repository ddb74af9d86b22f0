"""The gallery: every figure of every study at `quick`, with its claims and the small data it was drawn from, and generated pages.

`registry` names and lists studies, `command` reads the command line, `remake` runs them, `publish` copies results, `derived` adds what is
made from them, `entries` reads all of it, `site` writes the pages.
"""

from mtrl.harness.gallery.command import main
from mtrl.harness.gallery.registry import Registry

__all__ = ["Registry", "main"]
