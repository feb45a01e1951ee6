"""Fills the shop through the services that fill a real one, and says what there is to ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.server import Databases
from wrencos_core import database, demo, logs, platform as platforms
from wrencos_core.auth.services.accounts import Accounts, Person
from wrencos_core.auth.services.sessions import Sessions
from wrencos_core.identity import SYSTEM, Role
from wrencos_core.platform import Platform
from wrencos_core.settings import Sources

PASSWORD = "Jasmine-rice-42"
# So much of everything that no run ever sells out.
STOCK = 1_000_000_000
PAGE = 20
_SHORTEST_WORD = 4
_SEARCHES = 60
# Of the demo only this: customers and a year of orders are not asked for here.
_CATALOGUE = ("commerce.catalogue", "commerce.search")


@dataclass(frozen=True)
class User:
    """A customer who is logged in; nobody else uses the token."""

    email: str
    token: str


@dataclass(frozen=True)
class Shop:
    """What the scenarios ask for. `categories` are slugs of those that fill a page, if any do."""

    product_ids: list[str]
    categories: list[str]
    words: list[str]
    users: dict[str, list[User]]


@contextmanager
def seeded(base: Databases, products: int, groups: Iterable[str], users: int) -> Iterator[Shop]:
    """The shop with so many products, and so many users in each of the groups.

    The platform that filled it is connected inside the block. Raises RuntimeError when the plugin
    is missing, or its demo catalogue gives another number of products.
    """
    platform = platforms.start(sources=Sources(environ=base.environ))
    quiet = platform.settings.model_copy(update={"log_level": "WARNING"})
    logs.configure(quiet, force_text=True)
    platform.connect()
    try:
        platform.prepare()
        _fill_catalogue(platform, products)
        yield Shop(
            product_ids=_product_ids(products),
            categories=_categories(),
            words=_words(),
            users={group: _users(platform, group, users) for group in groups},
        )
    finally:
        platform.redis.close()
        database.disconnect()


def _fill_catalogue(platform: Platform, products: int) -> None:
    steps = platform.plugins.collect("register_demo", platform=platform)
    catalogue = [step for _, step in steps if step.name in _CATALOGUE]
    if not catalogue:
        raise RuntimeError("there is no commerce plugin: not installed, switched off or refused")
    demo.fill(platform, catalogue, products, lambda label, done, total: None)
    rows = database.database()["commerce_products"]
    rows.update_many(
        {}, {"$set": {"inventory": STOCK, "variants.$[].inventory": STOCK, "is_active": True}}
    )


def _product_ids(wanted: int) -> list[str]:
    rows = database.database()["commerce_products"].find({}, {"_id": 1})
    ids = sorted(row["_id"] for row in rows)
    if len(ids) != wanted:
        raise RuntimeError(f"the demo catalogue made {len(ids)} products instead of {wanted}")
    return ids


def _categories() -> list[str]:
    """Those that hold a page or more, with what is below them; else those that hold the most."""
    slugs = {row["_id"]: row["slug"] for row in database.database()["commerce_categories"].find()}
    counted: Counter[str] = Counter()
    for row in database.database()["commerce_products"].find({}, {"facets": 1}):
        ids = (facet.partition(":")[2] for facet in row["facets"])
        counted.update(slugs[id] for id in ids if id in slugs)
    full = sorted(slug for slug, count in counted.items() if count >= PAGE)
    return full or [slug for slug, _ in counted.most_common(3)]


def _words() -> list[str]:
    """The commonest words of the products' names, as customers type them: some are in many."""
    counted: Counter[str] = Counter()
    for row in database.database()["commerce_products"].find({}, {"name": 1}):
        counted.update(word for word in row["name"].split() if word.isalpha())
    common = (word for word, _ in counted.most_common() if len(word) >= _SHORTEST_WORD)
    return [word for word, _ in zip(common, range(_SEARCHES), strict=False)]


def _users(platform: Platform, group: str, count: int) -> list[User]:
    accounts = platform.services.require(Accounts)
    sessions = platform.services.require(Sessions)
    users = []
    for number in range(count):
        email = f"{group}{number}@bench.example"
        person = Person(email=email, password=PASSWORD, first_name="Lan", last_name="Nguyễn")
        user_id = accounts.create_user(SYSTEM, person, Role.CUSTOMER)
        users.append(User(email, sessions.open(user_id).token))
    return users
