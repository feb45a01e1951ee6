"""The fields that bodies and queries are made of."""

from datetime import UTC, datetime
from decimal import Decimal

import marshmallow as ma
import pytest
from webargs.multidictproxy import MultiDictProxy
from werkzeug.datastructures import MultiDict

from wrencos_core.web import Country, Flag, Line, Major, Moment, PersonName, Schema


class Everything(Schema):
    moment = Moment()
    line = Line(20)
    name = PersonName(40)
    country = Country()
    flag = Flag()
    price = Major()


def load(**body):
    return Everything().load(body)


def query(**fields):
    schema = Everything()
    return schema.load(MultiDictProxy(MultiDict(fields), schema))


def refused(**body):
    with pytest.raises(ma.ValidationError) as error:
        load(**body)
    return list(error.value.messages) == list(body)


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2026-03-02T10:00:00+07:00", datetime(2026, 3, 2, 3, tzinfo=UTC)),
        ("2026-03-02T10:00:00Z", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("2026-03-02T10:00:00", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("2026-03-02T10:00:00.123987Z", datetime(2026, 3, 2, 10, 0, 0, 123000, UTC)),
        ("0001-01-01T00:00:00", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_moment_is_in_utc_and_milliseconds(given, moment):
    read = load(moment=given)["moment"]
    assert read == moment
    assert read.tzinfo is UTC


@pytest.mark.parametrize(
    "given",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "yesterday", "", 5, None, ["x"]],
)
def test_what_is_no_moment(given):
    assert refused(moment=given)


@pytest.mark.parametrize(
    "given",
    [
        "a\nb",
        "a\rb",
        "a\tb",
        "a\x0bb",
        "a\x85b",
        "a\u2028b",
        "a\u2029b",
        "a\u202eb",
        "a\x00",
        "\ud800",
    ],
)
def test_a_line_is_one_line(given):
    assert refused(line=given)
    assert refused(name=given)


@pytest.mark.parametrize("given", ["Nguyễn Đức", "Kem 100 ml – dịu", "👩‍🔬", "  trimmed\n"])
def test_a_line_may_hold_what_people_write(given):
    assert load(line=given)["line"] == given.strip()


@pytest.mark.parametrize(
    "given",
    ["Claim it: http://evil.example/x", "ftp://x", "www.evil.example", "x WWW.evil.example"],
)
def test_a_name_holds_no_web_address(given):
    assert refused(name=given)


@pytest.mark.parametrize("given", ["Anna-Maria O'Neil", "Raju a/l Muthu", "J. R. R.", "Swww. X"])
def test_a_name_holds_the_signs_that_names_have(given):
    assert load(name=given)["name"] == given


def test_a_country_is_two_capitals():
    assert load(country="VN")["country"] == "VN"
    for given in ("VN\n", "vn", "V", "VNM", "ＶＮ", " VN", "", 84, None):
        assert refused(country=given), given


def test_a_flag_is_a_boolean_of_json():
    assert load(flag=True) == {"flag": True}
    assert load(flag=False) == {"flag": False}
    for given in ("true", "yes", "1", 1, 0, None, []):
        assert refused(flag=given), given


def test_a_flag_is_a_word_in_a_query():
    assert query(flag="true") == {"flag": True}
    assert query(flag="false") == {"flag": False}
    for given in ("TRUE", "1", "0", "on", ""):
        with pytest.raises(ma.ValidationError):
            query(flag=given)


@pytest.mark.parametrize(
    ("given", "amount"),
    [("29.99", "29.99"), ("5", "5"), (29.99, "29.99"), (5, "5"), (1e3, "1000.0"), (0, "0")],
)
def test_an_amount_is_a_number_or_its_plain_text(given, amount):
    assert load(price=given)["price"] == Decimal(amount)


@pytest.mark.parametrize(
    "given",
    [
        "1_000",
        "１２",
        "1e3",
        "+1",
        ".5",
        "5.",
        " 5",
        "5\n",
        "NaN",
        "",
        True,
        -1,
        "-1",
        float("inf"),
        [],
    ],
)
def test_what_is_no_amount(given):
    assert refused(price=given)
