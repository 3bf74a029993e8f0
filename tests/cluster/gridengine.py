"""A private Grid Engine cell of one host on this machine, from Debian's packages. Needs root.

By hand: `PYTHONPATH=tests python tests/cluster/gridengine.py FOLDER` starts one, prints its environment and stops it at
Ctrl-C.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import debian
from cluster.daemons import Daemons, Unavailable

PACKAGES = ["gridengine-master", "gridengine-exec", "gridengine-client"]
# The packages must not start a cell of their own.
ANSWERS = "gridengine-master shared/gridengineconfig boolean false"
PROGRAMS = Path("/usr/lib/gridengine")
TEMPLATES = Path("/usr/share/gridengine")
# Files of the installation that a cell shares.
SHARED = Path("/var/lib/gridengine")
SLOTS = 4
MEMORY = "6G"
HOST = """\
hostname          {host}
load_scaling      NONE
complex_values    mem_free={memory}
user_lists        NONE
xuser_lists       NONE
projects          NONE
xprojects         NONE
usage_scaling     NONE
report_variables  NONE
"""


def install():
    """Install the packages; Unavailable where that cannot be done."""
    if os.geteuid() != 0:
        raise Unavailable("a private Grid Engine cell needs root")
    debian.install(["qsub", "sge_qmaster", "sge_execd"], PACKAGES, Unavailable, ANSWERS)
    if not (PROGRAMS / "spoolinit").exists() or not SHARED.is_dir():
        raise Unavailable("Grid Engine is not from Debian's packages")


class Cell:
    """Starts in a folder; `stop` ends all of it. Memory is a consumable, as the profile requires.

    Attributes:
        environment: variables by which Grid Engine's commands find the cell.
    """

    def __init__(self, folder, run=None):
        """Start the cell.

        Args:
            folder: folder of the cell.
            run: folder of the test run; its processes end with the cell.
        """
        self.folder = Path(folder)
        self.host = socket.gethostname()
        ports = free_ports(2)
        self.environment = {"SGE_ROOT": str(self.folder), "SGE_CELL": "default"}
        self.environment |= {"SGE_QMASTER_PORT": str(ports[0]), "SGE_EXECD_PORT": str(ports[1])}
        self.daemons = Daemons(run)
        try:
            self._write()
            self._start("sge_qmaster")
            self._configure()
            self._start("sge_execd")
            self._wait_until_up()
        except BaseException:
            self.stop()
            raise

    def _write(self):
        """Write the cell's files, with classic spooling."""
        for name in ("default/common", "spool/qmaster/job_scripts", "spool/execd"):
            (self.folder / name).mkdir(parents=True)
        for name in ("bin", "lib", "util", "utilbin"):
            (self.folder / name).symlink_to(SHARED / name)
        common, spool = self.folder / "default/common", self.folder / "spool"
        (common / "act_qmaster").write_text(f"{self.host}\n")
        # Where /etc/hosts gives both names the address 127.0.0.1, the cell must take them for one host.
        (common / "host_aliases").write_text(f"{self.host} localhost\n")
        method = ["classic", "libspoolc", f"{common};{spool}/qmaster"]
        bootstrap = {"admin_user": "none", "binary_path": PROGRAMS, "qmaster_spool_dir": spool / "qmaster"}
        bootstrap |= dict(zip(("spooling_method", "spooling_lib", "spooling_params"), method, strict=True))
        (common / "bootstrap").write_text(edited((TEMPLATES / "default-bootstrap").read_text(), bootstrap))
        # Root may submit; accounting without a delay.
        settings = {"min_uid": 0, "min_gid": 0, "execd_spool_dir": spool / "execd", "mailer": "/bin/true"}
        settings["reporting_params"] = "accounting=true reporting=false flush_time=00:00:01 joblog=false sharelog=0:0:0"
        settings["load_report_time"] = "00:00:05"
        configuration = edited((TEMPLATES / "default-configuration").read_text(), settings)
        (self.folder / "configuration").write_text(configuration)
        complexes = self.folder / "complexes"
        complexes.mkdir()
        for path in (TEMPLATES / "util/resources/centry").iterdir():
            changes = {"consumable": "YES"} if path.name == "mem_free" else {}
            (complexes / path.name).write_text(edited(path.read_text(), changes))
        self.run(PROGRAMS / "spoolinit", *method, "init")
        self.run(PROGRAMS / "spooldefaults", "configuration", self.folder / "configuration")
        self.run(PROGRAMS / "spooldefaults", "complexes", complexes)
        self.run(PROGRAMS / "spooldefaults", "usersets", TEMPLATES / "util/resources/usersets")
        self.run(PROGRAMS / "spooldefaults", "managers", "root")

    def _start(self, daemon):
        self.daemons.start(str(PROGRAMS / daemon), environment=os.environ | self.environment)

    def _configure(self):
        """Add the host, a parallel environment, a queue and a fast schedule."""
        self.run("qconf", "-as", self.host)
        self._add("-Ae", HOST.format(host=self.host, memory=MEMORY))
        environment = (TEMPLATES / "util/resources/pe/make").read_text()
        self._add("-Ap", edited(environment, {"pe_name": "smp", "allocation_rule": "$pe_slots"}))
        # The template's threshold would close the queue on a busy machine.
        queue = {"qname": "all.q", "hostlist": self.host, "pe_list": "smp", "slots": SLOTS, "load_thresholds": "NONE"}
        self._add("-Aq", edited(self.run("qconf", "-sq"), queue))
        schedule = {"schedule_interval": "0:0:2", "flush_submit_sec": 1, "flush_finish_sec": 1}
        self._add("-Msconf", edited(self.run("qconf", "-ssconf"), schedule))

    def _add(self, option, text):
        path = self.folder / f"settings{option}"
        path.write_text(text)
        self.run("qconf", option, path)

    def _wait_until_up(self, seconds=60):
        until = time.monotonic() + seconds
        # A host that is away has the state `au`.
        while not re.search(r"all\.q@\S+ +BIP +0/0/\d+ +[\d.]+ +\S+ *$", self.run("qstat", "-f"), re.M):
            if time.monotonic() > until:
                raise TimeoutError(f"the private cell does not come up: {self.run('qstat', '-f')}")
            time.sleep(0.5)

    def run(self, *command, check=True, folder=None):
        """Return the output of one of Grid Engine's commands; a non-zero exit fails unless `check` is false."""
        environment = os.environ | self.environment
        done = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=60
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"{command} failed: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def queue(self, folder="", state=""):
        """Ids of the jobs of a working directory (or of all) in a state such as r, qw, hqw (or in any)."""
        rows = [line.split() for line in self.run("qstat", "-u", "*").splitlines()[2:]]
        jobs = [row[0] for row in rows if state in ("", row[4])]
        return [job for job in jobs if re.search(rf"^cwd: +{folder or '.*'}$", self.describe(job), re.M)]

    def describe(self, job):
        """Return what qstat says of a job; empty for one that is gone."""
        return self.run("qstat", "-j", job, check=False)

    def stop(self):
        """End all daemons and jobs."""
        self.daemons.stop()


def edited(text, changes):
    """Return a file of Grid Engine with other values: lines of a key, white space and a value."""
    for key, value in changes.items():
        # A backslash at its end continues a line.
        text, count = re.subn(rf"^{key}[ \t](.*\\\n)*.*$", lambda _, row=f"{key} {value}": row, text, flags=re.M)
        if count != 1:
            raise ValueError(f"{key} is not in the template")
    return text


def free_ports(number):
    """Return ports that no process of this machine listens on."""
    sockets = [socket.create_server(("", 0)) for _ in range(number)]
    ports = [listening.getsockname()[1] for listening in sockets]
    for listening in sockets:
        listening.close()
    return ports


if __name__ == "__main__":
    install()
    cell = Cell(Path(sys.argv[1]).resolve())
    print(*(f"export {key}={value}" for key, value in cell.environment.items()), sep="; ", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        cell.stop()
