"""The drawn stand-in pictures: the same every time, well-formed, safe and small."""

import csv
import re
import xml.etree.ElementTree as ET
from importlib.resources import files

import pytest

from wrencos_commerce.pictures import product_picture

LIMIT = 6000
SVG = "{http://www.w3.org/2000/svg}"


def rows(name: str) -> list[dict[str, str]]:
    source = files("wrencos_commerce") / "demo_data" / name
    return list(csv.DictReader(source.read_text(encoding="utf-8").splitlines()))


def words(picture: bytes) -> str:
    root = ET.fromstring(picture)
    return " ".join(node.text or "" for node in root.iter(f"{SVG}text"))


SLUGS = [row["slug"] for row in rows("categories.csv")]


def test_same_arguments_give_the_same_bytes() -> None:
    first = product_picture("Lotus Toner", "Lá Sen", "toners", "LS-TON-001")
    assert first == product_picture("Lotus Toner", "Lá Sen", "toners", "LS-TON-001")


def test_seed_changes_the_colours_only() -> None:
    one = product_picture("Lotus Toner", "Lá Sen", "toners", "one")
    two = product_picture("Lotus Toner", "Lá Sen", "toners", "two")
    assert one != two
    assert words(one) == words(two)


@pytest.mark.parametrize("slug", SLUGS)
def test_every_category_has_a_picture(slug: str) -> None:
    picture = product_picture("A Thing", "A Brand", slug, "seed")
    root = ET.fromstring(picture)
    assert root.tag == f"{SVG}svg"
    assert (root.get("width"), root.get("height")) == ("800", "800")
    assert len(picture) < LIMIT
    assert "A Thing" in words(picture)
    assert "A BRAND" in words(picture)


def test_categories_look_different() -> None:
    leaves = ("serums", "moisturisers", "lips", "fragrance", "nails", "shampoo", "tools")
    drawn = {product_picture("Thing", "Brand", slug, "seed") for slug in leaves}
    assert len(drawn) == len(leaves)


def test_unknown_category_gets_a_picture() -> None:
    assert ET.fromstring(product_picture("Thing", "Brand", "no-such-slug", "s")).tag == f"{SVG}svg"


def test_text_is_escaped() -> None:
    picture = product_picture("<b>\"Salt\" & 'Sea'</b>", "<A & B>", "serums", '"><script>')
    assert "<b>\"Salt\" & 'Sea'</b>" in words(picture)
    assert "<A & B>" in words(picture)
    assert b"<script" not in picture
    assert b"<b>" not in picture


def test_characters_that_xml_cannot_hold_are_left_out() -> None:
    picture = product_picture("Ser\x00um\ud800 \x0bone\nline", "Br\ufffeand", "serums", "s\ud800")
    assert "Ser um one line" in words(picture)


@pytest.mark.parametrize("name", ["", " ", "x" * 500, "word " * 200, '"&<' * 200, "ế" * 400])
def test_awkward_names_stay_small_and_well_formed(name: str) -> None:
    picture = product_picture(name, name, "makeup", "seed")
    root = ET.fromstring(picture)
    assert len(picture) < LIMIT
    captions = [node for node in root.iter(f"{SVG}text") if float(node.get("y", "0")) > 660]
    assert len(captions) <= 3


def test_a_long_name_is_wrapped_without_losing_words() -> None:
    name = "Overnight Renewing Lotus and Rice Bran Sleeping Mask Refill"
    assert name in words(product_picture(name, "Lá Sen", "masks", "s"))


def test_demo_products_are_small_and_refer_to_nothing_outside() -> None:
    for row in rows("products.csv"):
        picture = product_picture(row["name"], row["brand"], row["category"], row["sku"])
        root = ET.fromstring(picture)
        assert len(picture) < LIMIT, row["sku"]
        assert not re.search(rb"href|<script|<image|@import|style=", picture)
        identities = {node.get("id") for node in root.iter() if node.get("id")}
        used = set(re.findall(r"url\(#(\w+)\)", picture.decode()))
        assert used <= identities, row["sku"]
        fills = {node.get("fill") or "none" for node in root.iter()}
        assert not [fill for fill in fills if fill.isupper()], row["sku"]
