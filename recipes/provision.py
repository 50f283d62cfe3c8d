"""What `bootstrap` and `peers` share: messages, the cache folder, system packages and pip.

Standard library only, Python 3.9 or later.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE_ROOT = Path(__file__).resolve().parent.parent


class SetupError(Exception):
    """A reason to stop, in one line that says what to do."""


def say(message):
    """Print one line for one action; standard output stays free for results."""
    print(f"{Path(sys.argv[0]).name}: {message}", file=sys.stderr, flush=True)


def run(main):
    """Run a script's `main`, turning the reasons to stop into one line and status 1."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # Leave by an exception, so that a child is stopped and unfinished folders are removed.
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    try:
        main()
    except SetupError as error:
        say(f"error: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("interrupted; run it again to go on")
        sys.exit(130)


# The cache folder


def cache_folder():
    """The folder that holds what all checkouts of this package share."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification tells programs to ignore a relative path.
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "mmada"


@contextlib.contextmanager
def cache_lock():
    """Let one set-up at a time change the cache; the kernel drops the lock of a killed one."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another set-up to finish")
            fcntl.flock(file, fcntl.LOCK_EX)
        # Whoever holds the lock is alone, so what is unfinished was left by a killed run.
        for leftover in folder.glob("partial-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        yield


@contextlib.contextmanager
def partial_folder(prefix):
    """A temporary folder on the cache's disk, removed at the end whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix=f"partial-{prefix}-", dir=cache_folder()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(unfinished, finished):
    """Give a complete folder its final name: durable first, then visible in one step."""
    os.sync()
    if finished.exists():
        # Only a damaged or outdated folder is replaced; it goes with the partial folders.
        finished.rename(Path(tempfile.mkdtemp(prefix="partial-old-", dir=finished.parent)) / "old")
    unfinished.rename(finished)
    parent = os.open(finished.parent, os.O_RDONLY)
    os.fsync(parent)
    os.close(parent)
    for leftover in finished.parent.glob("partial-old-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def require_space(bytes_needed):
    """Stop before a download that could not be unpacked."""
    free = shutil.disk_usage(cache_folder()).free
    if free < bytes_needed:
        raise SetupError(
            f"{cache_folder()} needs {bytes_needed / 1e9:.1f} GB, its disk has {free / 1e9:.1f} GB free;"
            " set XDG_CACHE_HOME to a folder on a larger disk")


# System packages


def install_packages(names):
    """Install Debian packages; on other systems, name what is to be installed by hand."""
    names = list(names)
    if not shutil.which("apt-get"):
        raise SetupError(f"missing: {', '.join(names)}; install them with this system's package manager")
    prefix = [] if os.geteuid() == 0 else ["sudo"]
    command = f"apt-get install --yes --no-install-recommends {' '.join(names)}"
    if prefix and not shutil.which("sudo"):
        raise SetupError(f"missing: {', '.join(names)}; as root, run: {command}")
    say(f"installing {', '.join(names)}")
    # Noise is worth reading only when apt fails.
    environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
    for step in (["apt-get", "update", "--quiet=2"], command.split() + ["--quiet=2"]):
        result = subprocess.run(
            prefix + environment + step, stdin=subprocess.DEVNULL if not prefix else None,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if result.returncode:
            sys.stderr.write(result.stdout)
            raise SetupError(f"'{' '.join(step)}' failed with status {result.returncode}")


# pip


def pip():
    """The command for a pip that works: of this Python, else of the system's; installed if need be."""
    def found():
        for python in dict.fromkeys([sys.executable, "/usr/bin/python3"]):
            if os.access(python, os.X_OK):
                command = [python, "-m", "pip"]
                if subprocess.run(command + ["--version"], capture_output=True).returncode == 0:
                    return command
        return None

    command = found()
    if not command and shutil.which("apt-get"):
        install_packages(["python3-pip"])
        command = found()
    if not command:
        raise SetupError(f"{sys.executable} has no pip; install pip for it (python3 -m ensurepip)")
    return command


def run_pip(command, arguments, scratch):
    """Run pip with the user's own configuration, its temporary files kept inside `scratch`."""
    scratch.mkdir(exist_ok=True)
    environment = dict(
        os.environ, TMPDIR=str(scratch), PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1",
        PIP_ROOT_USER_ACTION="ignore",
        # Settings for other uses of pip that would refuse these ones.
        PIP_REQUIRE_VIRTUALENV="0", PIP_USER="0")
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    result = subprocess.run(command + arguments + quiet, env=environment, stdout=sys.stderr)
    if result.returncode:
        raise SetupError(f"pip could not do it (status {result.returncode}); its own words are above")
