"""References of payments, and how they are found in what people and banks make of them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings, strategies as st

from wrencos_commerce.services.gateways.references import (
    is_reference,
    new_reference,
    references_in,
)

references = st.builds(new_reference)
noise = st.text(st.sampled_from("abcdefghijklmnopqrstu vxyz,.-/"), max_size=30)


def test_what_it_looks_like() -> None:
    made = {new_reference() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch("W[0-9A-Z]{19}", reference) for reference in made)
    assert all(map(is_reference, made))


@pytest.mark.parametrize("text", ["", "W", "W" * 20, "W0000000000000000000Z", "ILOU" * 5])
def test_what_is_none(text: str) -> None:
    assert not is_reference(text)


@settings(deadline=None)
@given(references, noise, noise, st.data())
def test_it_is_found_in_an_altered_memo(
    reference: str, before: str, after: str, data: st.DataObject
) -> None:
    cased = "".join(data.draw(st.sampled_from([char, char.lower()])) for char in reference)
    marks = st.sampled_from(["", "", " ", "-", ".", "\n"])
    spaced = "".join(char + data.draw(marks) for char in cased)
    assert references_in(f"{before}{spaced}{after}") == [reference]


@settings(deadline=None)
@given(references)
def test_misread_letters_are_read_right(reference: str) -> None:
    typed = reference.lower().replace("0", "o").replace("1", "l")
    assert references_in(f"CK {typed}") == [reference]


@settings(deadline=None)
@given(references, references)
def test_two_are_both_found(first: str, second: str) -> None:
    assert references_in(f"{first} {second} {first}") == [first, second]


@settings(deadline=None)
@given(references, st.integers(1, 18), st.data())
def test_a_mistyped_one_is_hardly_taken_for_another(
    reference: str, position: int, data: st.DataObject
) -> None:
    other = data.draw(st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVXYZ"))
    typed = f"{reference[:position]}{other}{reference[position + 1 :]}"
    assert typed == reference or references_in(typed) in ([], [typed])


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_searched(memo: str) -> None:
    assert all(map(is_reference, references_in(memo)))
