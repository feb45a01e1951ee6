"""Invoices, credit notes and packing slips: who gets them, and what stands in them."""

from __future__ import annotations

import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pypdf
import pypdfium2
import pytest
import zxingcpp
from click.testing import CliRunner
from flask.testing import FlaskClient

from wrencos_commerce.commands.all import COMMANDS
from wrencos_commerce.models.order import Order
from wrencos_commerce.services.documents.order_documents import OrderDocuments
from wrencos_commerce.services.payments.methods import PaymentMethods
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import SYSTEM, Platform, now
from wrencos_core.testing.callers import Caller

from .samples import refund_of, stored_order

ORDER = next(command for command in COMMANDS if command.name == "order")
MakeProduct = Callable[..., str]
PlaceOrder = Callable[..., str]
BUSINESS = {
    "legal_name": "Công ty TNHH Mỹ phẩm Lá Sen",
    "legal_address": "Tầng 3, 12 Trần Phú | Đà Nẵng 550000, Việt Nam",
    "tax_id": "0401234567",
}
LONG = "Kem chống nắng phổ rộng dưỡng ẩm cho da dầu nhạy cảm, phiên bản giới hạn mùa hè"


@pytest.fixture
def me(login: Any) -> Caller:
    return login(email="lan@example.test")  # type: ignore[no-any-return]


@pytest.fixture
def staff(login: Any) -> Caller:
    return login("staff")  # type: ignore[no-any-return]


def pages_of(document: bytes) -> list[str]:
    """The texts of the pages, with one space where a line or a no-break space was."""
    pages = pypdf.PdfReader(io.BytesIO(document)).pages
    return [" ".join(page.extract_text().split()) for page in pages]


def change(order: str, **values: Any) -> None:
    Order.raw().update_one({"_id": order}, {"$set": values})


def test_an_invoice_says_what_was_sold(
    clock: Any, me: Caller, place_order: PlaceOrder, make_product: MakeProduct
) -> None:
    assert clock().month == 3
    order = place_order(me, make_product(name=LONG, sku="S-1"), 2)
    answer = me.get(f"/api/orders/{order}/invoice.pdf?locale=en")
    assert answer.status_code == 200
    assert answer.content_type == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    (text,) = pages_of(answer.data)
    for part in (
        "INVOICE",
        "INV-2026-000001",
        "March 2, 2026",
        order,
        "Lan Nguyễn",
        "lan@example.test",
        "123 Main St",
        "San Francisco, CA 94102",
        "United States",
        "Kem chống nắng phổ rộng dưỡng ẩm",
        "S-1",
        "$29.99",
        "Subtotal $59.98",
        "Total $59.98",
        "Amount due $59.98",
        "Not paid yet",
        "Page 1 of 1",
    ):
        assert part in text, part
    for absent in ("Tax summary", "Discount", "Refunded"):
        assert absent not in text
    assert me.get(f"/api/orders/{order}").get_json()["order"]["invoiceNumber"] == "INV-2026-000001"


def test_an_invoice_adds_up_discounts_charges_and_taxes(make_platform: Any, make_app: Any) -> None:
    platform = make_platform(settings={CommerceSettings: {**BUSINESS, "invoice_prefix": "LS"}})
    make_app(platform)
    order = stored_order()
    document = platform.services.require(OrderDocuments).invoice(order, SYSTEM)
    (text,) = pages_of(document)
    for part in (
        "HÓA ĐƠN",
        "LS-",
        "Công ty TNHH Mỹ phẩm Lá Sen",
        "Tầng 3, 12 Trần Phú Đà Nẵng 550000, Việt Nam",
        "Mã số thuế: 0401234567",
        "Nguyễn Thị Lan",
        "0901 234 567",
        "Hồng đất, 30 ml · SON-1",
        "390.000 ₫",
        "-78.000 ₫",
        "52.000 ₫ 8%",
        "702.000 ₫",
        "Tạm tính 780.000 ₫",
        "Giảm giá -78.000 ₫",
        "Phí vận chuyển 33.000 ₫",
        "Gói quà 11.000 ₫",
        "Tổng cộng 746.000 ₫",
        "Đã gồm thuế 56.000 ₫",
        "Đã thanh toán 746.000 ₫",
        "Đã hoàn tiền -100.000 ₫",
        "Đã hoàn một phần",
        "8% 650.000 ₫ 52.000 ₫ 702.000 ₫",
        "10% 40.000 ₫ 4.000 ₫ 44.000 ₫",
    ):
        assert part in text, (part, text)
    assert "Còn phải trả" not in text


def test_tax_on_top_of_the_prices_is_a_line_of_its_own(platform: Platform) -> None:
    order = stored_order(prices_include_tax=False)
    (text,) = pages_of(platform.services.require(OrderDocuments).invoice(order, SYSTEM, "en"))
    assert "Tax ₫56,000 Total" in text
    assert "Tax included" not in text


def test_many_lines_go_over_pages_with_the_titles_on_each(
    platform: Platform, login: Any, place_order: PlaceOrder
) -> None:
    order = place_order(login())
    row = Order.raw().find_one({"_id": order})
    lines = [{**row["lines"][0], "name": f"{LONG} {n}", "sku": f"SKU-{n:03d}"} for n in range(100)]
    change(order, lines=lines)
    document = platform.services.require(OrderDocuments).invoice(order, SYSTEM, "vi")
    pages = pages_of(document)
    assert len(pages) > 5
    for number, text in enumerate(pages, start=1):
        assert f"Trang {number} / {len(pages)}" in text
        assert "Đơn giá" in text or number == len(pages)
    everything = " ".join(pages)
    for n in range(100):
        assert everything.count(f"SKU-{n:03d}") == 1
    assert everything.count("Tổng cộng") == 1


def test_nothing_is_drawn_over_the_edge_of_the_page(platform: Platform) -> None:
    order = stored_order()
    word = "Siêudưỡngẩmkhôngkhoảngtrắng" * 8
    address = {"street": word, "city": word, "country": "VN", "name": word[:120]}
    row = Order.raw().find_one({"_id": order})
    lines = [{**row["lines"][0], "name": word, "variant_name": word, "sku": word}]
    lines[0] |= {"price": 10**11, "line_total": 99 * 10**11, "total": 99 * 10**11}
    change(order, lines=lines, shipping_address=address, total_price=99 * 10**11)
    documents = platform.services.require(OrderDocuments)
    for made in (documents.invoice(order, SYSTEM), documents.packing_slip(order)):
        page = pypdfium2.PdfDocument(made)[0].render(scale=1).to_pil().convert("L")
        millimetre = page.width / 210
        for edge in ((0, 0, 17, 297), (193, 0, 210, 297)):
            box = page.crop(tuple(int(side * millimetre) for side in edge))
            assert box.getextrema() == (255, 255)


def test_only_the_owner_and_staff_get_an_invoice(
    client: FlaskClient, me: Caller, login: Any, staff: Caller, place_order: PlaceOrder
) -> None:
    order = place_order(me)
    path = f"/api/orders/{order}/invoice.pdf"
    assert client.get(path).status_code == 401
    assert login().get(path).status_code == 404
    assert "invoice_number" not in Order.raw().find_one({"_id": order})
    assert staff.get(path).status_code == 200
    assert me.get("/api/orders/order_nothing/invoice.pdf").status_code == 404
    assert me.get(f"{path}?locale=fr").status_code == 422
    other = place_order(me)
    change(other, status="pending")
    answer = me.get(f"/api/orders/{other}/invoice.pdf")
    assert answer.status_code == 409
    assert answer.get_json()["type"] == "urn:wrencos:problem:no-invoice"


def test_the_language_is_the_one_that_was_ordered_in(login: Any, place_order: PlaceOrder) -> None:
    her = login(locale="vi")
    order = place_order(her)
    path = f"/api/orders/{order}/invoice.pdf"
    assert "HÓA ĐƠN" in pages_of(her.get(path).data)[0]
    change(order, locale="en")
    assert "INVOICE" in pages_of(her.get(path).data)[0]
    change(order, locale="de")
    assert "INVOICE" in pages_of(her.get(path).data)[0]


def test_an_erased_customer_is_not_named(
    me: Caller, staff: Caller, place_order: PlaceOrder, platform: Platform
) -> None:
    order = place_order(me)
    staff.get(f"/api/orders/{order}/invoice.pdf")
    me.post(f"/api/orders/{order}/cancel", json={})
    answer = me.delete("/api/auth/me", json={"password": "Jasmine-rice-42"})
    assert answer.status_code == 200
    (text,) = pages_of(platform.services.require(OrderDocuments).invoice(order, SYSTEM))
    for trace in ("Lan", "lan@example.test", "Main St"):
        assert trace not in text


def test_a_credit_note_says_what_was_paid_back(
    clock: Any, me: Caller, login: Any, staff: Caller, place_order: PlaceOrder
) -> None:
    assert clock().month == 3
    order = place_order(me)
    refund = refund_of(order)
    path = f"/api/orders/{order}/refunds/{refund}/credit-note.pdf?locale=vi"
    assert login().get(path).status_code == 404
    assert me.get(f"/api/orders/{order}/refunds/refund_x/credit-note.pdf").status_code == 404
    waiting = refund_of(order, state="submitted")
    answer = me.get(f"/api/orders/{order}/refunds/{waiting}/credit-note.pdf")
    assert answer.status_code == 409
    (text,) = pages_of(me.get(path).data)
    for part in (
        "PHIẾU HOÀN TIỀN",
        "CN-2026-000001",
        "INV-2026-000001",
        "Hydrating Essence Serum",
        "Giảm giá bán",
        "Hỗ trợ khách hàng",
    ):
        assert part in text
    assert "Tổng tiền hoàn 15,00 US$" in text
    assert pages_of(staff.get(path).data) == [text]


def test_a_packing_slip_has_no_prices(
    me: Caller, staff: Caller, place_order: PlaceOrder, platform: Platform, client: FlaskClient
) -> None:
    order = stored_order()
    path = f"/api/orders/{order}/packing-slip.pdf"
    assert client.get(path).status_code == 401
    assert me.get(path).status_code == 403
    document = staff.get(f"{path}?locale=vi").data
    (text,) = pages_of(document)
    for part in ("PHIẾU ĐÓNG GÓI", "Nguyễn Thị Lan", "Son tint", "L2603A", "Gọi trước khi giao"):
        assert part in text
    assert "Tổng số lượng: 2" in text
    for absent in ("₫", "390", "746", "VND"):
        assert absent not in text
    image = pypdfium2.PdfDocument(document)[0].render(scale=3).to_pil()
    assert [found.text for found in zxingcpp.read_barcodes(image)] == [order]
    mine = place_order(me)
    change(mine, status="cancelled")
    assert staff.get(f"/api/orders/{mine}/packing-slip.pdf").status_code == 409
    assert staff.get("/api/orders/order_x/packing-slip.pdf").status_code == 404
    assert (
        "PACKING SLIP" in pages_of(platform.services.require(OrderDocuments).packing_slip(order))[0]
    )


def test_the_slip_of_a_parcel_has_what_is_in_it(
    me: Caller, staff: Caller, place_order: PlaceOrder, make_product: MakeProduct
) -> None:
    balm = make_product(name="Balm", price=Decimal("5"))
    me.post("/api/cart/items", json={"productId": balm})
    order = place_order(me, make_product(name="Toner"), 3)
    lines = {x["name"]: x for x in Order.raw().find_one({"_id": order})["lines"]}
    parcel = {
        "id": "ship_1",
        "items": [{"variant_id": lines["Toner"]["variant_id"], "quantity": 2}],
        "carrier": "Giao Hàng Nhanh",
        "tracking_number": "GHN-77",
        "shipped_at": now(),
    }
    change(order, shipments=[parcel], status="partially_shipped")
    path = f"/api/orders/{order}/packing-slip.pdf?locale=en&shipmentId"
    (text,) = pages_of(staff.get(f"{path}=ship_1").data)
    for part in ("Toner", "Giao Hàng Nhanh", "GHN-77", "ship_1", "Pieces in all: 2"):
        assert part in text
    assert "Balm" not in text
    assert staff.get(f"{path}=ship_2").status_code == 404
    assert staff.get(f"{path}=").status_code == 422


def test_an_order_at_the_counter_has_no_address(platform: Platform) -> None:
    order = stored_order()
    gone = {"shipping_address": "", "email": ""}
    Order.raw().update_one({"_id": order}, {"$unset": gone})
    documents = platform.services.require(OrderDocuments)
    for made in (documents.invoice(order, SYSTEM, "vi"), documents.packing_slip(order, None, "vi")):
        assert "Nhận tại quầy" in pages_of(made)[0]


def test_a_way_to_pay_has_its_name(platform: Platform) -> None:
    methods = platform.services.require(PaymentMethods)
    assert methods.name("cod", "vi") != methods.name("cod", "en") != "cod"
    assert methods.name("of_another_time", "vi") == "of_another_time"


def test_an_invoice_is_written_by_a_command(
    platform: Platform, me: Caller, place_order: PlaceOrder, tmp_path: Path
) -> None:
    order, file = place_order(me), tmp_path / "invoice.pdf"
    ran = CliRunner().invoke(
        ORDER, ["invoice", order, "-o", str(file), "--locale", "vi"], obj=platform
    )
    assert ran.exit_code == 0, ran.output
    assert "HÓA ĐƠN" in pages_of(file.read_bytes())[0]
    missing = CliRunner().invoke(ORDER, ["invoice", "order_x", "-o", str(file)], obj=platform)
    assert missing.exit_code != 0
