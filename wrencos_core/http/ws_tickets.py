"""POST /api/ws-ticket: what opens one WebSocket."""

from __future__ import annotations

import msgspec

from wrencos_core.auth.api.jwt import current_session_id
from wrencos_core.errors import PermissionDenied
from wrencos_core.http.access import PUBLIC, current_identity, current_platform
from wrencos_core.http.blueprint import Blueprint
from wrencos_core.websockets.tickets import Bearer, Tickets

blp = Blueprint("ws-ticket", __name__, url_prefix="/ws-ticket", description="Live connections.")


class WebSocketTicket(msgspec.Struct, rename="camel", kw_only=True):
    """A secret that opens one WebSocket within `expiresIn` seconds."""

    ticket: str
    expires_in: int


@blp.post("", access=PUBLIC, limit="120 per minute")
@blp.response(201, WebSocketTicket)
def issue_ticket() -> WebSocketTicket:
    """Get a ticket for a WebSocket.

    Open `/ws/…?ticket=<ticket>` with it: once, within `expiresIn` seconds. The socket belongs to
    whoever asks here, a user or a guest, and is closed when that login ends.
    """
    identity = current_identity()
    session_id = current_session_id()
    if identity.is_authenticated and session_id is None:
        # The login behind an open socket is asked for again and again: there must be one.
        raise PermissionDenied("Only a login session can open a WebSocket.")
    tickets = Tickets(current_platform())
    ticket = tickets.issue(Bearer(identity.user_id, session_id))
    return WebSocketTicket(ticket=ticket, expires_in=tickets.seconds)
