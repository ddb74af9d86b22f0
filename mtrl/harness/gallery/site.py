"""The gallery as static pages: a landing page, one page per paper, and a table for the repository's host."""

import functools
import json
import pathlib
from typing import Any

from mtrl.harness.gallery import lanes_table, speed
from mtrl.harness.gallery.age import older
from mtrl.harness.gallery.entries import TIMES, VERDICTS, Entry, entries, tally
from mtrl.harness.judge import report
from mtrl.harness.judge.claims import KINDS
from mtrl.harness.run import store
from mtrl.harness.study import Study

ORIGINS = ("real", "stand-in", "synthetic")
_WORDS = {"verdicts": VERDICTS, "kinds": list(KINDS), "origins": ORIGINS, "times": list(TIMES.values())}


def write_site(gallery: pathlib.Path, studies: list[Study]) -> None:
    """Write `index.html`, `speed.html`, `<study>/index.html`, `style.css`, `site.js` and `README.md`, from the files of the gallery.

    Args:
      gallery: folder with `<study>/<figure>/`, and `reliability.json` where the reliability runs were made: {"date", "pins": {package:
        version}, "checks": [{"name", "what", "figure", "held", "seconds"}]}; `lanes.json` where `python -m tests.lanes` was run.
      studies: named on the pages, in this order; those without a published figure are left out.
    """
    published = {study.name: entries(gallery, study) for study in studies}
    shown = [study for study in studies if published[study.name]]
    everything = [entry for found in published.values() for entry in found]
    templates = _environment()
    landing = templates.get_template("landing.html").render(
        root="",
        studies=shown,
        published=published,
        totals=tally(everything),
        reliability=_reliability(gallery, everything),
        **_WORDS,
    )
    _write(gallery / "index.html", landing)
    rows, gaps = speed.table(everything)
    made = templates.get_template("speed.html").render(
        root="",
        rows=rows,
        groups=speed.grouped(rows),
        gaps=gaps,
        unpublished=speed.unpublished(shown, everything),
        spent=speed.spent(everything),
        runs=speed.runs(rows),
        lanes=lanes_table.read(gallery),
    )
    _write(gallery / "speed.html", made)
    _write(gallery / "README.md", _readme(shown, published))
    for name in ("style.css", "site.js"):
        _write(gallery / name, templates.get_template(name).render())
    for study in shown:
        write_page(gallery, study, published[study.name])


def write_page(gallery: pathlib.Path, study: Study, found: list[Entry] | None = None) -> None:
    """Write the page of one paper, of what is published of it or of the entries that were `found` before."""
    found = entries(gallery, study) if found is None else found
    template = _environment().get_template("paper.html")
    page = template.render(root="../", study=study, groups=_groups(found), totals=tally(found), **_WORDS)
    _write(gallery / study.name / "index.html", page)


def _reliability(gallery: pathlib.Path, everything: list[Entry]) -> dict[str, Any] | None:
    """The last reliability runs, each check with the page of its figure; None where there were none."""
    path = gallery / "reliability.json"
    if not path.is_file():
        return None
    stored = json.loads(path.read_text())
    pages = {
        f"{e.study.name}/{e.figure.name}": f"{e.study.name}/index.html#{e.anchor}" for e in everything if not e.variant
    }
    checks = [{**check, "page": pages.get(check.get("figure") or "", "")} for check in stored["checks"]]
    return {**stored, "checks": checks, "held": sum(bool(check["held"]) for check in checks)}


def _write(path: pathlib.Path, text: str) -> None:
    """Write a file unless it holds just that."""
    content = text.encode()
    if not path.is_file() or path.read_bytes() != content:
        store.write_bytes(path, content)


@functools.cache
def _environment() -> Any:
    import jinja2

    loader = jinja2.PackageLoader("mtrl.harness.gallery")
    made = jinja2.Environment(
        loader=loader,
        autoescape=jinja2.select_autoescape(),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["number"] = report.number
    made.filters["older"] = older
    made.filters["times"] = speed.times
    made.filters["duration"] = speed.duration
    made.filters["percent"] = speed.percent
    made.filters["caption"] = lambda text: " ".join((text or "").split())
    made.filters["sentence"] = lambda text: text[:1].upper() + text[1:].rstrip(".") + "."
    made.filters["headline"] = lambda found: next((e for e in found if e.figure.headline and not e.variant), found[0])
    return made


def _groups(found: list[Entry]) -> list[list[Entry]]:
    """A figure with its variants, figure by figure."""
    groups: dict[str, list[Entry]] = {}
    for entry in found:
        groups.setdefault(entry.figure.name, []).append(entry)
    return list(groups.values())


def _readme(shown: list[Study], published: dict[str, list[Entry]]) -> str:
    """One screen for whoever reads the repository on its host: what the pages are, and the claims of the papers."""
    lines = [
        "# Gallery",
        "",
        "Open [index.html](index.html) in a browser (from a clone, or any static host): every figure with claims, data and command. "
        "Generated by `make gallery`; the table counts claims of the papers, on their own settings and on stand-in data.",
        "",
        "| | paper | figures | reproduced | not reproduced | undecided |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for study in shown:
        found = published[study.name]
        first = next((e for e in found if e.figure.headline and not e.variant), found[0])
        counts = [sum(row[v] for kind, row in tally(found).items() if kind.split()[0] == "paper") for v in VERDICTS]
        image = f'<img src="{study.name}/{first.folder.name}/figure.png" alt="" width="160">'
        figures = len({entry.figure.name for entry in found})
        lines.append(
            f"| {image} | [{study.name}]({study.name}/index.html): {study.summary} | {figures} | {' | '.join(map(str, counts))} |"
        )
    return "\n".join([*lines, ""])
