"""The supervisor: restarts, gives up, and stops in order."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wrencos_cli.supervisor import _TIED, Part, Patience, Supervisor

# Says that it is there, and when it is asked to end, that it was.
PROGRAM = """
import os, signal, sys, time
name, file = sys.argv[1:3]
def write(word):
    with open(file, "a") as out:
        out.write(f"{word} {name} {os.getpid()}\\n")
def end(*_):
    write("ended")
    sys.exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if "deaf" in sys.argv else end)
write("began")
if "dies" in sys.argv:
    sys.exit(3)
while True:
    time.sleep(0.05)
"""


def part(name: str, file: Path, *more: str) -> Part:
    command = [sys.executable, "-c", PROGRAM, name, str(file), *more]
    return Part(name, command, dict(os.environ))


def lines(file: Path) -> list[list[str]]:
    return [line.split() for line in file.read_text().splitlines()] if file.exists() else []


def words(file: Path) -> list[str]:
    return [f"{word} {name}" for word, name, _ in lines(file)]


def test_parts_are_stopped_in_order(tmp_path: Path) -> None:
    file = tmp_path / "log"
    names = ("web", "worker", "scheduler")
    supervisor = Supervisor([part(name, file) for name in names])

    def between() -> None:
        if len(lines(file)) == 3:
            supervisor.ask_to_stop()

    assert supervisor.run(between) is None
    assert words(file)[3:] == ["ended web", "ended worker", "ended scheduler"]


def test_what_dies_is_started_again(tmp_path: Path) -> None:
    file = tmp_path / "log"
    supervisor = Supervisor([part("web", file)], Patience(first=0.01))
    killed: list[int] = []

    def between() -> None:
        began = [line for line in lines(file) if line[0] == "began"]
        if len(began) == 1 and not killed:
            killed.append(int(began[0][2]))
            os.kill(killed[0], 9)
        if len(began) == 2:
            supervisor.ask_to_stop()

    assert supervisor.run(between) is None
    assert words(file) == ["began web", "began web", "ended web"]


def test_it_gives_up_on_what_dies_again_and_again(tmp_path: Path) -> None:
    file = tmp_path / "log"
    parts = [part("web", file), part("worker", file, "dies")]
    reason = Supervisor(parts, Patience(first=0.01, deaths=3)).run()
    assert reason is not None
    assert "worker ended 3 times" in reason
    assert "exit status 3" in reason
    assert words(file).count("began worker") == 3
    assert words(file)[-1] == "ended web"


def test_what_does_not_end_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "log"
    supervisor = Supervisor([part("web", file, "deaf")], Patience(stop=0.2))

    def between() -> None:
        if lines(file):
            supervisor.ask_to_stop()

    assert supervisor.run(between) is None
    with pytest.raises(ProcessLookupError):
        os.kill(int(lines(file)[0][2]), 0)


def test_asking_twice_ends_the_patience(tmp_path: Path) -> None:
    file = tmp_path / "log"
    supervisor = Supervisor([part("web", file, "deaf")], Patience(stop=600))

    def between() -> None:
        if lines(file):
            supervisor.ask_to_stop()
            supervisor.ask_to_stop()

    assert supervisor.run(between) is None


def test_a_part_whose_supervisor_is_gone_does_not_begin(tmp_path: Path) -> None:
    file = tmp_path / "log"
    command = [sys.executable, str(_TIED), "1", *part("web", file).command]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert not lines(file)
