"""The state file `embedded.json`: which servers run in a data folder, and who started them."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from wrencos_core.embedded.folder import write_private
from wrencos_core.embedded.process import identity

NAME = "embedded.json"


@dataclass(frozen=True)
class Record:
    """One running server. `uri` may hold a password and is kept out of the repr.

    The identities tell the two processes from later ones with the same pid.
    """

    pid: int
    identity: str
    uri: str = field(repr=False)
    starter_pid: int
    starter_identity: str

    @classmethod
    def of_mine(cls, pid: int, uri: str) -> Record:
        """The record of a server that this process has just started."""
        me = os.getpid()
        return cls(pid, identity(pid) or "", uri, me, identity(me) or "")

    def alive(self) -> bool:
        """Whether the server runs and will stay: the death of its starter takes it down."""
        return (
            identity(self.pid) == self.identity
            and identity(self.starter_pid) == self.starter_identity
        )


def read(data_dir: Path) -> dict[str, Record]:
    """The records by server name; empty when there is no file, or one that says nothing of use.

    A file written for another folder counts as none: it was copied or moved here with the data,
    and speaks of the servers of the folder it came from.
    """
    try:
        content = json.loads((data_dir / NAME).read_text(encoding="utf-8"))
        if content["folder"] != str(data_dir):
            return {}
        return {name: Record(**record) for name, record in content["servers"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def write(data_dir: Path, records: dict[str, Record]) -> None:
    """Replaces the file in one step; without records it is removed."""
    if not records:
        (data_dir / NAME).unlink(missing_ok=True)
        return
    servers = {name: asdict(record) for name, record in records.items()}
    content = {"folder": str(data_dir), "servers": servers}
    write_private(data_dir / NAME, json.dumps(content, indent=2) + "\n")
