"""Shopify's product CSV, in both spellings."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wrencos_commerce.models.product import Product
from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.csv.export import SHOPIFY
from wrencos_commerce.services.csv.plain_text import as_html, plain_text
from wrencos_core.api import SYSTEM, Platform

OLD = """Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,\
Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,\
Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Compare At Price,\
Variant Barcode,Image Src,Image Position,Image Alt Text,Variant Image,Status,Cost per item
velvet-lip,Velvet Lip,"<p>Soft &amp; matt.<script>alert(1)</script></p><ul><li>Light</li></ul>",\
Lá Sen,Health & Beauty > Cosmetics > Lips,Lips,"Dry, dark-spots, vegan",true,Màu,Đỏ,Size,3 g,\
V-1,3,shopify,5,deny,12.50,15,'4006381333931,https://cdn.example/2.jpg,2,Two,\
https://cdn.example/red.jpg,active,4
velvet-lip,,,,,,,,,Hồng,,3 g,V-2,3,shopify,-2,deny,13,,,https://cdn.example/1.jpg,1,One,,,
velvet-lip,,,,,,,,,,,,,,,,,,,,https://cdn.example/3.jpg,3,,,,
comb,Comb,,,,Tools,,false,Title,Default Title,,,,0,,,deny,3,,,,,,,draft,
"""
NEW = """Title,URL handle,Description,Vendor,Product category,Type,Tags,Published on online store,\
Status,SKU,Barcode,Option1 name,Option1 value,Price,Inventory quantity,Product image URL,\
Image position,Image alt text,SEO title,Weight value (grams)
Velvet Lip,velvet-lip,<p>Soft</p>,Lá Sen,,Lips,,TRUE,Active,V-1,,Colour,Red,12.50,5,,,,x,4.5
,velvet-lip,,,,,,,,V-2,,,Pink,13.00,6,,,,,
"""


@pytest.fixture(autouse=True)
def categories(platform: Platform) -> None:
    for name in ("Lips", "Tools"):
        platform.services.require(Categories).create({"name": name}, SYSTEM)


def test_the_older_spelling(run: Any, file: Callable[..., Path]) -> None:
    path = file(OLD)
    result = run("import", path)
    assert result.exit_code == 0, (result.output, result.exception)
    assert "These tags are no skin type or concern: vegan." in result.output
    assert "not imported: Variant Inventory Tracker" in result.output
    row = Product.raw().find_one({"slug": "velvet-lip"})
    assert row["description"] == "Soft & matt.\n\n- Light"
    assert (row["skin_types"], row["concerns"]) == (["dry"], ["dark-spots"])
    assert [picture["url"][-5:] for picture in row["media"]] == ["1.jpg", "2.jpg", "3.jpg", "d.jpg"]
    assert row["image_url"] == "https://cdn.example/1.jpg"
    assert row["media"][0]["alt"] == {"vi": "One"} or row["media"][0]["alt"] == {"en": "One"}
    first, second = row["variants"]
    assert (first["shade"], first["size"], first["sku"]) == ("Đỏ", "3 g", "V-1")
    assert (first["price"], first["cost_price"], first["barcode"]) == (1250, 400, "4006381333931")
    assert (first["weight"], second["weight"]) == (3, 3)
    assert first["media_ids"] == [row["media"][3]["id"]]
    assert (second["shade"], second["inventory"]) == ("Hồng", 0)
    comb = Product.raw().find_one({"slug": "comb"})
    assert comb["is_active"] is False
    assert comb["variants"][0].get("shade") is None
    # A variant without a SKU got one, and is known by its options.
    again = run("import", path)
    assert "Created: 0. Updated: 0. Unchanged: 2." in again.output


def test_the_newer_spelling(imported: Any) -> None:
    imported(NEW)
    row = Product.raw().find_one()
    assert [variant["shade"] for variant in row["variants"]] == ["Red", "Pink"]
    assert row["inventory"] == 11
    # Whole grams; what was never weighed has none.
    assert [variant.get("weight") for variant in row["variants"]] == [5, None]
    assert row["is_active"] is True


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (",12.50,", ",a lot,", "row 2: Variant Price: Is no amount: 'a lot'."),
        ("Lips,Lips", "Moon,Moon", "row 2: Type: There is no category Moon."),
        ("https://cdn.example/3.jpg", "javascript:x", "row 4: Image Src: Is no web address"),
        ("https://cdn.example/3.jpg", "file:///etc/passwd", "row 4: Image Src: Is no web address"),
    ],
)
def test_bad_rows_name_shopifys_columns(
    run: Any, file: Callable[..., Path], old: str, new: str, words: str
) -> None:
    assert old in OLD
    result = run("import", file(OLD.replace(old, new)))
    assert words in result.stderr
    assert Product.raw().count_documents({}) == 0


def test_an_unknown_column_is_refused(run: Any, file: Callable[..., Path]) -> None:
    path = file(NEW.replace("SEO title", "Mood"))
    assert "Mood" in str(run("import", path).exception.extra)
    assert run("import", path, "--ignore", "Mood").exit_code == 0


def test_an_export_for_shopify_is_read_again(
    run: Any, file: Callable[..., Path], tmp_path: Path
) -> None:
    run("import", file(OLD))
    before = list(Product.raw().find())
    exported = tmp_path / "shopify.csv"
    assert run("export", exported, "--format", "shopify").exit_code == 0
    text = exported.read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == SHOPIFY
    assert [row["Image Position"] for row in rows if row["Handle"] == "velvet-lip"] == list("1234")
    result = run("import", exported)
    assert "Created: 0. Updated: 0. Unchanged: 2." in result.output, result.stderr
    assert list(Product.raw().find()) == before


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain < text & more", "plain < text & more"),
        ("<style>p{}</style>a<br>b<p>c</p>d", "a\nb\n\nc\n\nd"),
        ("<scr<script>x</script>ipt>1", "xipt>1"),
        ("<p>a<svg><script>x</script></svg>b", "ab"),
        ("<ul>\n <li>a\n b</li>\n<li>c</li></ul>", "- a b\n- c"),
    ],
)
def test_html_as_text(html: str, text: str) -> None:
    assert plain_text(html) == text


def test_text_as_html() -> None:
    assert plain_text(as_html("a <b>\nc & d\n\ne")) == "a <b>\nc & d\n\ne"
