"""Whether a published figure is of today's sources and pins, in words for its page."""

from mtrl.harness.gallery.entries import Entry
from mtrl.harness.run import sources
from mtrl.harness.run.provenance import versions


def older(entry: Entry) -> str:
    """Why a figure may not be what today's project would give: one sentence, "" where nothing has changed.

    Sources are the definitions that the figure reaches, as digests in its stamp: see `mtrl.harness.run.sources`.
    """
    again = f"make gallery STUDY={entry.study.name}"
    if not entry.run:
        return f"No record of its run was kept, so it may be of older sources; {again} makes it anew."
    reasons = []
    if entry.run.get("computed_by") != sources.computed_by(entry.figure):
        reasons.append("computed by older sources")
    if entry.run.get("drawn_by") != sources.drawn_by(entry.figure, entry.study.module):
        reasons.append("drawn by older sources")
    if entry.run.get("versions", versions()) != versions():
        reasons.append("made with other pins")
    return f"This figure was {' and '.join(reasons)} than today's; {again} makes it anew." if reasons else ""
