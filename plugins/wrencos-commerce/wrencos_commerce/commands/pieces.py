"""Pieces and amounts as they are typed: `SKU=QTY`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from wrencos_core.api import fail

Row = Mapping[str, Any]


def pairs(words: Sequence[str], form: str) -> list[tuple[str, str]]:
    found = []
    for word in words:
        sku, equals, rest = word.rpartition("=")
        if not equals:
            fail(f"{word} is not {form}.")
        found.append((sku, rest))
    names = [sku for sku, _ in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        fail(f"Named twice: {', '.join(twice)}.")
    return found


def variant_id(lines: Sequence[Row], sku: str) -> str:
    found = next((str(line["variant_id"]) for line in lines if line["sku"] == sku), None)
    if found is None:
        fail(f"There is no {sku} in it.")
    return found


def whole(digits: str, sku: str) -> int:
    if not (digits.isascii() and digits.isdigit() and len(digits) < 5):
        fail(f"{digits!r} is no number of pieces of {sku}.")
    return int(digits)


def decimal(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        fail(f"{text!r} is no amount.")
