"""Mail against a real SMTP server on the loopback, with a plugin `shop` that brings templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from wrencos_core.mail.models import MailMessage
from wrencos_core.mail.settings import MailSettings
from wrencos_core.platform import Platform
from wrencos_core.plugins import PluginInfo
from wrencos_core.testing.smtp import LocalSMTP

Row = dict[str, Any]


@pytest.fixture(scope="session")
def wrencos_plugins() -> Mapping[str, ModuleType]:
    shop = ModuleType("shop_plugin")
    shop.__file__ = str(Path(__file__).parent / "shop" / "plugin.py")
    shop.PLUGIN = PluginInfo(  # type: ignore[attr-defined]
        name="shop", title="Shop", description="Templates.", version="1.0", core=">=0.1,<0.2"
    )
    return {"shop": shop}


@pytest.fixture(scope="session")
def smtp_server() -> Iterator[LocalSMTP]:
    with LocalSMTP() as server:
        yield server


@pytest.fixture
def smtp(smtp_server: LocalSMTP) -> LocalSMTP:
    smtp_server.reset()
    return smtp_server


def smtp_settings(server: LocalSMTP, **more: Any) -> dict[type[MailSettings], dict[str, Any]]:
    return {
        MailSettings: {
            "smtp_host": server.host,
            "smtp_port": server.port,
            "smtp_security": "none",
            "from_address": "shop@shop.test",
            "timeout_seconds": 10,
            **more,
        }
    }


@pytest.fixture
def platform(make_platform: Callable[..., Platform], smtp: LocalSMTP) -> Platform:
    return make_platform(settings=smtp_settings(smtp), shop_name="Cửa hàng Hoa")


@pytest.fixture
def queue(platform: Platform) -> Callable[..., Row]:
    """Queues a receipt (arguments override it) and returns its row."""

    def queue_receipt(**overrides: Any) -> Row:
        arguments: dict[str, Any] = {
            "template": "shop/receipt",
            "to": "lan@customers.test",
            "locale": "en",
            "key": "order_1:receipt",
            "context": {"name": "Lan", "total": 1999, "link": "https://shop.test/r?token=s3cret"},
            **overrides,
        }
        platform.mailer.queue(**arguments)
        return stored(arguments["key"])

    return queue_receipt


def stored(key: str = "order_1:receipt") -> Row:
    row: Row | None = MailMessage.raw().find_one({"key": key})
    assert row is not None
    return row


@pytest.fixture(name="stored")
def stored_fixture(platform: Platform) -> Callable[..., Row]:
    return stored
