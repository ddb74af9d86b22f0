"""The command line of the gallery: `python -m experiments`."""

import pathlib
import sys
from collections.abc import Sequence

from mtrl.harness.gallery.publish import publish_variant
from mtrl.harness.gallery.registry import Registry, listing
from mtrl.harness.gallery.remake import redraw, remake
from mtrl.harness.gallery.site import write_site
from mtrl.harness.run import status, worker
from mtrl.harness.study import unknown
from mtrl.numerics.errors import BadInput

MOST_WORKERS = 4  # a figure at `quick` may take 4 GB, and its seeds are shared between two devices
USAGE = """usage:
  python -m experiments --list                       every study and figure with its claims
  python -m experiments --headlines [--out=DIR] [STUDY ...]   make the headline figure of every study at quick (into figures/)
  python -m experiments --gallery [--force] [--out=DIR] [STUDY ...]   make every figure that is stale, with --force all of them
  python -m experiments --timed [--out=DIR] [STUDY ...]   time everything anew, one figure at a time, and write speed.html
  python -m experiments --publish=RESULT --variant=NAME   add one result folder to the gallery beside the default, e.g. on real data
  python -m experiments --redraw [STUDY ...]         draw and judge every figure of the gallery anew from its stored data
  python -m experiments --index                      rewrite the gallery's pages from its files
  python -m experiments sweep-status --out=DIR       done, running, failed and missing cells of a run, with reasons
  python -m experiments.<study> --help               the flags of one study"""


def _read(arguments: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Flags with their values ("" for none) and study names.

    Raises:
      BadInput: an unknown flag, a flag of a study, or a value where there is none to give or the other way round.
    """
    with_value, without = (
        ["--publish", "--variant", "--out"],
        ["--list", "--gallery", "--headlines", "--timed", "--force", "--index", "--redraw", "--help"],
    )
    names = [a for a in arguments if not a.startswith("-")]
    values: dict[str, str] = {}
    for argument in arguments:
        if not argument.startswith("-"):
            continue
        flag, equals, value = argument.partition("=")
        if flag == "-h":
            flag = "--help"
        if flag not in with_value + without:
            if names and not {"--gallery", "--headlines", "--timed", "--redraw"} & set(arguments):
                raise BadInput(f"flags of a study go to the study: python -m experiments.{names[0]} {argument}")
            raise BadInput(unknown("flag", flag, with_value + without))
        if flag in with_value and not value and flag != "--variant":
            raise BadInput(f"{flag} got no value; write {flag}=DIR")
        if flag in without and equals:
            raise BadInput(f"{flag} takes no value, but got '{value}'")
        values[flag] = value
    return values, names


def main(arguments: Sequence[str], registry: Registry, home: pathlib.Path) -> None:
    """Entry point of `python -m experiments`.

    Args:
      arguments: the command line.
      registry: the studies there are.
      home: the gallery when `--out` names no other.
    """
    try:
        if arguments and arguments[0] == "sweep-status":
            values, names = _read(arguments[1:])
            if odd := [*names, *(flag for flag in values if flag != "--out")]:
                raise BadInput(f"sweep-status takes --out=DIR alone, but got {odd[0]}; drop it")
            print(status.status(pathlib.Path(values.get("--out", "results")).expanduser()))
            return
        values, names = _read(arguments)
        gallery = pathlib.Path(values["--out"]).expanduser() if "--out" in values else home
        chosen = [registry.load(name) for name in names]
        if "--help" in values:
            print(USAGE)
        elif "--list" in values:
            print(listing(registry.studies()))
        elif {"--publish", "--index", "--redraw"} & set(values):
            if "--publish" in values:
                variant = publish_variant(
                    pathlib.Path(values["--publish"]).expanduser(), gallery, values.get("--variant", "")
                )
                redraw([registry.load(variant.parent.name)], gallery, only=variant.name)
            elif not gallery.is_dir():
                raise BadInput(f"there is no gallery in {gallery}; make one with --gallery")
            elif "--redraw" in values:
                redraw(chosen or registry.studies(), gallery)
            write_site(gallery, registry.studies())
        elif {"--gallery", "--headlines", "--timed"} & set(values):
            options = {name: f"--{name}" in values for name in ("headlines", "timed", "force")}
            work = pathlib.Path("results") / "gallery"
            workers = min(worker.cores(), MOST_WORKERS)
            remake(chosen or registry.studies(), registry.studies(), gallery, work, workers=workers, **options)
        elif names:
            raise BadInput(f"a study runs as python -m experiments.{names[0]}")
        else:
            print(USAGE)
    except BadInput as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped; finished cells and figures are kept and the same command resumes", file=sys.stderr)
        sys.exit(130)
