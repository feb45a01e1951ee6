"""Auth over HTTP and by its services, beside a plugin `shop` that has permissions and data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import pytest
from flask.testing import FlaskClient

from wrencos_core.contracts.privacy import ErasedData, PersonalData
from wrencos_core.hookspecs import hookimpl
from wrencos_core.identity import Permission, Role
from wrencos_core.platform import Platform
from wrencos_core.plugins import PluginInfo

PASSWORD = "Jasmine-rice-42"
Register = Callable[..., Any]


class Shop(ModuleType):
    """A plugin whose erasure can be made to fail."""

    PLUGIN = PluginInfo(
        name="shop", title="Shop", description="Tables.", version="1.0", core=">=0.1,<0.2"
    )
    broken = False
    seen_email = ""

    @hookimpl
    def register_permissions(self) -> list[Permission]:
        return [
            Permission("shop.tables.read", "Read.", frozenset({Role.STAFF})),
            Permission("shop.tables.write", "Write."),
        ]

    @hookimpl
    def export_personal_data(self, user_id: str) -> PersonalData:
        return PersonalData(sections={"tables": [{"owner": user_id, "seats": 4}]})

    @hookimpl
    def erase_personal_data(self, user_id: str) -> ErasedData:
        from wrencos_core.auth.models.user import User

        self.seen_email = User.raw().find_one({"_id": user_id})["email"]
        if self.broken:
            raise RuntimeError("the tables are bolted down")
        return ErasedData(erased={"tables": 1}, kept={"bills": "Kept for the tax office."})


@pytest.fixture(scope="session")
def shop() -> Shop:
    plugin = Shop("shop_plugin_of_auth_tests")
    plugin.__file__ = __file__
    # pluggy looks a module's hooks up in its own dictionary.
    for name in ("register_permissions", "export_personal_data", "erase_personal_data"):
        setattr(plugin, name, getattr(plugin, name))
    return plugin


@pytest.fixture(scope="session")
def wrencos_plugins(shop: Shop) -> Mapping[str, ModuleType]:
    return {"shop": shop}


@pytest.fixture
def register(client: FlaskClient) -> Register:
    """Posts a registration that is right but for what is given; None leaves a field out."""

    def post(**changes: Any) -> Any:
        body = {
            "email": "lan@example.test",
            "password": PASSWORD,
            "firstName": "Lan",
            "lastName": "Nguyễn",
        } | changes
        return client.post(
            "/api/auth/register", json={k: v for k, v in body.items() if v is not None}
        )

    return post


@pytest.fixture
def sign_in(client: FlaskClient) -> Register:
    """Posts a login; the right password unless told otherwise."""

    def post(email: str = "lan@example.test", password: str = PASSWORD) -> Any:
        return client.post("/api/auth/login", json={"email": email, "password": password})

    return post


@pytest.fixture
def bearer(client: FlaskClient) -> Callable[[str], int]:
    """The status of GET /api/auth/me with this access token."""

    def get(token: str) -> int:
        answer = client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code

    return get


@pytest.fixture
def mailed_token(
    run_jobs: Callable[[], int], sent_mail: Callable[[], list[Any]], platform: Platform
) -> Callable[[str], str]:
    """The token in the newest mail whose link leads to this page, after running the jobs."""

    def find(page: str) -> str:
        run_jobs()
        start = f"{platform.settings.base_url}/{page}?token="
        for message in reversed(sent_mail()):
            text = message.get_body(("plain",)).get_content()
            if start in text:
                token = str(text.split(start)[1].split()[0])
                assert text.count(token) == 2, "in the link, and once more as a code"
                return token
        raise AssertionError(f"no mail leads to {page}")

    return find
