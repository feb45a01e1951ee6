"""Looks after open sockets: stuck ones are given up, ended logins lose theirs, leases live on."""

from __future__ import annotations

import threading
import time
from time import monotonic
from typing import TYPE_CHECKING

import structlog
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from wrencos_core.websockets.errors import CloseCode
from wrencos_core.websockets.leases import LEASE_SECONDS

if TYPE_CHECKING:
    from wrencos_core.websockets.hub import Hub

log = structlog.get_logger(__name__)

_ROUND_SECONDS = 1.0


class Keeper:
    """Goes round once a second in a thread of its own, and re-checks logins at an interval."""

    def __init__(self, hub: Hub, recheck_seconds: int) -> None:
        self._hub = hub
        self._recheck_seconds = recheck_seconds

    def start(self) -> None:
        threading.Thread(target=self._run, name="websocket-keeper", daemon=True).start()

    def _run(self) -> None:
        rechecked = renewed = monotonic()
        while not self._hub.is_over:
            time.sleep(_ROUND_SECONDS)
            moment = monotonic()
            try:
                for connection in self._hub.connections():
                    connection.wire.abort_if_stuck()
                if moment - rechecked >= self._recheck_seconds:
                    self.recheck()
                    rechecked = moment
                if moment - renewed >= LEASE_SECONDS / 3:
                    self._renew()
                    renewed = moment
            except (PyMongoError, RedisError) as error:
                log.warning("websockets.round_failed", error=type(error).__name__)
            except Exception:
                log.exception("websockets.keeper_failed")

    def recheck(self) -> None:
        """Close the sockets of ended sessions with 4401, of those who lost access with 4403."""
        logins = {}
        for connection in self._hub.connections():
            user_id, session_id = connection.identity.user_id, connection.admission.session_id
            if user_id is not None and session_id is not None:
                logins[connection] = (user_id, session_id)
        if not logins:
            return
        alive = self._hub.sessions.identities(logins.values())
        for connection, login in logins.items():
            identity = alive.get(login)
            if identity is None:
                connection.close(CloseCode.SESSION_ENDED, "session-ended")
            elif not connection.admission.allowed(identity):
                connection.close(CloseCode.NOT_ALLOWED, "permission-denied")
            else:
                connection.identity = identity

    def _renew(self) -> None:
        held = [(c.admission.caller, c.id) for c in self._hub.connections()]
        if held:
            self._hub.leases.renew(held)
