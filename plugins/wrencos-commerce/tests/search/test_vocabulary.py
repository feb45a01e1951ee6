"""How words are mostly written, after single changes as after a rebuild."""

from __future__ import annotations

from collections.abc import Callable

from wrencos_commerce.models.search import SearchWord
from wrencos_commerce.services.products import Products
from wrencos_commerce.services.search import postings, vocabulary
from wrencos_commerce.services.search.indexing import SearchIndex
from wrencos_core.api import SYSTEM, Platform


def _written() -> dict[str, str]:
    state = postings.state()
    assert state is not None
    return vocabulary.written(state.generation, ["chong", "nang"])


def test_one_other_spelling_changes_nothing(
    platform: Platform, make_product: Callable[..., str], index: SearchIndex
) -> None:
    ids = [make_product(name=f"Kem chống nắng {n}") for n in range(3)]
    index.rebuild()
    usual = {"chong": "chống", "nang": "nắng"}
    other = make_product(name="Chong nặng")
    index.index([other])
    assert _written() == usual
    products = platform.services.require(Products)
    products.withdraw(other, SYSTEM)
    index.index([other])
    assert _written() == usual
    for id in ids:
        products.update(id, {"name": "Chông năng"}, SYSTEM)
    index.index(ids)
    assert _written() == {"chong": "chông", "nang": "năng"}
    for id in ids:
        products.withdraw(id, SYSTEM)
    index.index(ids)
    assert _written() == {"chong": "chong", "nang": "nang"}


def test_a_form_without_a_word_of_its_own_makes_no_row(
    make_product: Callable[..., str], index: SearchIndex
) -> None:
    index.rebuild()
    index.index([make_product(name="Amber ½ cream")])
    assert not SearchWord.raw().find_one({"generation": None})
    changed = {row["word"] for row in SearchWord.raw().find({})}
    index.rebuild()
    state = postings.state()
    assert state is not None
    assert {r["word"] for r in SearchWord.raw().find({"generation": state.generation})} == changed
