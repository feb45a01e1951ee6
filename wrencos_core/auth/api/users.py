"""/api/users: the accounts of others, for admins and the staff they trust with it."""

from __future__ import annotations

from typing import Any

from wrencos_core.auth import schemas
from wrencos_core.auth.permissions import USERS_READ, USERS_WRITE
from wrencos_core.auth.services.users import Users
from wrencos_core.auth.views import UserDetail, UserPageView, UserUpdated, user_view
from wrencos_core.errors import Invalid
from wrencos_core.http.access import current_identity, service
from wrencos_core.http.blueprint import Blueprint
from wrencos_core.http.schemas import Paging

blp = Blueprint("users", __name__, url_prefix="/users", description="The accounts of others.")


@blp.get("", access=USERS_READ)
@blp.arguments(schemas.UserQuerySchema, location="query")
@blp.response(200, UserPageView)
def list_users(args: dict[str, Any]) -> UserPageView:
    """List users.

    The newest first. `search` finds words at the beginning of the address, a name, the username or
    the phone number; diacritics do not matter.
    """
    paging = Paging.of(args)
    page = service(Users).list(
        skip=paging.skip, limit=paging.limit, role=args.get("role"), search=args.get("search")
    )
    return UserPageView(
        users=[user_view(row) for row in page.rows],
        total_count=page.total,
        page=paging.page,
        total_pages=paging.total_pages(page.total),
    )


@blp.get("/<user_id>", access=USERS_READ)
@blp.response(200, UserDetail)
def show_user(user_id: str) -> UserDetail:
    """Show a user."""
    return UserDetail(user=user_view(service(Users).find(user_id)))


@blp.put("/<user_id>/roles", access=USERS_WRITE)
@blp.arguments(schemas.RoleChangeSchema)
@blp.response(200, UserUpdated)
def set_role(body: dict[str, Any], user_id: str) -> UserUpdated:
    """Give a user another role.

    Admins only. It counts with the user's next request; permissions granted before are taken away.
    409 `last-admin` when no admin would be left.
    """
    if body.get("user_id", user_id) != user_id:
        raise Invalid(errors={"userId": ["Must be the id of the path."]})
    row = service(Users).set_role(current_identity(), user_id, body["new_role"])
    return UserUpdated(message="The role is changed.", updated_user=user_view(row))


@blp.put("/<user_id>/permissions", access=USERS_WRITE)
@blp.arguments(schemas.PermissionGrantSchema)
@blp.response(200, UserUpdated)
def set_permissions(body: dict[str, Any], user_id: str) -> UserUpdated:
    """Say what a member of staff may do beside what all staff may.

    Admins only. The list replaces the one before. 409 for a user who is not staff.
    """
    row = service(Users).grant(current_identity(), user_id, body["permissions"])
    return UserUpdated(message="The permissions are set.", updated_user=user_view(row))


@blp.put("/<user_id>/status", access=USERS_WRITE)
@blp.arguments(schemas.UserStatusSchema)
@blp.response(200, UserUpdated)
def set_status(body: dict[str, Any], user_id: str) -> UserUpdated:
    """Disable or enable a user.

    A disabled user is logged out at once and can't log in. Staff can do this to customers, admins
    to everyone. 409 `last-admin` when no admin would be left.
    """
    users, identity = service(Users), current_identity()
    change = users.disable if body["disabled"] else users.enable
    row = change(identity, user_id)
    message = "The user is disabled." if body["disabled"] else "The user is enabled."
    return UserUpdated(message=message, updated_user=user_view(row))
