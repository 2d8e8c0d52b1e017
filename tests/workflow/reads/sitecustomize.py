"""Loaded by every Python process of a test's run: which results a job reads without saying so."""

import atexit
import os
import sys
from pathlib import Path

HOME = Path.cwd()
OWN = [HOME / name for name in ("results", "data", ".snakemake/storage")]
# A job does without the sums of its inputs where there are none, as in a storage.
SUMS = [HOME / name / "sums" for name in ("results", "data")]
READ = set()


def watch(event, arguments):
    """Keep the path of every file that is opened to be read, and of every folder that is listed."""
    if event == "open":
        path, _, flags = arguments
        is_read = not flags & (os.O_CREAT | os.O_WRONLY)
    elif event in ("os.listdir", "os.scandir"):
        path, is_read = arguments[0], True
    else:
        return
    if is_read and isinstance(path, str | os.PathLike):
        READ.add(os.fspath(path))


def report():
    """Write what the job read of the results that are none of its inputs or outputs."""
    job = getattr(sys.modules["__main__"], "snakemake", None)
    if not hasattr(job, "rule"):
        return
    known = {Path(HOME, path) for path in [*job.input, *job.output]}
    # An archive that the job downloads, or training that it began, in the folder of the run.
    parameters = repr(list(job.params))
    for path in sorted(Path(HOME, path) for path in READ):
        below = [path.relative_to(folder) for folder in OWN if path.is_relative_to(folder)]
        # What becomes an output, or an archive, is written under another name first.
        is_temporary = any(part.startswith(".") for place in below for part in place.parts)
        name = os.path.relpath(path, HOME).removesuffix(".part")
        is_known = any(map(path.is_relative_to, SUMS)) or repr(name) in parameters
        if not below or is_temporary or is_known:
            continue
        if known.isdisjoint([path, *path.parents]):
            with (HOME / "undeclared.txt").open("a") as file:
                file.write(f"{job.rule}: {path}\n")


sys.addaudithook(watch)
atexit.register(report)
