"""The command line of a study: flags in, files and a claims table out; bad input is one sentence and exit status 2."""

import pathlib
import sys
from collections.abc import Sequence

from mtrl.harness import flags
from mtrl.harness.judge import report
from mtrl.harness.run import carry, cluster, compiled, devices, engine, produce, status, sweep, worker
from mtrl.harness.run.carry import Incomplete
from mtrl.harness.run.engine import Setting
from mtrl.harness.run.produce import Job
from mtrl.harness.study import Study
from mtrl.numerics.errors import BadInput


def run_study(study: Study, arguments: Sequence[str]) -> list:
    """Do what a command line asks for; returns (job, claim records) pairs.

    Raises:
      BadInput: anything the user can mend.
      Incomplete: some figures or points failed; the others are done.
    """
    options = flags.parse(study, arguments)
    if options.dry_run:
        workers = 1 if options.engine == "serial" else options.workers or worker.cores()
        with devices.unstarted(options.x64):
            print(status.dry_run(_jobs(study, options)[0], options.overwrite, workers))
        return []
    compiled.start(options.compilation_cache)
    # Accelerators are for the workers, where there are any.
    devices.start(options.x64, options.place, platforms="" if options.engine == "serial" else "cpu")
    if options.place is None:
        return _make(study, options)
    engine.register(study)
    return cluster.follow(engine.compute_share) if cluster.follows() else cluster.lead(lambda: _make(study, options))


def _jobs(study: Study, options: flags.Options) -> tuple[list[Job], list[sweep.Swept]]:
    """What the flags ask for, and the sweeps that the jobs belong to."""
    chosen = [figure for figure in study.figures if not options.figures or figure.name in options.figures]
    base = pathlib.Path(options.out).expanduser() / study.name
    configured = [(figure, flags.typed(figure.config, options.overrides)) for figure in chosen]
    if options.sweep is None:
        jobs = [(figure, figure.configure(options.preset, overrides)) for figure, overrides in configured]
        return [Job(study, figure, config, base / figure.name, options.x64) for figure, config in jobs], []
    fields = options.sweep.fields
    swept = [(f, o) for f, o in configured if set(fields) <= set(flags.types_of(f.config))]
    if not swept:
        raise BadInput(f"no single figure has all of the swept fields {', '.join(fields)}; sweep fields of one figure")
    sweeps = [
        sweep.make(study, figure, base / figure.name, options.sweep, (options.preset, overrides), options.x64)
        for figure, overrides in swept
    ]
    return [job for one in sweeps for job in one.jobs], sweeps


def _make(study: Study, options: flags.Options) -> list:
    """What the flags ask for, in this process."""
    if options.plot_only:
        base = pathlib.Path(options.out).expanduser() / study.name
        chosen = [figure for figure in study.figures if not options.figures or figure.name in options.figures]
        present = [figure for figure in chosen if options.figures or (base / figure.name).is_dir()] or chosen
        stored = [produce.stored_job(study, figure, base / figure.name) for figure in present]
        return [(job, produce.render(job)) for job in stored]
    jobs, sweeps = _jobs(study, options)
    setting = Setting(options.workers, options.retries, options.ray_address)
    how = {"overwrite": options.overwrite, "engine_name": options.engine, "setting": setting}
    return sweep.run(sweeps, **how) if sweeps else carry.make_all(jobs, **how)


def main(study: Study, arguments: Sequence[str] | None = None) -> None:
    """Entry point of `python -m experiments.<study>`: status 2 when it was refused, 1 when something failed, 130 when it was stopped."""
    arguments = sys.argv[1:] if arguments is None else arguments
    failed = ""
    try:
        if any(argument in flags.HELP for argument in arguments):
            print(flags.help_text(study, arguments))
            return
        results = run_study(study, arguments)
    except BadInput as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except Incomplete as error:
        results, failed = error.results, str(error)
    except MemoryError:
        print(
            f"error: {study.name} ran out of memory; lower the sizes, or --seed_batch so that fewer seeds run at once",
            file=sys.stderr,
        )
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped; finished cells are kept and the same command resumes", file=sys.stderr)
        sys.exit(130)
    if results:
        print(report.claims_table(results))
    for job, _ in results:
        print(f"{job.folder}/figure.png")
    for folder in dict.fromkeys(job.folder.parents[1] for job, _ in results if job.point):
        if (folder / "sweep.nc").is_file():
            print(f"{folder}/sweep.png, sweep_figures.png, sweep.nc: the sweep as a whole")
    if failed:
        print(failed, file=sys.stderr)
        print(
            "error: not all was made; what is done is kept, and the same command tries the rest again", file=sys.stderr
        )
        sys.exit(1)
