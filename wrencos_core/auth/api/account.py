"""/api/auth for those who are logged in: their profile, password, logins and data."""

from __future__ import annotations

from typing import Any

from wrencos_core.auth import schemas
from wrencos_core.auth.api.jwt import current_session_id
from wrencos_core.auth.services.accounts import Accounts
from wrencos_core.auth.services.links import Links
from wrencos_core.auth.services.privacy import Privacy
from wrencos_core.auth.services.sessions import Sessions
from wrencos_core.auth.views import (
    AccountErased,
    AccountMessage,
    OwnAccount,
    PersonalDataExport,
    erasure_view,
    user_view,
)
from wrencos_core.clock import now
from wrencos_core.http.access import LOGGED_IN, current_identity, service
from wrencos_core.http.blueprint import Blueprint

blp = Blueprint("account", __name__, url_prefix="/auth", description="One's own account.")


@blp.post("/logout", access=LOGGED_IN)
@blp.response(200, AccountMessage)
def logout() -> AccountMessage:
    """Log out.

    Ends this login: its access and refresh tokens are no good any more.
    """
    user_id, session_id = str(current_identity().user_id), current_session_id()
    if session_id is not None:
        service(Sessions).end(user_id, session_id)
    return AccountMessage(message="You are logged out.")


@blp.post("/logout-all", access=LOGGED_IN)
@blp.response(200, AccountMessage)
def logout_everywhere() -> AccountMessage:
    """Log out everywhere.

    Ends every login of the account, this one too.
    """
    service(Sessions).end_all(str(current_identity().user_id), "logout everywhere")
    return AccountMessage(message="You are logged out everywhere.")


@blp.get("/me", access=LOGGED_IN)
@blp.response(200, OwnAccount)
def show_account() -> OwnAccount:
    """Show one's own account."""
    return _account()


@blp.patch("/me", access=LOGGED_IN)
@blp.arguments(schemas.UserProfileSchema)
@blp.response(200, OwnAccount)
def update_profile(body: dict[str, Any]) -> OwnAccount:
    """Change one's own profile.

    Only what is sent is changed; null clears phone or address. 409 `username-taken`.
    """
    service(Accounts).update_profile(current_identity(), body)
    return _account()


@blp.put("/password", access=LOGGED_IN, limit="20 per minute")
@blp.arguments(schemas.PasswordChangeSchema)
@blp.response(200, AccountMessage)
def change_password(body: dict[str, Any]) -> AccountMessage:
    """Change one's own password.

    Every other login of the account ends.
    """
    service(Accounts).change_password(
        current_identity(), current_session_id(), body["old_password"], body["new_password"]
    )
    return AccountMessage(message="The password is changed; other logins have ended.")


@blp.post("/verify-email/resend", access=LOGGED_IN)
@blp.response(202, AccountMessage)
def resend_verification() -> AccountMessage:
    """Have the link to verify one's address mailed again.

    A newer link makes the older ones worthless.
    """
    if service(Links).resend_verification(current_identity()):
        return AccountMessage(message="A new link is on its way.")
    return AccountMessage(message="The address is verified already.")


@blp.get("/me/export", access=LOGGED_IN, limit="10 per minute")
@blp.response(200, PersonalDataExport)
def export_data() -> PersonalDataExport:
    """Export everything that is stored about oneself.

    One entry for each plugin that stores anything.
    """
    exported = service(Privacy).export(str(current_identity().user_id))
    return PersonalDataExport(
        exported_at=now(), plugins={name: data.sections for name, data in exported.items()}
    )


@blp.delete("/me", access=LOGGED_IN, limit="10 per minute")
@blp.arguments(schemas.AccountErasureSchema)
@blp.response(200, AccountErased)
def erase_account(body: dict[str, Any]) -> AccountErased:
    """Erase one's own account.

    Every plugin erases or anonymises what it stores, or nothing is changed. The answer says what
    was erased, and what had to stay and why.
    """
    return erasure_view(service(Privacy).erase(current_identity(), body["password"]))


def _account() -> OwnAccount:
    identity = current_identity()
    row = service(Accounts).row(identity)
    return OwnAccount(user=user_view(row), permissions=sorted(identity.permissions))
