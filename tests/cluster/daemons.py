"""A real Slurm on this machine, from Debian's packages, for the time of the tests."""

import contextlib
import os
import shutil
import socket
import stat
import subprocess
import time
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scancel", "squeue", "setpriv")
# The plugin reads no other place: it strips SLURM_CONF from the environment of its jobs.
FOLDER = Path("/etc/slurm")
OURS = "# Written by the tests of lookalike; removed when they end.\n"
SOCKET = Path("/run/munge/munge.socket.2")
CARDS = 2
AS_MUNGE = ("setpriv", "--reuid=munge", "--regid=munge", "--clear-groups")
# What is asked about jobs, in columns of one width.
KEYS = ("JobID", "State", "Partition", "NodeList", "Comment", "STDOUT", "StartTime", "EndTime")
KEYS += ("tres-per-job", "MinMemory", "TimeLimit", "NumCPUs")
WIDTH = 400

SLURM = """\
ClusterName=lookalike
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=16817
SlurmUser=root
AuthType=auth/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=5,bf_interval=5
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
# Ended jobs are still seen by the tests.
MinJobAge=3600
KillWait=2
MpiDefault=none
ReturnToService=2
GresTypes=gpu
NodeName=cpu1 NodeHostname={host} NodeAddr=127.0.0.1 Port=16818 CPUs=8 RealMemory=64000
NodeName=gpu1 NodeHostname={host} NodeAddr=127.0.0.1 Port=16819 CPUs=8 RealMemory=64000 \
Gres=gpu:{cards}
PartitionName=cpu Nodes=cpu1 Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=gpu1 MaxTime=INFINITE State=UP
"""


def missing():
    """Return why no Slurm can be started here, or nothing."""
    # Debian keeps the daemons where only root's PATH looks.
    lacking = [name for name in PROGRAMS if not shutil.which(name, path=search_path())]
    if os.geteuid() != 0:
        return "a Slurm for tests is started as root"
    if lacking:
        return f"not installed: {', '.join(lacking)}; see `make test-cluster`"
    config = FOLDER / "slurm.conf"
    if config.exists() and not config.read_text().startswith(OURS):
        return f"{config} is that of another Slurm"
    return ""


def search_path():
    """Return PATH with the folders of daemons."""
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


@contextlib.contextmanager
def slurm(folder):
    """Run a Slurm with a partition `cpu` and a partition `gpu`, whose cards are devices that no
    program can compute on.

    Parameters
    ----------
    folder : Path
        For its logs and its state.
    """
    host = socket.gethostname().split(".")[0]
    (folder / "state").mkdir(parents=True)
    cards = [folder / f"card{index}" for index in range(CARDS)]
    for card in cards:
        os.mknod(card, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    lines = [f"NodeName=gpu1 Name=gpu File={card}\n" for card in cards]
    files = {
        "slurm.conf": OURS + SLURM.format(host=host, folder=folder, cards=CARDS),
        "gres.conf": OURS + "".join(lines),
    }
    environment = os.environ | {"PATH": search_path()}
    with contextlib.ExitStack() as stack:
        for name, text in files.items():
            (FOLDER / name).write_text(text)
            stack.callback((FOLDER / name).unlink)

        def start(*command):
            log = stack.enter_context((folder / f"{Path(command[-1]).name}.out").open("w"))
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.terminate)

        if not answers(SOCKET):
            SOCKET.parent.mkdir(exist_ok=True)
            shutil.chown(SOCKET.parent, "munge", "munge")
            start(*AS_MUNGE, "munged", "--force", "--foreground")
            wait_for(lambda: answers(SOCKET), folder)
        start("slurmctld", "-D")
        for node in ("cpu1", "gpu1"):
            start("slurmd", "-D", "-N", node)
        wait_for(lambda: ask("sinfo", "-N", "-h", "-o", "%T").split() == ["idle"] * 2, folder)
        stack.callback(ask, "scancel", "--user=root", "--signal=KILL")
        yield


def answers(path):
    """Return whether a process listens at a socket."""
    with socket.socket(socket.AF_UNIX) as end:
        return end.connect_ex(str(path)) == 0


def ask(*command):
    """Return what a command of Slurm prints; nothing if it fails."""
    return subprocess.run(command, text=True, capture_output=True, check=False).stdout


def wait_for(condition, folder, seconds=60):
    """Wait until something is so; else fail with the logs of the daemons."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            logs = [path.read_text() for path in (*folder.glob("*.out"), *folder.glob("*.log"))]
            raise TimeoutError("\n".join(logs))
        time.sleep(0.2)


def jobs():
    """Return all jobs that were submitted, in their order, each as a dict of its `KEYS`."""
    form = ",".join(f"{key}:{WIDTH}" for key in KEYS)
    lines = ask("squeue", "--states=all", "--noheader", "--sort=i", "--Format", form).splitlines()
    return [
        {key: line[at * WIDTH : (at + 1) * WIDTH].strip() for at, key in enumerate(KEYS)}
        for line in lines
    ]
