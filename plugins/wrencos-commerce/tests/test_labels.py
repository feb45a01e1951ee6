"""QR codes that scan, bars that scan, unit prices, and what a printed shelf card says."""

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
from hypothesis import given, strategies as st
from PIL import Image

from wrencos_commerce.commands.all import COMMANDS
from wrencos_commerce.models.product import Product
from wrencos_commerce.permissions import WRITE_PRODUCTS
from wrencos_commerce.services.labels import shelf_cards
from wrencos_commerce.services.labels.codes import ean13, ean13_modules
from wrencos_commerce.services.labels.formats import FORMATS
from wrencos_commerce.services.labels.shelf_cards import MOST_CARDS, CardOrder, ShelfCards
from wrencos_commerce.services.labels.unit_price import unit_price
from wrencos_commerce.services.product_links import ProductLinks
from wrencos_commerce.services.product_queries import ProductQueries
from wrencos_commerce.services.variants import check_digit
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import NotFound, Platform
from wrencos_core.settings import SettingsError

PRODUCT = next(command for command in COMMANDS if command.name == "product")
MakeProduct = Callable[..., str]
BASE = "http://127.0.0.1:8000"
EAN = "4006381333931"
SHADES = [
    {"shade": "Hồng đất", "size": "30 ml", "price": Decimal("30"), "inventory": 3, "barcode": EAN},
    {"shade": "Mận", "size": "50 ml", "price": Decimal("45"), "inventory": 0, "sku": "PLUM-50"},
    {"shade": "Gone", "price": Decimal("9"), "inventory": 1, "is_active": False, "sku": "GONE"},
]


@pytest.fixture
def sunscreen(make_product: MakeProduct) -> str:
    return make_product(
        name="Kem chống nắng", brand="Cỏ Mềm", variants=SHADES, ingredients=["Aqua", "Zinc Oxide"]
    )


def read(image: Any) -> dict[str, str]:
    return {found.text: found.format.name for found in zxingcpp.read_barcodes(image)}


def pages_of(document: bytes) -> list[Any]:
    return [page.render(scale=4).to_pil() for page in pypdfium2.PdfDocument(document)]


def text_of(document: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(document)).pages
    return "\n".join(page.extract_text() for page in pages)


def printed(platform: Platform, **order: Any) -> bytes:
    return platform.services.require(ShelfCards).print(CardOrder(**order))


@pytest.mark.parametrize("error", ["L", "M", "Q", "H"])
def test_a_qr_code_scans(platform: Platform, client: Any, sunscreen: str, error: str) -> None:
    row = platform.services.require(ProductQueries).get(sunscreen)
    answer = client.get(f"/api/products/{sunscreen}/qr.png?error={error}")
    assert answer.content_type == "image/png"
    url = f"{BASE}/products/{row.get('slug') or sunscreen}"
    assert list(read(Image.open(io.BytesIO(answer.data)))) == [url]
    variant = row["variants"][0]["id"]
    answer = client.get(f"/api/products/{sunscreen}/qr.png?variantId={variant}&error={error}")
    assert list(read(Image.open(io.BytesIO(answer.data)))) == [f"{url}?variant={variant}"]


def test_an_svg_of_a_qr_code_is_what_it_says(client: Any, sunscreen: str) -> None:
    answer = client.get(f"/api/products/{sunscreen}/qr.svg?scale=2&border=1")
    assert answer.content_type == "image/svg+xml"
    assert answer.text.startswith("<?xml")
    small, large = (
        len(client.get(f"/api/products/{sunscreen}/qr.png?scale={scale}").data) for scale in (1, 40)
    )
    assert small < large
    plain = Image.open(io.BytesIO(client.get(f"/api/products/{sunscreen}/qr.png?border=0").data))
    framed = Image.open(io.BytesIO(client.get(f"/api/products/{sunscreen}/qr.png").data))
    assert framed.width - plain.width == 2 * 4 * 8


def test_a_qr_code_is_cached_and_bounded(client: Any, login: Any, sunscreen: str) -> None:
    path = f"/api/products/{sunscreen}/qr.svg"
    answer = client.get(path)
    assert answer.headers["Cache-Control"] == "public, max-age=86400"
    tag = answer.headers["ETag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert client.get(f"{path}?scale=2", headers={"If-None-Match": tag}).status_code == 200
    for query in ("scale=0", "scale=41", "border=-1", "border=21", "error=Z", "scale=x"):
        assert client.get(f"{path}?{query}").status_code == 422, query
    assert client.get("/api/products/prod_unknown/qr.svg").status_code == 404
    assert client.get(f"{path}?variantId=var_unknown").status_code == 404


def test_withdrawn_products_have_no_code(client: Any, make_product: MakeProduct) -> None:
    gone = make_product(is_active=False)
    assert client.get(f"/api/products/{gone}/qr.png").status_code == 404


def test_the_address_follows_the_setting(make_platform: Any) -> None:
    template = "https://shop.example/p/{id}?from=shelf"
    platform = make_platform(settings={CommerceSettings: {"product_url": template}})
    links = platform.services.require(ProductLinks)
    row = {"_id": "prod_1", "slug": "kem-chống-nắng"}
    assert links.url(row) == "https://shop.example/p/prod_1?from=shelf"
    assert links.url(row, "var_1").endswith("?from=shelf&variant=var_1")
    usual = make_platform().services.require(ProductLinks)
    assert usual.url(row) == f"{BASE}/products/kem-ch%E1%BB%91ng-n%E1%BA%AFng"
    assert usual.url({"_id": "prod_1"}) == f"{BASE}/products/prod_1"


@pytest.mark.parametrize(
    "template", ["{x}", "https://a/{0}", "{base_url}/", "{slug}", "{id.x}", "{"]
)
def test_an_address_that_cannot_work_is_refused(make_platform: Any, template: str) -> None:
    with pytest.raises(SettingsError, match="WRENCOS_COMMERCE_PRODUCT_URL"):
        make_platform(settings={CommerceSettings: {"product_url": template}})


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("30 ml", (100_00, 100, "ml")),
        ("50g", (60_00, 100, "g")),
        ("1,5 l", (2_00, 100, "ml")),
        ("0.5 kg", (6_00, 100, "g")),
        ("7 ml", (428_57, 100, "ml")),
        ("2 x 30 ml", (50_00, 100, "ml")),
        ("2\u00d730ML", (50_00, 100, "ml")),
        ("1 fl oz / 30 ml", (100_00, 100, "ml")),
        ("500 mg", (6000_00, 100, "g")),
        ("30 ml + 50 ml", None),
        ("0 ml", None),
        ("One size", None),
        ("SPF30", None),
        ("24 glow", None),
        ("", None),
        (None, None),
    ],
)
def test_the_price_of_100_is_worked_out(size: str | None, expected: Any) -> None:
    assert unit_price(30_00, size) == expected


@given(st.text("0123456789", min_size=12, max_size=12))
def test_any_ean_reads_back(digits: str) -> None:
    code = digits + check_digit(digits)
    assert ean13(code) == code
    modules = ean13_modules(code)
    assert len(modules) == 95
    pixels = [0 if module == "1" else 255 for module in f"{'0' * 11}{modules}{'0' * 11}"]
    image = Image.new("L", (len(pixels), 1))
    image.putdata(pixels)
    found = read(image.resize((len(pixels) * 3, 60), Image.Resampling.NEAREST))
    assert list(found) == [code]


def test_what_is_no_ean_has_no_bars() -> None:
    assert ean13("036000291452") == "0036000291452"
    for bad in (None, "", "4006381333932", "96385074", "40063813339310", "400638133393X", "٤" * 13):
        assert ean13(bad) is None


@pytest.mark.parametrize("format", list(FORMATS))
def test_a_card_says_what_it_should_and_scans(
    platform: Platform, sunscreen: str, format: str
) -> None:
    document = printed(platform, product_ids=[sunscreen], format=format, locale="vi")
    text = text_of(document)
    for expected in ("Kem chống nắng", "Hồng đất, 30 ml · Cỏ Mềm", "30,00 US$", "PLUM-50"):
        assert expected in text, text
    assert "100,00 US$ / 100 ml" in text
    assert "90,00 US$ / 100 ml" in text
    assert "4 006381 333931" in text
    assert "Gone" not in text
    found: dict[str, str] = {}
    for page in pages_of(document):
        found |= read(page)
    assert found.pop(EAN) == "EAN13"
    row = platform.services.require(ProductQueries).get(sunscreen)
    links = platform.services.require(ProductLinks)
    assert set(found) == {links.url(row, variant["id"]) for variant in row["variants"][:2]}


def test_dong_has_no_decimals_and_no_code_is_printed_unasked(
    make_platform: Any, sunscreen_in_dong: Any
) -> None:
    platform, product = sunscreen_in_dong
    document = printed(platform, product_ids=[product], locale="vi", show_qr=False)
    assert "390.000 ₫" in text_of(document)
    assert "1.300.000 ₫ / 100 ml" in text_of(document)
    assert not read(pages_of(document)[0])
    without = text_of(printed(platform, product_ids=[product], show_price=False))
    assert "₫" not in without


@pytest.fixture
def sunscreen_in_dong(make_platform: Any) -> tuple[Platform, str]:
    from wrencos_commerce.services.products import Products
    from wrencos_core.api import SYSTEM

    platform = make_platform(currency="VND")
    values = {
        "name": "Kem chống nắng",
        "price": Decimal(390000),
        "variants": [{"size": "30 ml", "inventory": 1}],
    }
    return platform, platform.services.require(Products).create(values, SYSTEM)


def test_ingredients_are_printed_where_there_is_room(
    platform: Platform, login: Any, sunscreen: str
) -> None:
    document = printed(platform, product_ids=[sunscreen], format="a6", show_ingredients=True)
    assert "Aqua, Zinc Oxide" in text_of(document)
    staff = login("staff", [WRITE_PRODUCTS])
    body = {"productIds": [sunscreen], "showIngredients": True}
    assert staff.post("/api/shelf-cards", json=body).status_code == 422


def test_copies_fill_pages(platform: Platform, sunscreen: str) -> None:
    row = platform.services.require(ProductQueries).get(sunscreen)
    ids = [row["variants"][1]["id"], row["variants"][0]["id"]]
    document = printed(platform, variant_ids=ids, copies=13)
    texts = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(document)).pages]
    assert [text.count("Kem chống nắng") for text in texts] == [24, 2]
    assert [text.count("PLUM-50") for text in texts] == [13, 0]


def test_what_is_not_for_sale_has_no_card(
    platform: Platform, make_product: MakeProduct, sunscreen: str
) -> None:
    hidden = make_product(name="Hidden", is_active=False)
    gone = platform.services.require(ProductQueries).get(sunscreen)["variants"][2]["id"]
    of_hidden = Product.raw().find_one({"_id": hidden})["variants"][0]["id"]
    with pytest.raises(NotFound, match=hidden):
        printed(platform, product_ids=[sunscreen, hidden])
    for variant in (gone, of_hidden):
        with pytest.raises(NotFound, match=variant):
            printed(platform, variant_ids=[variant])


def test_cards_are_drawn_where_they_hold_up_nobody(
    platform: Platform, sunscreen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside: list[bool] = []

    def heavy(work: Callable[[], bytes]) -> bytes:
        monkeypatch.setattr(shelf_cards, "draw", lambda *_: inside.append(True))
        return work()

    monkeypatch.setattr(shelf_cards, "draw", lambda *_: inside.append(False))
    monkeypatch.setattr(shelf_cards, "heavy", heavy)
    printed(platform, product_ids=[sunscreen])
    assert inside == [True, True]


def test_cards_of_a_category_are_ordered_by_name(
    platform: Platform, make_product: MakeProduct, login: Any
) -> None:
    admin = login("admin")
    category = admin.post("/api/categories", json={"name": "Sun"}).get_json()["categoryId"]
    for name in ("Zinc", "Aloe"):
        make_product(name=name, category_id=category)
    make_product(name="Elsewhere")
    make_product(name="Hidden", category_id=category, is_active=False)
    for chosen in (category, "sun"):
        text = text_of(printed(platform, category=chosen))
        assert text.index("Aloe") < text.index("Zinc")
        assert "Elsewhere" not in text
        assert "Hidden" not in text


def test_cards_are_printed_over_the_api(login: Any, client: Any, sunscreen: str) -> None:
    staff, customer = login("staff", [WRITE_PRODUCTS]), login()
    body = {"productIds": [sunscreen], "format": "a4-2x5", "locale": "en"}
    answer = staff.post("/api/shelf-cards", json=body)
    assert answer.status_code == 200, answer.get_json()
    assert answer.content_type == "application/pdf"
    assert "shelf-cards.pdf" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert "$30.00" in text_of(answer.data)
    assert customer.post("/api/shelf-cards", json=body).status_code == 403
    assert login("staff").post("/api/shelf-cards", json=body).status_code == 403
    assert client.post("/api/shelf-cards", json=body).status_code == 401


def test_bad_orders_are_refused(login: Any, sunscreen: str) -> None:
    staff = login("staff", [WRITE_PRODUCTS])
    for status, body in (
        (422, {}),
        (422, {"productIds": []}),
        (422, {"productIds": [sunscreen], "categoryId": "sun"}),
        (422, {"productIds": [sunscreen], "format": "a3"}),
        (422, {"productIds": [sunscreen], "copies": 0}),
        (422, {"productIds": [sunscreen], "copies": MOST_CARDS // 2 + 1}),
        (422, {"productIds": [sunscreen], "locale": "fr"}),
        (422, {"productIds": ["p"] * (MOST_CARDS + 1)}),
        (422, {"categoryId": "unknown"}),
        (404, {"productIds": [sunscreen, "prod_unknown"]}),
        (404, {"variantIds": ["var_unknown"]}),
    ):
        assert staff.post("/api/shelf-cards", json=body).status_code == status, body


def test_cards_are_printed_from_the_command_line(
    platform: Platform, sunscreen: str, tmp_path: Path
) -> None:
    file = tmp_path / "cards.pdf"
    command = ["shelf-cards", sunscreen, "-o", str(file), "--locale", "vi", "--copies", "2"]
    result = CliRunner().invoke(PRODUCT, command, obj=platform)
    assert result.exit_code == 0, result.output
    assert text_of(file.read_bytes()).count("Kem chống nắng") == 4
    refused = CliRunner().invoke(PRODUCT, ["shelf-cards", "-o", str(file)], obj=platform)
    assert refused.exit_code != 0
