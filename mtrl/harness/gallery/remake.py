"""The gallery made anew: every figure at `quick`, published as it is done."""

import pathlib

from mtrl.harness.gallery.derived import add_derived
from mtrl.harness.gallery.entries import entries
from mtrl.harness.gallery.publish import is_fresh, publish
from mtrl.harness.gallery.site import write_page, write_site
from mtrl.harness.judge import report
from mtrl.harness.run import carry, compiled, devices, produce, sources, store
from mtrl.harness.run.engine import Setting
from mtrl.harness.run.produce import Job
from mtrl.harness.study import Study
from mtrl.numerics.errors import BadInput


def remake(
    studies: list[Study],
    all_studies: list[Study],
    gallery: pathlib.Path,
    work: pathlib.Path,
    *,
    headlines: bool = False,
    timed: bool = False,
    force: bool = False,
    workers: int = 1,
) -> None:
    """Run the studies at `quick` into `work`, publish each figure as it is done, print the claims.

    Where only drawing or claims have changed, figures and their variants are drawn and judged anew from the stored data.

    Args:
      studies: whose figures are made.
      all_studies: named in the index.
      gallery: where results are published.
      work: where they are made; finished cells there are not computed again.
      headlines: only the headline figure of each study, whether stale or not.
      timed: only the figures that time something, whether stale or not.
      force: also figures that are made and drawn by today's sources, configuration and pins.
      workers: processes that compute cells while this one draws; figures that time something come last, alone and in this process.

    Raises:
      BadInput: the gallery cannot be written, or, after all others were made, naming the figures that failed.
    """
    from mtrl.harness.driver import forget_programs

    compiled.start()
    devices.start(True)
    produce.check_writable(gallery)
    jobs, skipped = [], 0
    for study in studies:
        for figure in study.figures:
            job = Job(study, figure, figure.configure("quick", {}), work / study.name / figure.name)
            if (headlines and not figure.headline) or (timed and not _is_timed(job)):
                continue
            if not (headlines or timed or force) and is_fresh(gallery / study.name / figure.name, job.stamps()):
                skipped += 1
                continue
            jobs.append(job)
    if skipped:
        print(f"{skipped} figures are up to date and skipped; FORCE=1 makes them again")
    if not (headlines or timed):
        made = {(job.study.name, job.figure.name) for job in jobs}
        _draw_stale(studies, gallery, made)
    if not jobs:
        write_site(gallery, all_studies)
        return

    def keep(job: Job) -> None:
        target = gallery / job.study.name / job.figure.name
        publish(job.folder, target)
        add_derived(target, job.figure, job.config, job.folder)
        write_page(gallery, job.study)
        forget_programs()

    failures: list[tuple[Job, Exception]] = []
    results: carry.Results = []
    alone = [job for job in jobs if _is_timed(job)]
    others = [job for job in jobs if job not in alone]
    try:
        for group, what, most in ((others, "gallery", workers), (alone, "timings, one at a time", 1)):
            if group:
                results += carry.make_all(
                    group,
                    overwrite=True,
                    engine_name="processes" if most > 1 else "serial",
                    setting=Setting(workers=most),
                    what=what,
                    after_each=keep,
                    failures=failures,
                )
    finally:
        write_site(gallery, all_studies)
    print(report.claims_table(results, with_study=True))
    print(f"open {gallery}/{'speed' if timed else 'index'}.html")
    if failures:
        raise BadInput(
            "; ".join(f"{job.study.name}/{job.figure.name} was not made: {error}" for job, error in failures)
            + "; the other figures stand, and the same command tries these again"
        )


def _is_timed(job: Job) -> bool:
    """Whether the figure holds times that other work on the machine would spoil."""
    return not job.study.papers or any(claim.kind == "speed" for claim in job.figure.claims)


def _draw_stale(studies: list[Study], gallery: pathlib.Path, made: set[tuple[str, str]]) -> None:
    """Draw what other sources drew, but for figures that are `made` as a whole; say what cannot be drawn."""
    stale = [
        (study, entry.folder.name)
        for study in studies
        for entry in entries(gallery, study)
        if (study.name, entry.folder.name) not in made
        and entry.run.get("drawn_by") != sources.drawn_by(entry.figure, study.module)
    ]
    for study, name in stale:
        try:
            redraw([study], gallery, name)
        except BadInput as error:
            print(error)
    if stale:
        print(f"{len(stale)} figures were drawn and judged anew from their stored data")


def redraw(studies: list[Study], gallery: pathlib.Path, only: str = "") -> None:
    """Draw and judge published figures anew from their stored data, all or one; those without (too large to keep) stay as they are.

    Raises:
      BadInput: after all others were drawn, naming those whose stored data today's drawing cannot read.
    """
    devices.start(True)  # a drawing may ask the library for a constant, in the precision that the claims were judged in
    failures = []
    for study in studies:
        for entry in entries(gallery, study):
            if only not in ("", entry.folder.name) or not (entry.folder / "data.nc").is_file():
                continue
            try:
                produce.render(Job(study, entry.figure, entry.config, entry.folder, entry.x64))
                add_derived(entry.folder, entry.figure, entry.config)
            except Exception as error:
                failures.append(f"{study.name}/{entry.folder.name} was not drawn: {error}")
                continue
            if entry.run:
                stamp = {"drawn_by": sources.drawn_by(entry.figure, study.module)}
                store.write_json(entry.folder / "run.json", {**entry.run, **stamp})
    if failures:
        raise BadInput(f"{'; '.join(failures)}; make these again with --gallery")
