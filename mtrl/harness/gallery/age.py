"""Whether a published figure is of today's sources and pins, in words for its page."""

from mtrl.harness.gallery.entries import Entry
from mtrl.harness.run.provenance import source_digest, versions


def older(entry: Entry) -> str:
    """Why a figure may not be what today's project would give: one sentence, "" where nothing has changed.

    Sources are those that the study reaches, as digests in the figure's stamp; a change of any of them counts, also of words alone.
    """
    again = f"make gallery STUDY={entry.study.name}"
    if not entry.run:
        return f"No record of its run was kept, so it may be of older sources; {again} makes it anew."
    reasons = []
    if entry.run.get("source_digest") != source_digest(entry.study.module):
        reasons.append("computed by older sources")
    if entry.run.get("drawn_by") != source_digest(entry.study.module, drawing=True):
        reasons.append("drawn by older sources")
    if entry.run.get("versions", versions()) != versions():
        reasons.append("made with other pins")
    return f"This figure was {' and '.join(reasons)} than today's; {again} makes it anew." if reasons else ""
