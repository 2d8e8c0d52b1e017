"""What a run does, by stage, and how long it takes: said where Snakemake counts its jobs."""

from itertools import chain

from snakemake_interface_logger_plugins.common import LogEvent

from lookalike.workflow.forecast import Forecast, Job, earlier_seconds, usual_seconds


def stage_of(rule):
    """Return the stage of a rule: the name of its file, or that of the folder of studies."""
    path = Path(rule.snakefile)
    return {"rules": path.stem}.get(path.parent.name, path.parent.name).removeprefix("many_")


def usual_time(rule):
    """Return the seconds that earlier jobs of a rule took; rules without a benchmark take none that
    count.
    """
    return usual_seconds(re.sub(r"{.*?}", "*", str(rule.benchmark))) if rule.benchmark else 0.0


def forecast():
    """Return what the jobs of this run are, with their earlier times."""
    dag, provided = workflow.dag, workflow.global_resources
    # A dry run is local, whatever it is a dry run of; `--jobs` says how many run on a cluster.
    local = workflow.local_exec and not (workflow.dryrun and workflow.nodes)
    # `all` has nothing to do.
    jobs = [job for job in set(chain(dag.needrun_jobs(), dag.finished_jobs)) if job.output]
    usual = {one: usual_time(one) for one in {job.rule for job in jobs}}
    known = {}
    for job in jobs:
        own = earlier_seconds(job.benchmark) if job.benchmark else None
        known[(job.rule.name, *job.wildcards_dict.values())] = Job(
            job.rule.name,
            stage_of(job.rule),
            usual[job.rule] if own is None else own,
            HAS_CARD and local and "gpu" in job.rule.resources,
        )
    return Forecast(
        known,
        {rule.name: stage_of(rule) for rule in workflow.rules if rule.output},
        slots=provided["_cores" if local else "_nodes"].value or 1,
        cards=(provided["gpu"].value if "gpu" in provided else 1) or 1,
    )


def add_forecast(record):
    """Add the forecast to the record in which Snakemake counts its jobs."""
    if getattr(record, "event", None) == LogEvent.RUN_INFO and (found := forecast()).jobs:
        record.forecast = found
        record.msg = f"{record.msg}\n{found.text()}"
    return True


# As a module, others count the jobs. Jobs on other hosts count nothing.
if workflow.is_main_process and not workflow.modifier.skip_configfile:
    logger.addFilter(add_forecast)
