"""Sessions: opened by a login, kept alive by refreshing, ended by logging out or by misuse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from wrencos_core import audit
from wrencos_core.auth.errors import (
    InvalidRefreshToken,
    RefreshSuperseded,
    RefreshTokenReused,
    SessionEnded,
)
from wrencos_core.auth.models.session import Session
from wrencos_core.auth.models.user import User
from wrencos_core.auth.services.tokens import RefreshToken, Tokens
from wrencos_core.auth.settings import AuthSettings
from wrencos_core.clock import now
from wrencos_core.database import transaction
from wrencos_core.documents import bump
from wrencos_core.identity import SYSTEM, Identity, Role

if TYPE_CHECKING:
    from wrencos_core.platform import Platform

log = structlog.get_logger(__name__)

# A user id and the id of one of the user's sessions.
Login = tuple[str, str]
_LOGINS_AT_ONCE = 500


class TokenPair(msgspec.Struct, frozen=True, kw_only=True):
    """What a client needs to act for a user: both are secrets."""

    user_id: str
    session_id: str
    token: str
    refresh_token: str


class Sessions:
    """Opens, checks, refreshes and ends logins."""

    def __init__(self, platform: Platform) -> None:
        settings = platform.settings_for(AuthSettings)
        self._platform = platform
        self._lifetime = timedelta(days=settings.refresh_token_days)
        self._grace = timedelta(seconds=settings.refresh_grace_seconds)
        self._most = settings.sessions_per_user
        self.tokens = Tokens(platform.secret_key, timedelta(minutes=settings.access_token_minutes))
        self._defaults: dict[Role, frozenset[str]] = {}

    def open(self, user_id: str) -> TokenPair:
        """A new session of the user, in the running transaction or its own."""
        return transaction(lambda: self._open(user_id))

    def _open(self, user_id: str) -> TokenPair:
        moment = now()
        session = Session(user_id=user_id, expires_at=moment + self._lifetime)
        refresh = self.tokens.new_refresh(session.id)
        session.token_hash = refresh.hash
        # The user first: that is the row which others contend for.
        User.raw().update_one(
            {"_id": user_id},
            {
                "$push": {"live_sessions": {"$each": [session.id], "$slice": -self._most}},
                "$set": {"last_login_at": moment},
            },
        )
        session.save()
        return self._pair(user_id, refresh)

    def identify(self, claims: dict[str, Any]) -> Identity:
        """Who bears an access token with these verified claims.

        Costs one read of the user by id: the same row says which sessions are alive, the role and
        the grants, so ending a session, disabling or demoting a user counts with the next request.
        Raises InvalidAccessToken, AccessTokenExpired or SessionEnded.
        """
        user_id, session_id = self.tokens.read_access(claims)
        user = User.raw().find_one(
            {"_id": user_id, "live_sessions": session_id, "disabled_at": None},
            {"role": 1, "permissions": 1},
        )
        if user is None:
            raise SessionEnded()
        return self._identity(user)

    def identities(self, logins: Iterable[Login]) -> dict[Login, Identity]:
        """The present identity of each login; one that has ended is missing. Bounded reads."""
        wanted = sorted(set(logins))
        found: dict[Login, Identity] = {}
        for start in range(0, len(wanted), _LOGINS_AT_ONCE):
            found |= self._identities(wanted[start : start + _LOGINS_AT_ONCE])
        return found

    def _identities(self, logins: list[Login]) -> dict[Login, Identity]:
        ids = sorted({user_id for user_id, _ in logins})
        rows = User.raw().find(
            {"_id": {"$in": ids}, "disabled_at": None},
            {"role": 1, "permissions": 1, "live_sessions": 1},
        )
        users = {row["_id"]: row for row in rows}
        return {
            (user_id, session_id): self._identity(users[user_id])
            for user_id, session_id in logins
            if user_id in users and session_id in users[user_id]["live_sessions"]
        }

    def _identity(self, user: Mapping[str, Any]) -> Identity:
        role = Role(user["role"])
        permissions = self.permissions(role, user["permissions"])
        return Identity(user_id=user["_id"], role=role, permissions=permissions)

    def permissions(self, role: Role, granted: list[str]) -> frozenset[str]:
        """The permissions of a user: the role's defaults, and for staff those granted."""
        if role not in self._defaults:
            known = self._platform.permissions.values()
            self._defaults[role] = frozenset(p.name for p in known if role in p.granted_to)
        defaults = self._defaults[role]
        return defaults.union(granted) if role is Role.STAFF else defaults

    def refresh(self, text: str) -> TokenPair:
        """New tokens for a refresh token, which is thereby used up; the session lives on from now.

        Of several requests with one token exactly one gets new tokens. The others get
        RefreshSuperseded when they come within the grace period after it (two tabs, a repeated
        request), which leaves the session alive. Later, and for any token older than the previous
        one, it must be a copy: RefreshTokenReused, and the session with all its tokens has ended.
        A client that lost the answer within the grace period logs in again; handing out a second
        valid token instead would give a thief who is quick one as well.
        Raises InvalidRefreshToken for any other token.
        """
        presented = self.tokens.read_refresh(text)
        fresh = self.tokens.new_refresh(presented.session_id)
        moment = now()
        change = bump(
            {
                "$set": {
                    "token_hash": fresh.hash,
                    "previous_hash": presented.hash,
                    "rotated_at": moment,
                    "expires_at": moment + self._lifetime,
                }
            }
        )
        rotated = Session.raw().find_one_and_update(
            {
                "_id": presented.session_id,
                "token_hash": presented.hash,
                "ended_at": None,
                "expires_at": {"$gt": moment},
            },
            change,
            {"user_id": 1},
        )
        if rotated is None:
            raise self._refused(presented)
        alive = {
            "_id": rotated["user_id"],
            "live_sessions": presented.session_id,
            "disabled_at": None,
        }
        if User.raw().find_one(alive, {"_id": 1}) is None:
            raise InvalidRefreshToken()
        return self._pair(rotated["user_id"], fresh)

    def _refused(self, presented: RefreshToken) -> Exception:
        """Why a genuine token is not the newest of a live session; ends the session on misuse."""
        stored = Session.raw().find_one({"_id": presented.session_id})
        moment = now()
        if stored is None or stored.get("ended_at") or stored["expires_at"] <= moment:
            return InvalidRefreshToken()
        if (
            stored.get("previous_hash") == presented.hash
            and moment - stored["rotated_at"] <= self._grace
        ):
            return RefreshSuperseded("Use the tokens which that request was given.")
        user_id = stored["user_id"]
        log.warning("auth.refresh_token_reused", user=user_id, session=presented.session_id)
        transaction(lambda: self._end_for_reuse(user_id, presented.session_id))
        return RefreshTokenReused()

    def _end_for_reuse(self, user_id: str, session_id: str) -> None:
        self._end(user_id, [session_id], "reuse")
        audit.record(SYSTEM, "auth.sessions.end_reused", user_id, {"session": session_id})

    def end(self, user_id: str, session_id: str) -> None:
        """Log out of one session; ending an ended one does nothing."""
        transaction(lambda: self._end(user_id, [session_id], "logout"))

    def end_all(self, user_id: str, because: str, keep: str | None = None) -> None:
        """End the user's sessions, all but `keep`; their access tokens die with them."""
        transaction(lambda: self._end_all(user_id, because, keep))

    def _end_all(self, user_id: str, because: str, keep: str | None) -> None:
        user = User.raw().find_one({"_id": user_id}, {"live_sessions": 1})
        live = user["live_sessions"] if user else []
        self._end(user_id, [id for id in live if id != keep], because)

    def _end(self, user_id: str, session_ids: list[str], because: str) -> None:
        User.raw().update_one({"_id": user_id}, {"$pull": {"live_sessions": {"$in": session_ids}}})
        Session.raw().update_many(
            {"_id": {"$in": session_ids}, "user_id": user_id, "ended_at": None},
            bump({"$set": {"ended_at": now(), "ended_because": because}}),
        )

    def _pair(self, user_id: str, refresh: RefreshToken) -> TokenPair:
        return TokenPair(
            user_id=user_id,
            session_id=refresh.session_id,
            token=self.tokens.access(user_id, refresh.session_id),
            refresh_token=refresh.text,
        )

    def purge(self) -> int:
        """Delete the sessions whose refresh tokens have expired; returns how many."""
        deleted = 0
        while rows := list(
            Session.raw()
            .find({"expires_at": {"$lte": now()}}, {"user_id": 1})
            .sort("expires_at", 1)
            .limit(500)
        ):
            ids = [row["_id"] for row in rows]
            users = sorted({row["user_id"] for row in rows})
            User.raw().update_many(
                {"_id": {"$in": users}}, {"$pull": {"live_sessions": {"$in": ids}}}
            )
            deleted += Session.raw().delete_many({"_id": {"$in": ids}}).deleted_count
        return deleted
