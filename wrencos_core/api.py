"""The facade: all that a plugin's services, models, jobs and commands import from the core.

It imports no Flask; the HTTP half is `wrencos_core.web`. What stands here keeps its name and
meaning within a minor version, wherever in the core it lives.
"""

from wrencos_core import audit, clock, ids, localised, money, pdf, text
from wrencos_core.blocking import heavy
from wrencos_core.cli import fail, pass_platform, print_json, print_table
from wrencos_core.clock import now
from wrencos_core.database import (
    Mongo,
    after_commit,
    database,
    in_transaction,
    transaction,
    transactional,
)
from wrencos_core.demo import DemoContext, DemoStep
from wrencos_core.documents import Document, UTCDateTimeField, bump, new_row
from wrencos_core.errors import (
    Conflict,
    DomainError,
    FeatureUnavailable,
    Invalid,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    StaleVersion,
    TooManyRequests,
)
from wrencos_core.events import Event, Subscriber
from wrencos_core.health import HealthCheck, Metric
from wrencos_core.hookspecs import hookimpl, hookspec
from wrencos_core.identity import ANONYMOUS, SYSTEM, Identity, Permission, Role
from wrencos_core.ids import is_id, new_id
from wrencos_core.jobs import Job, Schedule
from wrencos_core.listing import Listing
from wrencos_core.migrations import Migration
from wrencos_core.money import Money
from wrencos_core.platform import Platform
from wrencos_core.plugins import PluginInfo
from wrencos_core.services import ServiceRegistry
from wrencos_core.settings import CommaList, CoreSettings, Settings
from wrencos_core.storage.errors import NotAnImage, UnusableImage, UploadTooLarge

__all__ = [
    "ANONYMOUS",
    "SYSTEM",
    "CommaList",
    "Conflict",
    "CoreSettings",
    "DemoContext",
    "DemoStep",
    "Document",
    "DomainError",
    "Event",
    "FeatureUnavailable",
    "HealthCheck",
    "Identity",
    "Invalid",
    "Job",
    "Listing",
    "Metric",
    "Migration",
    "Money",
    "Mongo",
    "NotAnImage",
    "NotAuthenticated",
    "NotFound",
    "Permission",
    "PermissionDenied",
    "Platform",
    "PluginInfo",
    "Role",
    "Schedule",
    "ServiceRegistry",
    "Settings",
    "StaleVersion",
    "Subscriber",
    "TooManyRequests",
    "UTCDateTimeField",
    "UnusableImage",
    "UploadTooLarge",
    "after_commit",
    "audit",
    "bump",
    "clock",
    "database",
    "fail",
    "heavy",
    "hookimpl",
    "hookspec",
    "ids",
    "in_transaction",
    "is_id",
    "localised",
    "money",
    "new_id",
    "new_row",
    "now",
    "pass_platform",
    "pdf",
    "print_json",
    "print_table",
    "text",
    "transaction",
    "transactional",
]
