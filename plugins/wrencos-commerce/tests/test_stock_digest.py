"""The daily mail to the staff: what ran low or expires soon, once, and nothing twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from wrencos_commerce.commands.all import COMMANDS
from wrencos_commerce.models.batch import Batch
from wrencos_commerce.models.stock_alert import StockAlert
from wrencos_commerce.models.stock_movement import MovementReason
from wrencos_commerce.services.low_stock import LowStock
from wrencos_commerce.services.products import Products
from wrencos_commerce.services.stock import Stock
from wrencos_commerce.services.stock_digest import StockDigest
from wrencos_commerce.services.stock_ledger import Unit
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import SYSTEM, Platform, now, transaction
from wrencos_core.contracts.commerce import BatchExpiring, StockLow
from wrencos_core.settings import SettingsError
from wrencos_core.testing.queries import assert_uses_index
from wrencos_core.testing.threads import run_in_threads

PRODUCT = next(command for command in COMMANDS if command.name == "product")
MakeProduct = Callable[..., str]
VariantOf = Callable[[str], str]
DIGEST = "commerce.send_stock_digest"


@pytest.fixture
def platform(make_platform: Any) -> Platform:
    settings = {CommerceSettings: {"stock_alert_email": "stock@shop.example"}}
    made: Platform = make_platform(settings=settings)
    return made


def change(platform: Platform, product: str, variant: str, pieces: int) -> None:
    stock = platform.services.require(Stock)
    stock.add(Unit(product, variant), pieces, MovementReason.CORRECTION, SYSTEM)


def send(platform: Platform, run_jobs: Any) -> None:
    run_jobs()
    platform.jobs.enqueue(DIGEST)
    run_jobs()


def text(mail: Any) -> str:
    return str(mail.get_body(("plain",)).get_content()).replace("\r\n", "\n")


def batch(product: str, variant: str, code: str, quantity: int = 4) -> BatchExpiring:
    Batch(
        product_id=product,
        variant_id=variant,
        code=code,
        expires_on="2026-04-01",
        received_at=now(),
        received=9,
        quantity=quantity,
        state="sellable",
    ).save()
    return BatchExpiring(
        id=f"batch_{code}:30:expiring",
        occurred_at=now(),
        batch_id=f"batch_{code}",
        product_id=product,
        variant_id=variant,
        code=code,
        expires_on="2026-04-01",
        quantity=quantity,
        days=30,
    )


def test_it_tells_what_ran_low_was_sold_out_or_expires(
    platform: Platform,
    make_product: MakeProduct,
    variant_of: VariantOf,
    run_jobs: Any,
    sent_mail: Any,
    clock: Any,
) -> None:
    low, out, full = (make_product(name=name) for name in ("Low", "Out", "Full"))
    change(platform, low, variant_of(low), -6)
    change(platform, out, variant_of(out), -10)
    change(platform, full, variant_of(full), -7)
    change(platform, full, variant_of(full), 50)
    event = batch(full, variant_of(full), "LOT-7")
    transaction(lambda: platform.outbox.publish(event))
    spent = batch(full, variant_of(full), "LOT-0", quantity=0)
    transaction(lambda: platform.outbox.publish(spent))
    send(platform, run_jobs)
    (mail,) = sent_mail()
    assert mail["To"] == "stock@shop.example"
    assert "Low, " in text(mail)
    assert ": 4\n" in text(mail)
    assert ": 0, sold out" in text(mail)
    assert "batch LOT-7: 4 pieces, until April 1, 2026" in text(mail)
    assert "LOT-0" not in text(mail)
    assert text(mail).count("Full") == 1
    assert text(mail).index("Out, ") < text(mail).index("Low, ")


def test_a_day_has_one_mail_and_each_fact_is_told_once(
    platform: Platform,
    make_product: MakeProduct,
    variant_of: VariantOf,
    run_jobs: Any,
    sent_mail: Any,
    clock: Any,
) -> None:
    first, second = make_product(name="First"), make_product(name="Second")
    change(platform, first, variant_of(first), -6)
    for _ in range(2):
        send(platform, run_jobs)
    change(platform, second, variant_of(second), -6)
    send(platform, run_jobs)
    assert len(sent_mail()) == 1
    clock.advance(timedelta(days=1))
    send(platform, run_jobs)
    assert len(sent_mail()) == 2
    assert "First" not in text(sent_mail()[1])
    assert "Second" in text(sent_mail()[1])
    clock.advance(timedelta(days=1))
    send(platform, run_jobs)
    assert len(sent_mail()) == 2


def test_two_workers_at_once_send_one_mail(
    platform: Platform,
    make_product: MakeProduct,
    variant_of: VariantOf,
    run_jobs: Any,
    sent_mail: Any,
) -> None:
    low = make_product(name="Low")
    change(platform, low, variant_of(low), -6)
    run_jobs()
    digest = platform.services.require(StockDigest)
    outcomes = run_in_threads(4, lambda _: digest.send())
    assert sorted(map(str, outcomes)) == ["0", "0", "0", "1"]
    run_jobs()
    assert len(sent_mail()) == 1


def test_old_events_and_a_shop_without_an_address_send_none(
    platform: Platform,
    make_platform: Any,
    make_product: MakeProduct,
    variant_of: VariantOf,
) -> None:
    low = make_product(name="Low", inventory=2)
    event = StockLow(
        id="var_1:1:low",
        occurred_at=now() - timedelta(days=4),
        product_id=low,
        variant_id=variant_of(low),
        sku="L",
        inventory=2,
    )
    digest = platform.services.require(StockDigest)
    digest.on_stock_low(event)
    assert digest.send() == 0
    off = make_platform(settings={CommerceSettings: {"stock_alert_email": ""}})
    digest = off.services.require(StockDigest)
    digest.on_stock_low(StockLow(**{**_fields(event), "occurred_at": now()}))
    assert StockAlert.raw().count_documents({}) == 0
    assert digest.send() == 0


def _fields(event: StockLow) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__struct_fields__}


@pytest.mark.parametrize("address", ["none", "a@b, c@d", "a@b\nBcc: c@d"])
def test_a_bad_address_is_refused_at_the_start(make_platform: Any, address: str) -> None:
    with pytest.raises(SettingsError, match="STOCK_ALERT_EMAIL"):
        make_platform(settings={CommerceSettings: {"stock_alert_email": address}})


def test_low_variants_are_listed(
    platform: Platform, make_product: MakeProduct, variant_of: VariantOf
) -> None:
    shades = [
        {"shade": "A", "inventory": 0, "sku": "A-0"},
        {"shade": "B", "inventory": 5, "sku": "B-5"},
        {"shade": "C", "inventory": 6, "sku": "C-6"},
        {"shade": "D", "inventory": 0, "sku": "D-0", "is_active": False},
    ]
    make_product(name="Lipstick", inventory=None, variants=shades)
    make_product(name="Aloe", inventory=5, sku="ALOE")
    gone = make_product(name="Gone", inventory=0)
    platform.services.require(Products).withdraw(gone, SYSTEM)
    result = CliRunner().invoke(PRODUCT, ["low-stock", "--json"], obj=platform)
    assert result.exit_code == 0, result.output
    listed = json.loads(result.output)
    assert listed["threshold"] == 5
    assert [row["sku"] for row in listed["variants"]] == ["A-0", "ALOE", "B-5"]
    shown = CliRunner().invoke(PRODUCT, ["low-stock"], obj=platform)
    assert "Lipstick" in shown.output
    assert "C-6" not in shown.output


def test_nothing_low_is_said(platform: Platform) -> None:
    shown = CliRunner().invoke(PRODUCT, ["low-stock"], obj=platform)
    assert shown.output == "No variant has 5 pieces or fewer.\n"


def test_alerts_are_found_by_an_index(platform: Platform) -> None:
    assert_uses_index(StockAlert.raw().find({"digest": None}).sort("_id", 1))
    low_stock = platform.services.require(LowStock)
    from wrencos_commerce.models.product import Product

    assert_uses_index(Product.raw().find(low_stock.query()))
