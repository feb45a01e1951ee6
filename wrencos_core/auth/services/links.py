"""Links in mail that work once: to set a new password, and to verify an address."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from wrencos_core.auth.errors import InvalidLink
from wrencos_core.auth.models.one_time_token import OneTimeToken, Purpose
from wrencos_core.auth.models.user import User
from wrencos_core.auth.services.emails import normal_email
from wrencos_core.auth.services.passwords import Passwords
from wrencos_core.auth.services.sessions import Sessions
from wrencos_core.auth.services.throttling import Limit, Throttle
from wrencos_core.auth.services.tokens import digest
from wrencos_core.auth.settings import AuthSettings
from wrencos_core.clock import now
from wrencos_core.database import transaction
from wrencos_core.documents import bump
from wrencos_core.errors import TryAgain
from wrencos_core.identity import Identity
from wrencos_core.ids import new_id

if TYPE_CHECKING:
    from wrencos_core.platform import Platform

SEND_RESET = "auth.send_reset_link"
_PAGES = {Purpose.RESET_PASSWORD: "reset-password", Purpose.VERIFY_EMAIL: "verify-email"}


class Links:
    """Issues, mails and redeems one-time tokens. Only their hashes are stored."""

    def __init__(
        self, platform: Platform, sessions: Sessions, passwords: Passwords, throttle: Throttle
    ) -> None:
        settings = platform.settings_for(AuthSettings)
        self._platform = platform
        self._sessions = sessions
        self._passwords = passwords
        self._throttle = throttle
        self._lifetimes = {
            Purpose.RESET_PASSWORD: timedelta(minutes=settings.reset_link_minutes),
            Purpose.VERIFY_EMAIL: timedelta(hours=settings.verify_link_hours),
        }
        self._mails = Limit("link_mails", settings.link_mails_per_hour, timedelta(hours=1))

    def ask_reset(self, email: str) -> None:
        """Have a reset link mailed to the account with this address, if there is one.

        The caller learns nothing: known or not, this counts, looks up and enqueues one job; the
        link is made and mailed by the worker. Raises Invalid for what is no address, and TryAgain
        when the job can't be enqueued.
        """
        email = normal_email(email)
        allowed = self._throttle.allows(self._mails, f"reset:{email}")
        user = User.raw().find_one({"email": email}, {"_id": 1})
        known = user["_id"] if user and allowed else ""
        try:
            self._platform.jobs.enqueue(SEND_RESET, user_id=known, link_id=new_id("link"))
        except RedisError as error:
            raise TryAgain() from error

    def send_reset(self, user_id: str, link_id: str) -> None:
        """Job: make and mail the reset link `link_id`, unless it was already."""
        transaction(lambda: self._send_reset(user_id, link_id))

    def _send_reset(self, user_id: str, link_id: str) -> None:
        user = User.raw().find_one({"_id": user_id, "disabled_at": None, "is_erased": False})
        if user and not OneTimeToken.raw().find_one({"_id": link_id}, {"_id": 1}):
            self._mail(user, Purpose.RESET_PASSWORD, link_id)

    def send_verification(self, user: dict[str, Any]) -> None:
        """Mail a link that verifies the address of `user`, in the running transaction."""
        self._mail(user, Purpose.VERIFY_EMAIL, new_id("link"))

    def resend_verification(self, identity: Identity) -> bool:
        """Mail another verification link; False when the address is verified already.

        Raises TooManyRequests beyond the hourly limit.
        """
        user = User.get(str(identity.user_id))
        if user.email_verified_at:
            return False
        self._throttle.hit(self._mails, f"verify:{user.id}")
        transaction(lambda: self.send_verification(user.to_mongo().to_dict()))
        return True

    def verify_email(self, token: str) -> str:
        """Redeem a verification link; returns the user's id. Raises InvalidLink."""

        def redeem() -> str:
            user_id = self._redeem(token, Purpose.VERIFY_EMAIL)
            User.raw().update_one(
                {"_id": user_id, "email_verified_at": None},
                bump({"$set": {"email_verified_at": now()}}),
            )
            return user_id

        return transaction(redeem)

    def reset_password(self, token: str, new_password: str) -> None:
        """Redeem a reset link: the new password counts, and every session ends.

        It also verifies the address: whoever has the link reads its mail. Raises InvalidLink, or
        Invalid for a password that is not acceptable, which leaves the link good.
        """
        found = OneTimeToken.raw().find_one(self._good(token, Purpose.RESET_PASSWORD))
        user = (
            User.raw().find_one({"_id": found["user_id"], "disabled_at": None}) if found else None
        )
        if user is None:
            raise InvalidLink()
        self._passwords.check(new_password, user["email"], "newPassword")
        hashed = self._passwords.hash(new_password)

        def redeem() -> None:
            self._redeem(token, Purpose.RESET_PASSWORD)
            self.set_password(user, hashed, because="password reset")
            User.raw().update_one(
                {"_id": user["_id"], "email_verified_at": None},
                {"$set": {"email_verified_at": now()}},
            )

        transaction(redeem)

    def set_password(
        self,
        user: dict[str, Any],
        hashed: str,
        because: str,
        keep: str | None = None,
        replaces: str | None = None,
    ) -> bool:
        """Give `user` another password hash, in the running transaction.

        Ends their sessions but `keep`, closes their reset links, and tells them by mail. With
        `replaces`, only while that is still the stored hash; returns whether it was.
        """
        query = {"_id": user["_id"]} | ({"password_hash": replaces} if replaces else {})
        changed = User.raw().find_one_and_update(query, bump({"$set": {"password_hash": hashed}}))
        if changed is None:
            return False
        self._sessions.end_all(user["_id"], because, keep)
        self.close_all(user["_id"], Purpose.RESET_PASSWORD)
        self._platform.mailer.queue(
            template="auth/password_changed",
            to=changed["email"],
            locale=changed["locale"],
            context={"first_name": changed["first_name"], "changed_at": now()},
            key=f"{user['_id']}:password_changed:{changed['version']}",
            user_id=user["_id"],
        )
        return True

    def close_all(self, user_id: str, purpose: Purpose) -> None:
        """Make the user's open links of this purpose worthless."""
        OneTimeToken.raw().update_many(
            {"user_id": user_id, "purpose": purpose.value, "closed_at": None},
            bump({"$set": {"closed_at": now()}}),
        )

    def _mail(self, user: dict[str, Any], purpose: Purpose, link_id: str) -> None:
        secret = secrets.token_urlsafe(32)
        expires_at = now() + self._lifetimes[purpose]
        self.close_all(user["_id"], purpose)
        OneTimeToken(
            id=link_id,
            user_id=user["_id"],
            purpose=purpose.value,
            token_hash=digest(secret),
            expires_at=expires_at,
        ).save()
        self._platform.mailer.queue(
            template=f"auth/{purpose.value}",
            to=user["email"],
            locale=user["locale"],
            context=self._context(user, purpose, secret, expires_at),
            key=f"{user['_id']}:{link_id}",
            user_id=user["_id"],
        )

    def _context(
        self, user: dict[str, Any], purpose: Purpose, secret: str, expires_at: datetime
    ) -> dict[str, Any]:
        base_url = self._platform.settings.base_url
        return {
            "first_name": user["first_name"],
            "link": f"{base_url}/{_PAGES[purpose]}?token={secret}",
            "code": secret,
            "expires_at": expires_at,
        }

    def _redeem(self, token: str, purpose: Purpose) -> str:
        closed = OneTimeToken.raw().find_one_and_update(
            self._good(token, purpose), bump({"$set": {"closed_at": now()}})
        )
        if closed is None:
            raise InvalidLink()
        return str(closed["user_id"])

    @staticmethod
    def _good(token: str, purpose: Purpose) -> dict[str, Any]:
        return {
            "token_hash": digest(token),
            "purpose": purpose.value,
            "closed_at": None,
            "expires_at": {"$gt": now()},
        }

    def purge(self) -> int:
        """Delete expired one-time tokens; returns how many."""
        expired = {"expires_at": {"$lte": now()}}
        deleted: int = OneTimeToken.raw().delete_many(expired).deleted_count
        return deleted
