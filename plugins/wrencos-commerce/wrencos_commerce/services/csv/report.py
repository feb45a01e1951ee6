"""What an import did, or a dry run would do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from wrencos_commerce.services.csv.parsed import Problem

# More bad rows than this are counted, but not described.
DESCRIBED = 100


@dataclass
class ImportReport:
    """`errors` describes the first 100 of the `bad_rows` of a file, `notes` what was left out.

    When a row is bad, nothing was written, unless that was asked for. `run_id` names the import
    for undoing it; a dry run has none.
    """

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    bad_rows: int = 0
    errors: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    run_id: str | None = None
    _described: set[int] = field(default_factory=set, repr=False)

    def add(self, problems: Iterable[Problem], told: Callable[[Problem], None]) -> None:
        """Count the bad rows of a product, and hand every problem to `told`."""
        rows: set[int] = set()
        for problem in problems:
            told(problem)
            rows.add(problem.row)
            if len(self._described) < DESCRIBED or problem.row in self._described:
                self._described.add(problem.row)
                self.errors.append(problem)
        self.bad_rows += len(rows)

    def as_dict(self) -> dict[str, Any]:
        """For JSON; without what is only for counting."""
        found = asdict(self)
        del found["_described"]
        return found
