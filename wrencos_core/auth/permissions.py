"""What staff may be allowed to do with accounts. Roles and grants stay with admins."""

from __future__ import annotations

from wrencos_core.identity import Permission

USERS_READ = "auth.users.read"
USERS_WRITE = "auth.users.write"

ALL = (
    Permission(USERS_READ, "See the accounts of customers and colleagues."),
    Permission(USERS_WRITE, "Disable and enable the accounts of customers."),
)
