import pytest
from hypothesis import given, strategies as st

from wrencos_core.ids import is_id, is_prefix, new_id

PREFIXES = st.from_regex(r"[a-z][a-z0-9]{1,15}", fullmatch=True)


@given(PREFIXES)
def test_a_new_id_has_the_form_of_an_id_of_its_kind(prefix: str):
    id = new_id(prefix)
    assert is_id(id)
    assert is_id(id, prefix)
    assert not is_id(id, "x" + prefix)


@given(st.text())
def test_text_that_is_no_prefix_makes_no_id(text: str):
    if is_prefix(text):
        assert new_id(text).startswith(f"{text}_")
    else:
        with pytest.raises(ValueError, match="not an id prefix"):
            new_id(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "order",
        "order_",
        "order_01JCV5",
        "order_01jcv5000000000000000000ab",
        "Order_01JCV50000000000000000000A",
        "order_01JCV50000000000000000000I",
        "order_01JCV50000000000000000000A\n",
        "order_01JCV50000000000000000000A ",
    ],
)
def test_other_text_is_no_id(text: str):
    assert not is_id(text)


def test_ids_are_unique_and_sort_by_their_time_of_creation():
    ids = [new_id("order") for _ in range(1000)]
    assert len(set(ids)) == 1000
    times = [id[len("order_") :][:10] for id in ids]
    assert times == sorted(times)
