"""Real Snakemake runs for the tests of the workflow."""

import atexit
import contextlib
import fcntl
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
# Tests that a shell started in the background would hand on that SIGINT is ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
TIMEOUT = 500
# On the path of all that a run starts: notes which results a job reads without declaring them.
READS = ROOT / "tests/workflow/reads"
# Half of the start of a run goes into imports. So runs are forks of a process that has imported
# what the workflow's own process does, but no torch, and has done nothing else.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        *("snakemake.cli", "snakemake.report.html_reporter", "smart_open", "jsonschema", "pytest"),
        *(f"lookalike.workflow.{name}" for name in ("checks", "config_files", "images", "plan")),
    ]
)


def comparable(path):
    """Return the content of a file of results that two equal runs have in common: of the report all
    but the run times.
    """
    content = path.read_bytes()
    if path.name == "report.html":
        return re.sub(rb'<section id="provenance">.*?</section>', b"", content, flags=re.S)
    return b"" if path.name == "report.html.sha256" else content


@dataclass
class Run:
    """What one Snakemake run did.

    Attributes
    ----------
    code : int
    text : str
        Everything that it printed.
    jobs : dict
        Rule to number of jobs, `all` left out.
    """

    code: int
    text: str

    @property
    def jobs(self):
        table = re.search(r"Job stats:\n.*?\n-+.*?\n(.*?)\ntotal", self.text, re.S)
        rows = [line.split() for line in table.group(1).splitlines()] if table else []
        return {rule: int(count) for rule, count in rows if rule != "all"}

    @property
    def error(self):
        """The one line of an `InputError` in a job's log, or of the config's."""
        lines = [line.strip() for line in self.text.splitlines()]
        found = [line for line in lines if line.startswith("error: ")]
        assert len(found) <= 1, found
        return found[0] if found else lines[-1]


def invocation(directory, config, *targets, cores=1, flags=(), root=ROOT, environment=()):
    """Return what `subprocess` needs to run the workflow in a directory of its own, with a config
    or its text, and further variables of the environment.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "given.yaml"
    is_text = isinstance(config, str)
    path.write_text(config if is_text else yaml.safe_dump(config, sort_keys=False))
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--cores",
        str(cores),
        "--resources",
        "gpu=1",
        "--directory",
        directory,
    ]
    command += ["--configfile", path, *flags, "--", *targets]
    further = dict(environment)
    places = (str(READS), further.get("PYTHONPATH", os.environ.get("PYTHONPATH")))
    environment = (
        os.environ
        | further
        | {
            "PYTHONPATH": os.pathsep.join(filter(None, places)),
            "PATH": f"{Path(sys.executable).parent}:{further.get('PATH', os.environ['PATH'])}",
        }
    )
    # Runs start sooner where Python keeps what it compiled.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return {
        "args": command,
        "cwd": root,
        "env": environment,
        "text": True,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
    }


def snakemake(directory, config, *targets, timeout=TIMEOUT, root=ROOT, environment=(), **more):
    """Run the workflow, as `invocation` says; a failed run is returned, not raised. No job may read
    a result that is none of its inputs.
    """
    call = invocation(directory, config, *targets, root=root, environment=environment, **more)
    if environment or root != ROOT:
        done = subprocess.run(**call, timeout=timeout, check=False)
        run = Run(done.returncode, done.stdout)
    else:
        run = run_in_fork(call, timeout)
    undeclared = directory / "undeclared.txt"
    assert not undeclared.exists(), undeclared.read_text()
    return run


def run_in_fork(call, timeout):
    """Run what `invocation` returned in a fork."""
    with tempfile.NamedTemporaryFile() as printed:
        arguments = [str(part) for part in call["args"][2:]]
        process = FORKS.Process(target=fork, args=(arguments, call["env"], printed.name))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(arguments, timeout)
        return Run(process.exitcode, Path(printed.name).read_text())


def fork(arguments, environment, printed):
    """Be Snakemake, in a process that has imported it."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    with Path(printed).open("wb") as output:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(output.fileno(), stream.fileno())
    sys.argv = arguments
    from snakemake.cli import main

    try:
        main()
    finally:
        # Which `multiprocessing` leaves out.
        atexit._run_exitfuncs()


def tiny_config():
    """Return a config that goes through most rules in little more than a minute."""
    return {
        "images": {"n": 10, "size": 64, "demo": {"train": 20, "val": 20}},
        "models": {
            "ResNet": {
                "timm": "test_resnet",
                "options": {"output_stride": 8},
                "family": "CNN",
                "epochs": 1,
            },
            "ResNet-b": {"replicate_of": "ResNet"},
            "RegNet": {"timm": "test_byobnet", "options": {"output_stride": 8}, "family": "RegNet"},
        },
        "finetuning": {"pretrained": False, "epochs": 0, "freeze_epochs": 0},
        "methods": {"gradcam": {"explain": "gradcam"}, "noise": {"explain": "random"}},
        "maps": {"size": 32},
        "metrics": ["cosine", {"rbf": {"sigma": 80}}],
        # One pair a job, so that the jobs of a change can be counted.
        "compare": {"block": 1},
        "subsets": ["all", "agreeing"],
        "inference": {"bootstrap": 50},
        "figures": {"panels": 1},
    }


@contextlib.contextmanager
def once(folder):
    """Let one test process make a folder's content while the others wait; yield whether it is this
    one.
    """
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not (folder / "done").exists()
        (folder / "done").touch()


def run_once(tmp_path_factory, worker_id, name, config):
    """Run a config once for all test processes, and return the folder of the run, which no test may
    change.
    """
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / name
    with once(shared) as mine:
        if mine:
            run = snakemake(shared / "run", config)
            assert run.code == 0, run.text
            (shared / "text").write_text(run.text)
    return shared / "run"


@pytest.fixture(scope="session")
def finished(tmp_path_factory, worker_id):
    """The folder of a finished run of `tiny_config`, which no test may change."""
    return run_once(tmp_path_factory, worker_id, "finished", tiny_config())


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of the finished run, with its times, to be changed."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


def forget_sums(run):
    """Remove the sums of a run's results, so that a test may change one."""
    shutil.rmtree(run / "results/sums")


@pytest.fixture
def checkout(tmp_path):
    """A copy of the workflow's own files, to be changed."""
    left_out = shutil.ignore_patterns(
        ".git",
        ".venv",
        ".snakemake",
        ".hypothesis",
        "data",
        "results",
        "logs",
        "benchmarks",
        "*.pyc",
    )
    return Path(shutil.copytree(ROOT, tmp_path / "checkout", ignore=left_out))
