"""/api/auth where nobody is logged in yet: registering, logging in, refreshing, links in mail."""

from __future__ import annotations

from typing import Any

from wrencos_core.auth import schemas
from wrencos_core.auth.api.jwt import BLUEPRINT, install
from wrencos_core.auth.services.accounts import Accounts, Person
from wrencos_core.auth.services.links import Links
from wrencos_core.auth.services.sessions import Sessions
from wrencos_core.auth.services.users import Users
from wrencos_core.auth.views import (
    AccountMessage,
    AccountRegistered,
    LoggedIn,
    RefreshedTokens,
    user_view,
)
from wrencos_core.http.access import PUBLIC, service
from wrencos_core.http.blueprint import Blueprint
from wrencos_core.http.limits import caller_network

blp = Blueprint(BLUEPRINT, __name__, url_prefix="/auth", description="Logging in.")
blp.record_once(lambda state: install(state.app))


@blp.post("/register", access=PUBLIC, limit="60 per hour")
@blp.arguments(schemas.AccountRegistrationSchema)
@blp.response(201, AccountRegistered)
def register(body: dict[str, Any]) -> AccountRegistered:
    """Register as a customer.

    Answers with tokens: the new user is logged in. A link to verify the address is mailed. `role`
    is accepted and has no effect; only an admin makes staff and admins. 409 `email-taken` when the
    address has an account.
    """
    body.pop("role", None)
    pair = service(Accounts).register(Person(**body))
    return AccountRegistered(
        user_id=pair.user_id, token=pair.token, refresh_token=pair.refresh_token
    )


@blp.post("/login", access=PUBLIC, limit="60 per minute")
@blp.arguments(schemas.LoginSchema)
@blp.response(200, LoggedIn)
def login(body: dict[str, Any]) -> LoggedIn:
    """Log in.

    Wrong passwords are counted for each account, each network address and each account from one
    network address: beyond the limits the answer is 429 with Retry-After. 401
    `invalid-credentials` does not tell whether the address is known.
    """
    pair = service(Accounts).login(body["email"], body["password"], caller_network())
    return LoggedIn(
        token=pair.token,
        refresh_token=pair.refresh_token,
        user=user_view(service(Users).find(pair.user_id)),
    )


@blp.post("/refresh", access=PUBLIC, limit="120 per minute")
@blp.arguments(schemas.TokenRefreshSchema)
@blp.response(200, RefreshedTokens)
def refresh(body: dict[str, Any]) -> RefreshedTokens:
    """Exchange a refresh token for new tokens.

    A refresh token is good once. 409 `refresh-superseded`: another request of this client has used
    it a moment ago, use what that one got. 401 `refresh-token-reused`: it was used before, so the
    whole login has been ended.
    """
    pair = service(Sessions).refresh(body["refresh_token"])
    return RefreshedTokens(token=pair.token, refresh_token=pair.refresh_token)


@blp.post("/password-reset", access=PUBLIC, limit="20 per minute")
@blp.arguments(schemas.PasswordResetSchema)
@blp.response(202, AccountMessage)
def ask_password_reset(body: dict[str, Any]) -> AccountMessage:
    """Ask for a link to set a new password.

    The answer is the same whether or not the address has an account.
    """
    service(Links).ask_reset(body["email"])
    return AccountMessage(message="If this address has an account, a link is on its way to it.")


@blp.post("/password-reset/confirm", access=PUBLIC, limit="20 per minute")
@blp.arguments(schemas.NewPasswordSchema)
@blp.response(200, AccountMessage)
def confirm_password_reset(body: dict[str, Any]) -> AccountMessage:
    """Set a new password with the token of a mailed link.

    Every login of the account ends. 400 `invalid-link` when the link was used, has expired or was
    replaced by a newer one.
    """
    service(Links).reset_password(body["token"], body["new_password"])
    return AccountMessage(message="The new password is set; log in with it.")


@blp.post("/verify-email", access=PUBLIC, limit="20 per minute")
@blp.arguments(schemas.LinkTokenSchema)
@blp.response(200, AccountMessage)
def verify_email(body: dict[str, Any]) -> AccountMessage:
    """Verify an address with the token of a mailed link.

    400 `invalid-link` when the link was used, has expired or was replaced by a newer one.
    """
    service(Links).verify_email(body["token"])
    return AccountMessage(message="The address is verified.")
