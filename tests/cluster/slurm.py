"""A private Slurm cluster of two nodes on this machine, from Debian's packages. Needs root.

By hand: `PYTHONPATH=tests python tests/cluster/slurm.py FOLDER` starts one and stops it at Ctrl-C.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import debian
from cluster.daemons import Daemons, Unavailable

PACKAGES = ["slurmctld", "slurmd", "slurm-client", "munge"]
CONF = Path("/etc/slurm/slurm.conf")
GRES = CONF.with_name("gres.conf")
NODES = {"n1": 17001, "n2": 17002}
SETTINGS = """\
ClusterName=failures
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/slurmd.%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
MinJobAge=3600
KillWait=5
SlurmctldTimeout=30
SlurmdTimeout=15
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=5,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=100
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=2
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
GresTypes=gpu
PartitionName=main Nodes=n[1-2] Default=YES MaxTime=INFINITE State=UP
"""
NODE = "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=2 RealMemory=8000 Gres=gpu:1\n"


def install():
    """Install the packages; Unavailable where that cannot be done."""
    if os.geteuid() != 0:
        raise Unavailable("a private Slurm cluster needs root")
    debian.install(["slurmctld", "slurmd", "sbatch", "munged"], PACKAGES, Unavailable)


class Cluster:
    """Starts in a folder; `stop` ends all of it."""

    def __init__(self, folder, run=None):
        """Start the cluster.

        Args:
            folder: folder of the cluster.
            run: folder of the test run; its processes end with the cluster.
        """
        self.folder = Path(folder)
        if CONF.exists() and not CONF.is_symlink():
            raise Unavailable(f"{CONF} belongs to another cluster")
        self._write()
        self.daemons = Daemons(run)
        try:
            self._start_munge()
            self.start("slurmctld")
            for name in NODES:
                self.start("slurmd", "-N", name)
            self.wait_until_idle()
        except BaseException:
            self.stop()
            raise

    def _write(self):
        """Write the configuration to where Slurm reads it."""
        for name in ("state", "spool/n1", "spool/n2", "run", "log"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        host = subprocess.run(["hostname", "-s"], capture_output=True, text=True, check=True).stdout.strip()
        nodes = "".join(NODE.format(name=name, host=host, port=port) for name, port in NODES.items())
        conf = self.folder / "slurm.conf"
        head, partition = SETTINGS.format(host=host, folder=self.folder).rsplit("PartitionName", 1)
        conf.write_text(f"{head}{nodes}PartitionName{partition}")
        # A card that Slurm counts, without a device behind it.
        (self.folder / "gres.conf").write_text("AutoDetect=off\nNodeName=n[1-2] Name=gpu File=/dev/null\n")
        # The plugin's job step drops SLURM_CONF.
        CONF.parent.mkdir(exist_ok=True)
        for link in (CONF, GRES):
            link.unlink(missing_ok=True)
            link.symlink_to(self.folder / link.name)

    def _start_munge(self):
        subprocess.run(["install", "-d", "-o", "munge", "-g", "munge", "-m755", "/run/munge"], check=True)
        if not Path("/etc/munge/munge.key").exists():
            subprocess.run(["runuser", "-u", "munge", "--", "mungekey", "--create"], check=True)
        if subprocess.run(["munge", "-n"], capture_output=True, check=False).returncode != 0:
            self.daemons.start("runuser", "-u", "munge", "--", "/usr/sbin/munged", "--force")

    def start(self, daemon, *arguments):
        """Start slurmctld, or slurmd of a node."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SLURM")}
        self.daemons.start(daemon, *arguments, environment=environment, folder=self.folder)

    def wait_until_idle(self, seconds=60):
        """Wait until no node works or is away."""
        until = time.monotonic() + seconds
        while self.slurm("sinfo", "-h", "-N", "-t", "idle", "-o", "%N").split() != list(NODES):
            if time.monotonic() > until:
                raise TimeoutError(f"the nodes of the private cluster do not come up: {self.slurm('sinfo', '-R')}")
            time.sleep(0.5)

    def slurm(self, *command):
        """Output of one of Slurm's commands."""
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30).stdout

    def queue(self, folder="", state=""):
        """Numbers of the jobs of a working directory (or of all) in a state such as R, PD (or in any)."""
        rows = [line.split() for line in self.slurm("squeue", "-h", "-o", "%i %t %Z").splitlines()]
        return [job for job, found, place in rows if str(folder) in ("", place) and state in ("", found)]

    def node(self, job):
        """The node that a job runs on."""
        return self.slurm("squeue", "-h", "-j", job, "-o", "%N").strip()

    def kill(self, name):
        """Kill slurmd of a node, as a crash would, with all of its jobs."""
        pid = int((self.folder / f"run/slurmd.{name}.pid").read_text())
        os.kill(pid, signal.SIGKILL)
        self.signal(signal.SIGKILL, f"SLURMD_NODENAME={name}")

    def signal(self, number, variable):
        """Send a signal to all processes that have this in their environment, such as SLURM_JOB_ID=7."""
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                if f"{variable}\0".encode() in path.read_bytes():
                    os.kill(int(path.parent.name), number)
            except OSError:
                continue

    def stop(self):
        """End all daemons and jobs."""
        self.daemons.stop()
        for link in (CONF, GRES):
            link.unlink(missing_ok=True)


if __name__ == "__main__":
    install()
    cluster = Cluster(Path(sys.argv[1]).resolve())
    print(cluster.slurm("sinfo"), flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        cluster.stop()
