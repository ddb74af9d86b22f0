"""Pages of the library from its docstrings: `make docs` writes them to `docs/`, beside nothing that is committed."""

import importlib
import pathlib
import pkgutil
import sys
import warnings

import mtrl

OUTSIDE = ("harness",)  # what studies are written in; CONTRIBUTING describes it


def modules() -> list[str]:
    """Every public module of the library, imported, so that no package hands out a stand-in for one."""
    found = []
    for part in pkgutil.walk_packages(mtrl.__path__, "mtrl."):
        names = part.name.split(".")
        if names[1] not in OUTSIDE and not any(name.startswith("_") for name in names):
            importlib.import_module(part.name)
            found.append(part.name)
    return found


def build(folder: pathlib.Path) -> list[str]:
    """Write one page per module and an index; returns the warnings."""
    import pdoc
    import pdoc.render

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        names = modules()
        pdoc.render.configure(docformat="google", math=True, footer_text="mtrl")
        pdoc.pdoc(*[name for name in names if name.count(".") == 1], output_directory=folder)
    return [str(warning.message) for warning in said if "pdoc" in str(warning.filename)]


if __name__ == "__main__":
    problems = build(pathlib.Path(sys.argv[1]))
    print("\n".join(problems) or f"open {sys.argv[1]}/index.html")
    sys.exit(bool(problems))
