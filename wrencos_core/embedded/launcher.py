"""Becomes a server: a small program of its own, run as `launcher.py STARTER_PID LOCK COMMAND...`.

It ties the server to its starter before it turns into the server. Doing so here, and not in
subprocess's `preexec_fn`, keeps Python code out of a forked copy of a threaded process.
It takes a lock that the server then holds for as long as it lives, so no two servers ever write to
one folder, not even when their starters can't see each other's pids (two containers, one volume).
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
# Longer than a server needs to shut down after its starter was killed.
LOCK_SECONDS = 20


def main(starter_pid: int, lock: str, command: list[str]) -> None:
    """Never returns: the process is the server from here on, or it exits with a message."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    # The starter may have died before prctl; then no signal comes, and we have another parent.
    _end_without(starter_pid)
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + LOCK_SECONDS
    while not _locked(descriptor):
        _end_without(starter_pid)
        if time.monotonic() > deadline:
            sys.exit(f"another server that is still running uses this folder ({lock} is locked)")
        time.sleep(0.02)
    os.set_inheritable(descriptor, True)  # noqa: FBT003  # positional only
    os.execv(command[0], command)  # noqa: S606  # becoming the server is the point


def _end_without(starter_pid: int) -> None:
    if os.getppid() != starter_pid:
        sys.exit("the process that started this server has ended")


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
