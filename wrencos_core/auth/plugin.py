"""The built-in accounts and access control: what it adds, on the same hooks as any plugin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import wrencos_core
from wrencos_core.auth import jobs, permissions
from wrencos_core.auth.models.guard import Guard
from wrencos_core.auth.models.one_time_token import OneTimeToken
from wrencos_core.auth.models.session import Session
from wrencos_core.auth.models.user import User
from wrencos_core.auth.services.privacy import erase_account, stored_account
from wrencos_core.auth.services.wiring import provide
from wrencos_core.auth.settings import AuthSettings
from wrencos_core.contracts.privacy import ErasedData, PersonalData
from wrencos_core.documents import Document
from wrencos_core.hookspecs import hookimpl
from wrencos_core.identity import Identity, Permission
from wrencos_core.jobs import Job, Schedule
from wrencos_core.plugins import PluginInfo
from wrencos_core.services import ServiceRegistry
from wrencos_core.settings import Settings

if TYPE_CHECKING:
    from flask import Request

    from wrencos_core.http.blueprint import Blueprint
    from wrencos_core.platform import Platform

PLUGIN = PluginInfo(
    name="auth",
    title="Accounts",
    description="Users, logins, roles and permissions.",
    version=wrencos_core.__version__,
    core=">=0.1,<0.2",
)


@hookimpl
def register_settings() -> Sequence[type[Settings]]:
    return [AuthSettings]


@hookimpl
def register_models() -> Sequence[type[Document]]:
    return [User, Session, OneTimeToken, Guard]


@hookimpl
def register_permissions() -> Sequence[Permission]:
    return permissions.ALL


@hookimpl
def register_services(platform: Platform, services: ServiceRegistry) -> None:
    provide(platform, services)


@hookimpl
def register_jobs(platform: Platform) -> Sequence[Job]:
    return jobs.jobs(platform)


@hookimpl
def register_schedules() -> Sequence[Schedule]:
    return jobs.schedules()


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    from wrencos_core.auth.api import account, auth, users

    return [auth.blp, account.blp, users.blp]


@hookimpl(trylast=True)
def authenticate(request: Request) -> Identity | None:
    from wrencos_core.auth.api.jwt import identify

    return identify(request)


@hookimpl(trylast=True)
def check_permission(identity: Identity, permission: str) -> bool:
    return identity.holds(permission)


@hookimpl
def export_personal_data(user_id: str) -> PersonalData:
    return stored_account(user_id)


@hookimpl
def erase_personal_data(user_id: str) -> ErasedData:
    return erase_account(user_id)
