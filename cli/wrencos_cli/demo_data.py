"""Fills the demo's shop: the accounts one logs in with, then the steps of the plugins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from wrencos_cli.demo_folder import DemoFolder
from wrencos_core.identity import Identity, Role

if TYPE_CHECKING:
    from wrencos_core.demo import Progress
    from wrencos_core.platform import Platform

# Public, as the whole demo is: it listens on loopback only.
PASSWORD = "wrencos-demo"  # noqa: S105
_SYSTEM = Identity(is_system=True, channel="cli")


@dataclass(frozen=True)
class DemoAccount:
    """Someone to log in as, with `PASSWORD`."""

    role: Role

    @property
    def email(self) -> str:
        return f"{self.role.value}@wrencos.example"


ACCOUNTS = (DemoAccount(Role.ADMIN), DemoAccount(Role.STAFF), DemoAccount(Role.CUSTOMER))


def accounts_wanted(with_data: bool) -> tuple[DemoAccount, ...]:
    """All of them, or in an empty shop just the admin."""
    return ACCOUNTS if with_data else ACCOUNTS[:1]


def fill_shop(environ: Mapping[str, str], folder: DemoFolder, products: int | None) -> None:
    """Prepare the database and fill it; what is there already is left as it is.

    `products` is how many the shop should have, None for an empty one.
    """
    from wrencos_core import database, demo, logs, platform as platforms
    from wrencos_core.settings import Sources

    platform = platforms.start(sources=Sources(environ))
    logs.configure(platform.settings.model_copy(update={"log_level": "WARNING"}), force_text=True)
    platform.connect()
    try:
        with progress_shown() as progress:
            progress("Preparing the database", 0, 1)
            platform.prepare()
            progress("Preparing the database", 1, 1)
            make_accounts(platform, accounts_wanted(products is not None), progress)
            if products is not None and folder.facts().get("seeded") is None:
                if folder.facts().get("begun"):
                    click.echo(
                        "An earlier start was interrupted, so the year of orders may be "
                        "incomplete; --reset begins anew.",
                        err=True,
                    )
                folder.remember(begun=True)
                steps = [s for _, s in platform.plugins.collect("register_demo", platform=platform)]
                demo.fill(platform, steps, products, progress)
                folder.remember(seeded=products)
    finally:
        database.disconnect()
        platform.redis.close()


def make_accounts(
    platform: Platform, accounts: tuple[DemoAccount, ...], progress: Progress
) -> None:
    """Create those of the accounts that are not there yet."""
    from wrencos_core.auth.services.accounts import Accounts, Person
    from wrencos_core.contracts.auth import UserDirectory

    directory = platform.services.require(UserDirectory)
    for number, account in enumerate(accounts):
        progress("Accounts", number, len(accounts))
        if directory.find_by_email(account.email) is not None:
            continue
        person = Person(
            email=account.email,
            password=PASSWORD,
            first_name=account.role.value.capitalize(),
            last_name="Demo",
        )
        permissions = staff_permissions(platform) if account.role is Role.STAFF else ()
        platform.services.require(Accounts).create_user(_SYSTEM, person, account.role, permissions)
    progress("Accounts", len(accounts), len(accounts))


def staff_permissions(platform: Platform) -> tuple[str, ...]:
    """What the demo's member of staff may do: all that there are permissions for."""
    return tuple(sorted(platform.permissions))


@contextmanager
def progress_shown() -> Iterator[Progress]:
    """A bar for each label on a terminal; elsewhere a line when one is done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress as Bars, TextColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn())
    bars = Bars(*columns, console=console, disable=not console.is_terminal)
    tasks: dict[str, int] = {}
    finished: set[str] = set()

    def progress(label: str, done: int, total: int) -> None:
        if label not in tasks:
            tasks[label] = bars.add_task(label, total=total)
        bars.update(tasks[label], completed=done, total=total)  # type: ignore[arg-type]
        if done >= total and label not in finished:
            finished.add(label)
            if not console.is_terminal:
                console.print(f"{label}: {total}", highlight=False, markup=False)

    with bars:
        yield progress
