"""The parts that everything stands on: columns, spelling, synonyms."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given, strategies as st
from pyroaring import BitMap

from wrencos_commerce.services.search.columns import Column
from wrencos_commerce.services.search.matching import singulars
from wrencos_commerce.services.search.query import parse
from wrencos_commerce.services.search.spelling import deletes, is_one_edit
from wrencos_commerce.services.search.synonyms import Thesaurus, built_in
from wrencos_commerce.services.search.words import bits, parts, words

letters = st.text("abcd", min_size=3, max_size=7)
bounds = st.none() | st.integers(-3, 600)


@given(st.dictionaries(st.integers(0, 200), st.integers(0, 500)), bounds, bounds)
def test_a_column_compares_as_numbers_do(
    numbers: dict[int, int], least: int | None, most: int | None
) -> None:
    slices: dict[int, BitMap] = defaultdict(BitMap)
    for ordinal, number in numbers.items():
        for place in bits(number):
            slices[place].add(ordinal)
    column = Column(BitMap(numbers), slices)
    right = {
        ordinal
        for ordinal, number in numbers.items()
        if (least is None or number >= least) and (most is None or number <= most)
    }
    assert set(column.between(least, most)) == right
    assert column.largest() == max(numbers.values(), default=0)


def _neighbours(word: str) -> set[str]:
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    return {
        *(a + b[1:] for a, b in cuts if b),
        *(a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1),
        *(a + letter + b[1:] for a, b in cuts if b for letter in "abcd"),
        *(a + letter + b for a, b in cuts for letter in "abcd"),
    } - {word}


@given(letters, letters)
def test_one_edit_is_one_letter_more_less_other_or_exchanged(typed: str, word: str) -> None:
    assert is_one_edit(typed, word) == (word in _neighbours(typed))


@given(letters, st.data())
def test_every_neighbour_has_a_common_delete(typed: str, data: st.DataObject) -> None:
    words = sorted(word for word in _neighbours(typed) if len(word) >= 3)
    word = data.draw(st.sampled_from(words))
    assert set(deletes(typed)) & set(deletes(word))


def test_queries_are_read() -> None:
    query = parse("Kem CHỐNG nắng, cho da (khô)!")
    assert query is not None
    assert query.words == ["kem", "chong", "nang", "cho", "da", "kho"]
    assert query.telling == ["kem", "chong", "nang", "da", "kho"]
    assert query.marked == [1, 2, 5]
    only_stops = parse("cho")
    assert only_stops is not None
    assert only_stops.telling == ["cho"]
    assert parse("") is None
    assert parse(" !? ") is None
    many = parse(" ".join(f"w{n}" for n in range(50)))
    assert many is not None
    assert len(many.words) == 8
    among_little = parse("the of " * 3 + "a b c d e f g h i j k l m")
    assert among_little is not None
    assert among_little.telling == list("bcdefghi")


def test_little_words_are_told_by_how_they_are_written() -> None:
    query = parse("sữa dê và thể to")
    assert query is not None
    assert query.telling == ["sua", "de", "the"]


@given(st.text(max_size=60))
def test_any_text_can_be_read(typed: str) -> None:
    query = parse(typed)
    assert query is None or len(query.words) == len(query.written) > 0


def test_phrases_are_found_the_longest_first() -> None:
    thesaurus = Thesaurus([(["kem mắt", "eye cream"], False), (["kem", "cream"], True)])
    assert thesaurus.segments(["sen", "kem", "mat", "kem"]) == [("sen",), ("kem", "mat"), ("kem",)]
    assert thesaurus.meanings(("kem",)) == (("cream",),)
    assert thesaurus.meanings(("cream",)) == ()


def test_the_built_in_synonyms_are_phrases() -> None:
    assert len(built_in()) > 100
    for phrases, _ in built_in():
        assert len(phrases) >= 2
        assert all(1 <= len(words(phrase)) <= 6 for phrase in phrases), phrases


@pytest.mark.parametrize(
    ("word", "expected"),
    [("serums", ["serum"]), ("brushes", ["brushe", "brush"]), ("gloss", []), ("son", [])],
)
def test_singulars(word: str, expected: list[str]) -> None:
    assert singulars(word) == expected


def test_words_of_letters_and_digits_have_parts() -> None:
    assert parts("spf50") == ["spf", "50"]
    assert parts("serum") == []
