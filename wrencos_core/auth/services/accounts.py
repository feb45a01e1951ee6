"""What people do with their own account, and how accounts come to be."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from mongoengine.errors import NotUniqueError
from pymongo.errors import DuplicateKeyError

from wrencos_core import audit
from wrencos_core.auth.errors import (
    AccountDisabled,
    EmailTaken,
    InvalidCredentials,
    UsernameTaken,
)
from wrencos_core.auth.models.user import USERNAME, Address, User, folded, search_words
from wrencos_core.auth.services.emails import normal_email
from wrencos_core.auth.services.links import Links
from wrencos_core.auth.services.passwords import Passwords
from wrencos_core.auth.services.sessions import Sessions, TokenPair
from wrencos_core.auth.services.throttling import Limit, Throttle
from wrencos_core.auth.settings import AuthSettings
from wrencos_core.clock import now
from wrencos_core.contracts.auth import UserRegistered
from wrencos_core.database import transaction
from wrencos_core.documents import bump
from wrencos_core.errors import Conflict, Invalid, NotFound, PermissionDenied
from wrencos_core.identity import Identity, Role

if TYPE_CHECKING:
    from wrencos_core.platform import Platform

T = TypeVar("T")

_NAME_ATTEMPTS = 5
_USERNAME_RULE = (
    "Must be 3 to 32 letters a-z, digits, dots, dashes or underscores, "
    "and begin with a letter or digit."
)


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who an account is for. A username is made up when none is given."""

    email: str
    password: str
    first_name: str
    last_name: str
    username: str | None = None
    phone: str | None = None
    locale: str | None = None
    address: Mapping[str, str | None] | None = None


class Accounts:
    """Registration, login, profile and password."""

    def __init__(
        self,
        platform: Platform,
        sessions: Sessions,
        links: Links,
        passwords: Passwords,
        throttle: Throttle,
    ) -> None:
        settings = platform.settings_for(AuthSettings)
        window = timedelta(minutes=settings.login_window_minutes)
        self._platform = platform
        self._sessions = sessions
        self._links = links
        self._passwords = passwords
        self._throttle = throttle
        few = settings.login_attempts_per_account_and_address
        self._per_pair = Limit("login_account_address", few, window)
        self._per_account = Limit("login_account", settings.login_attempts_per_account, window)
        self._per_address = Limit("login_address", settings.login_attempts_per_address, window)
        self._per_confirmation = Limit("confirm_password", few, window)

    def register(self, person: Person) -> TokenPair:
        """A new customer, logged in; a link to verify the address is mailed.

        Raises Invalid, EmailTaken or UsernameTaken.
        """

        def finish(user: User) -> TokenPair:
            self._links.send_verification(user.to_mongo().to_dict())
            return self._sessions.open(user.id)

        return self._create(person, Role.CUSTOMER, finish)

    def create_user(
        self,
        identity: Identity,
        person: Person,
        role: Role = Role.CUSTOMER,
        permissions: tuple[str, ...] = (),
    ) -> str:
        """A new user of any role, made by an admin or the CLI; returns its id.

        The address counts as verified: the admin vouches for it. `permissions` are for staff.
        Raises PermissionDenied for anyone else, Invalid, EmailTaken or UsernameTaken.
        """
        if not identity.is_admin:
            raise PermissionDenied("Only an admin can make accounts for others.")
        unknown = sorted(set(permissions) - set(self._platform.permissions))
        if unknown or (permissions and role is not Role.STAFF):
            raise Invalid(errors={"permissions": [f"Can't be granted: {', '.join(permissions)}."]})

        def finish(user: User) -> str:
            User.raw().update_one(
                {"_id": user.id},
                {"$set": {"email_verified_at": now(), "permissions": sorted(set(permissions))}},
            )
            audit.record(
                identity,
                "auth.users.create",
                user.id,
                {"role": role.value, "permissions": sorted(set(permissions))},
            )
            return str(user.id)

        return self._create(person, role, finish)

    def _create(self, person: Person, role: Role, finish: Callable[[User], T]) -> T:
        email = normal_email(person.email)
        self._passwords.check(person.password, email)
        values = {
            "email": email,
            "password_hash": self._passwords.hash(person.password),
            "role": role.value,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "phone": person.phone,
            "locale": person.locale or self._platform.settings.locale,
            "address": Address(**person.address) if person.address else None,
        }
        username = normal_username(person.username) if person.username else None
        if username is not None:
            return self._try_insert({**values, "username": username}, finish)
        for _ in range(_NAME_ATTEMPTS):
            made_up = {**values, "username": made_up_username(person.first_name)}
            try:
                return self._try_insert(made_up, finish)
            except UsernameTaken:
                continue
        raise Conflict("No free username was found; choose one.")

    def _try_insert(self, values: dict[str, Any], finish: Callable[[User], T]) -> T:
        try:
            return transaction(lambda: self._insert(values, finish))
        except (NotUniqueError, DuplicateKeyError) as error:
            if _is_about(error, "email"):
                raise EmailTaken() from error
            if _is_about(error, "username"):
                raise UsernameTaken() from error
            raise

    def _insert(self, values: dict[str, Any], finish: Callable[[User], T]) -> T:
        user = User(**values).save()
        self._platform.outbox.publish(
            UserRegistered(
                id=f"{user.id}:registered",
                occurred_at=user.created_at,
                user_id=user.id,
                role=Role(user.role),
                locale=user.locale,
            )
        )
        return finish(user)

    def login(self, email: str, password: str, address: str) -> TokenPair:
        """Tokens for the right password. `address` is the caller's: IPv4, or an IPv6 network.

        Raises InvalidCredentials (the same, and after the same work, for an unknown address),
        AccountDisabled when the password is right, TooManyRequests.
        """
        email = normal_email(email)
        # Counted before the password is looked at, so that guesses at once can't outrun the count.
        # The account comes last: what one address is refused must not lock the owner out as well.
        from_address = self._throttle.hit(self._per_address, address)
        for_pair = self._throttle.hit(self._per_pair, f"{email} {address}")
        for_account = self._throttle.hit(self._per_account, email)
        user = User.raw().find_one({"email": email})
        stored = user.get("password_hash") if user else None
        if not self._passwords.verify(stored, password) or user is None or stored is None:
            raise InvalidCredentials()
        self._throttle.take_back(from_address)
        self._throttle.take_back(for_account)
        self._throttle.forget(for_pair)
        if user.get("disabled_at"):
            raise AccountDisabled()
        fresh = self._passwords.hash(password) if self._passwords.is_outdated(stored) else stored
        return transaction(lambda: self._log_in(user["_id"], stored, fresh))

    def _log_in(self, user_id: str, verified: str, fresh: str) -> TokenPair:
        # The password may have been changed, or the user disabled, since it was verified.
        still = {"_id": user_id, "password_hash": verified, "disabled_at": None}
        if User.raw().find_one_and_update(still, {"$set": {"password_hash": fresh}}) is None:
            raise InvalidCredentials()
        return self._sessions.open(user_id)

    def confirm_password(self, user: Mapping[str, Any], password: str, field: str) -> None:
        """Raise Invalid, naming `field`, unless it is the user's password; guesses are limited.

        They are counted by themselves: a stranger's guesses at the login keep nobody from this.
        """
        attempt = self._throttle.hit(self._per_confirmation, user["_id"])
        if not self._passwords.verify(user.get("password_hash"), password):
            raise Invalid("The password is wrong.", errors={field: ["Is wrong."]})
        self._throttle.forget(attempt)

    def change_password(
        self, identity: Identity, session_id: str | None, old: str, new: str
    ) -> None:
        """Set a new password; every session but `session_id` ends. Raises Invalid."""
        user = self.row(identity)
        self.confirm_password(user, old, "oldPassword")
        self._passwords.check(new, user["email"], "newPassword")
        hashed = self._passwords.hash(new)
        stored = user["password_hash"]
        changed = transaction(
            lambda: self._links.set_password(
                user, hashed, "password change", keep=session_id, replaces=stored
            )
        )
        if not changed:
            raise Conflict("The password was changed by another request just now.")

    def row(self, identity: Identity) -> dict[str, Any]:
        """The stored row of the caller; raises NotFound."""
        row: dict[str, Any] | None = User.raw().find_one({"_id": identity.user_id})
        if row is None:
            raise NotFound()
        return row

    def update_profile(self, identity: Identity, changes: Mapping[str, Any]) -> None:
        """Change the given parts of the caller's profile; None clears phone or address.

        Raises UsernameTaken or Invalid.
        """
        changes = dict(changes)
        if "username" in changes:
            changes["username"] = normal_username(changes["username"])

        def change() -> None:
            user = User.raw().find_one({"_id": identity.user_id, "is_erased": False})
            if user is None:
                raise NotFound()
            merged = {**user, **changes}
            User.raw().update_one(
                {"_id": user["_id"]},
                bump({"$set": {**changes, "search_words": search_words(merged)}}),
            )

        try:
            transaction(change)
        except DuplicateKeyError as error:
            raise UsernameTaken() from error


def normal_username(text: str) -> str:
    """`text` in lower case; raises Invalid unless it is 3 to 32 letters, digits, dots or dashes."""
    name = text.strip().lower()
    if not USERNAME.fullmatch(name):
        raise Invalid(errors={"username": [_USERNAME_RULE]})
    return name


def made_up_username(first_name: str) -> str:
    """A name from the first name and chance; never from the address, which others may not see."""
    stem = "".join(
        char for char in "".join(folded(first_name)) if char.isascii() and char.isalnum()
    )
    return f"{stem[:16] or 'user'}-{secrets.token_hex(4)}"


def _is_about(error: Exception, field: str) -> bool:
    """Whether the duplicate key is that of `field`; mongoengine hides the driver's error inside."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, DuplicateKeyError):
            return field in (inner.details or {}).get("keyPattern", {})
        # Not __cause__: that may be the error itself, which would go round for ever.
        inner = inner.__context__
    return False
