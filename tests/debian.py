"""Install programs from Debian's packages where tests may do so."""

import os
import shutil
import subprocess


def install(programs, packages, unavailable, answers=""):
    """Install packages if a program is missing.

    Args:
        programs: names of the programs that must be on the path.
        packages: names of the packages that contain them.
        unavailable: exception class for a machine that cannot have them.
        answers: answers to the packages' questions, as debconf-set-selections reads them.

    Raises:
        unavailable: a program is missing and cannot be installed; the message gives the reason.
    """
    if all(map(shutil.which, programs)):
        return
    missing = f"{', '.join(programs)} are missing"
    if os.geteuid() != 0:
        raise unavailable(f"{missing}, and installing them needs root")
    if shutil.which("apt-get") is None:
        raise unavailable(f"{missing}, and there is no apt-get here")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if answers:
        subprocess.run(["debconf-set-selections"], input=answers, env=environment, text=True, check=True)
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        done = subprocess.run(["apt-get", *command], env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise unavailable(f"apt-get {command[0]} failed: {done.stderr.strip().splitlines()[-1:]}")
