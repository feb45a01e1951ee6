"""Background work of auth: mailing reset links, and forgetting what has expired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrencos_core.auth.services.links import SEND_RESET, Links
from wrencos_core.auth.services.sessions import Sessions
from wrencos_core.jobs import Job, Schedule

if TYPE_CHECKING:
    from wrencos_core.platform import Platform

_PURGE = "auth.purge_expired"


def jobs(platform: Platform) -> list[Job]:
    """The jobs of auth, bound to its services."""
    links, sessions = platform.services.require(Links), platform.services.require(Sessions)

    def purge() -> None:
        sessions.purge()
        links.purge()

    return [
        Job(SEND_RESET, links.send_reset, "Mail a link to set a new password.", queue="high"),
        Job(_PURGE, purge, "Delete expired sessions and links.", queue="low"),
    ]


def schedules() -> list[Schedule]:
    """Once a night, in the shop's time zone."""
    return [Schedule(_PURGE, job=_PURGE, cron="17 3 * * *")]
