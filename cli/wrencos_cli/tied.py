"""Becomes the given command, tied to its parent: `python tied.py PARENT_PID COMMAND…`.

On Linux the kernel sends the command SIGTERM when the parent dies, kill -9 included; the tie
outlives the exec. It runs as a file, not as a function between fork and exec, which is not safe
in a process with threads. Standard library only.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process, check that the parent still lives, and become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("the parent has ended")
    os.execvp(command[0], command)  # noqa: S606 - the supervisor's own command


if __name__ == "__main__":
    main()
