"""VNPay's signatures: known vectors, and what must not pass for signed."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given, settings, strategies as st

from wrencos_commerce.services.gateways.vnpay_signing import (
    check_pipe_signature,
    pipe_signature,
    signed_query,
    verified,
)
from wrencos_core.contracts.payments import BadSignature

SECRET = "VNPAYTESTSECRETKEY0123456789ABCD"
PAY = (
    "vnp_Amount=1806000&vnp_Command=pay&vnp_CreateDate=20250102030405&vnp_CurrCode=VND"
    "&vnp_ExpireDate=20250102031905&vnp_IpAddr=127.0.0.1&vnp_Locale=vn"
    "&vnp_OrderInfo=Thanh+toan+don+hang+%3A5&vnp_OrderType=other"
    "&vnp_ReturnUrl=https%3A%2F%2Fshop.example.com%2Fpayment%2Fvnpay%2Freturn"
    "&vnp_TmnCode=TESTTMN1&vnp_TxnRef=ORD20250102030405A1&vnp_Version=2.1.0"
)
PAY_HASH = (
    "703ca7fc4d24ca353208bfac62c721f5845012468ad6b70440058846e7665a22"
    "440d65a09b359fba8759e9b7b52524a9203994446915d573e0fb98b41b3b16a1"
)
IPN = (
    "vnp_Amount=1806000&vnp_BankCode=NCB&vnp_BankTranNo=VNP14226112&vnp_CardType=ATM"
    "&vnp_OrderInfo=Thanh+toan+don+hang+%3A5&vnp_PayDate=20250102030712&vnp_ResponseCode=00"
    "&vnp_TmnCode=TESTTMN1&vnp_TransactionNo=14226112&vnp_TransactionStatus=00"
    "&vnp_TxnRef=ORD20250102030405A1"
)
IPN_HASH = (
    "910fc7930112a20688bfb97712860c0896c4f4218ed70fa75bb41119d5c34d0f"
    "0ef951d6b0b2f9b6e028fdb2032baf5f697198baa626ba4e954575289da55d6d"
)
# Published with the npm package `vnpay`.
PUBLISHED = (
    "vnp_Amount=1000000&vnp_BankCode=NCB&vnp_BankTranNo=VNP14422574&vnp_CardType=ATM"
    "&vnp_OrderInfo=Thanh+toan+don+hang+2024-05-21T02%3A17%3A31.249Z&vnp_PayDate=20240521091806"
    "&vnp_ResponseCode=00&vnp_TmnCode=TEST_TMN_CODE&vnp_TransactionNo=14422574"
    "&vnp_TransactionStatus=00&vnp_TxnRef=1716257871703"
)
PUBLISHED_HASH = (
    "649982421beb422556a1374713c74e58e716ecbd05007c0c0e1f7effdfaf361d"
    "bf146889ca446139afe11b9954c4d5c486e99e3b86fcfab6957f29eb0be72895"
)
QUERY_VALUES = [
    "q20250102031000000001",
    "2.1.0",
    "querydr",
    "TESTTMN1",
    "ORD20250102030405A1",
    "20250102030405",
    "20250102031000",
    "127.0.0.1",
    "Truy van GD ORD20250102030405A1",
]
QUERY_HASH = (
    "35f42d6802fbb56bb9f9dfcde8ff9c43b5e7a7bd2458b40c1ce1fd824d0534b8"
    "25b58be34e1cd490e158babc1c19fdf57e0db5b55f98d723527a50b91044fb48"
)

plain_text = st.text(
    st.sampled_from("ABCDEFXYZabcdefxyz0123456789 .,:-"), min_size=1, max_size=40
).filter(str.strip)
names = st.text(st.sampled_from("ABCDEFabcdef0123"), min_size=1, max_size=12).map("vnp_{}".format)
fields_of_vnpay = st.dictionaries(names, plain_text, min_size=1, max_size=12)


def check(query: str, secret: str = SECRET) -> dict[str, str]:
    return verified(parse_qsl(query, keep_blank_values=True), query.encode(), secret)


@pytest.mark.parametrize(
    ("query", "expected", "secret"),
    [
        (PAY, PAY_HASH, SECRET),
        (IPN, IPN_HASH, SECRET),
        (PUBLISHED, PUBLISHED_HASH, "test_secret"),
    ],
)
def test_known_queries(query: str, expected: str, secret: str) -> None:
    fields = dict(parse_qsl(query))
    assert signed_query(fields, secret) == f"{query}&vnp_SecureHash={expected}"
    assert check(f"{query}&vnp_SecureHash={expected}", secret) == fields


def test_the_known_message_of_the_api() -> None:
    assert pipe_signature(QUERY_VALUES, SECRET) == QUERY_HASH
    check_pipe_signature(QUERY_VALUES, QUERY_HASH.upper(), SECRET)


def test_empty_fields_are_not_signed() -> None:
    fields = {**dict(parse_qsl(IPN)), "vnp_BankCode": "NCB", "vnp_Extra": ""}
    assert signed_query(fields, SECRET).endswith(IPN_HASH)


def test_what_others_add_to_the_address_is_no_part_of_it() -> None:
    query = f"utm_source=mail&{IPN}&vnp_SecureHash={IPN_HASH}&fbclid=1&utm_source=twice"
    assert check(query) == dict(parse_qsl(IPN))


def test_the_hash_may_be_in_capitals_and_name_its_kind() -> None:
    query = f"{IPN}&vnp_SecureHashType=HMACSHA512&vnp_SecureHash={IPN_HASH.upper()}"
    assert check(query) == dict(parse_qsl(IPN))


def test_pairs_that_are_encoded_otherwise_are_as_valid() -> None:
    fields = {"vnp_OrderInfo": "It's (a) test!*~", "vnp_TxnRef": "A1"}
    # As an encoder of JavaScript leaves them; signed in that form, in any order.
    raw = urlencode(fields, quote_via=lambda text, *_: quote(text, safe="~*!'()"))
    signature = _signature_of(raw)
    reordered = "&".join(reversed(raw.split("&")))
    assert check(f"{reordered}&vnp_SecureHash={signature}") == fields


def _signature_of(canonical: str) -> str:
    import hashlib
    import hmac

    return hmac.new(SECRET.encode(), canonical.encode(), hashlib.sha512).hexdigest()


@pytest.mark.parametrize(
    "query",
    [
        "",
        IPN,
        f"{IPN}&vnp_SecureHash=",
        f"{IPN}&vnp_SecureHash={IPN_HASH[:-1]}",
        f"{IPN}&vnp_SecureHash=Đ{IPN_HASH[1:]}",
        f"{IPN}&vnp_SecureHash={PAY_HASH}",
        f"{IPN.replace('Amount=1806000', 'Amount=100')}&vnp_SecureHash={IPN_HASH}",
        f"{IPN}&vnp_Amount=1806000&vnp_SecureHash={IPN_HASH}",
        f"vnp_Amount=1&{IPN}&vnp_SecureHash={IPN_HASH}",
        f"{IPN}&vnp_SecureHash={IPN_HASH}&vnp_SecureHash={IPN_HASH}",
        f"{IPN}&vnp_Extra=1&vnp_SecureHash={IPN_HASH}",
        f"{IPN}&vnp%5FExtra=1&vnp_SecureHash={IPN_HASH}",
        f"{IPN}&vnp%5FAmount=1&vnp_SecureHash={IPN_HASH}",
        f"{IPN}&vnp_Extra=%FF&vnp_SecureHash={IPN_HASH}",
        "vnp_SecureHash=%FF%00",
    ],
)
def test_what_is_not_signed_is_refused(query: str) -> None:
    with pytest.raises(BadSignature):
        check(query)


def test_bytes_that_are_no_text_are_verified_as_they_were_sent() -> None:
    raw = "vnp_OrderInfo=%FF%FE&vnp_TxnRef=A1"
    assert check(f"{raw}&vnp_SecureHash={_signature_of(raw)}")["vnp_TxnRef"] == "A1"


def test_a_value_with_a_bar_is_never_signed_nor_taken_for_signed() -> None:
    with pytest.raises(ValueError, match="must not hold"):
        pipe_signature(["a|b", "c"], SECRET)
    joined = pipe_signature(["a", "b", "c"], SECRET)
    with pytest.raises(BadSignature):
        check_pipe_signature(["a|b", "c"], joined, SECRET)


@settings(deadline=None)
@given(fields_of_vnpay, st.text(min_size=1, max_size=40))
def test_what_is_signed_is_verified(fields: dict[str, str], secret: str) -> None:
    assert check(signed_query(fields, secret), secret) == fields


@settings(deadline=None)
@given(fields_of_vnpay, st.data())
def test_any_change_is_noticed(fields: dict[str, str], data: st.DataObject) -> None:
    query = signed_query(fields, SECRET)
    signature = query.rpartition("=")[2]
    name = data.draw(st.sampled_from(sorted(fields)))
    value = data.draw(plain_text.filter(lambda text: text != fields[name]))
    for changed in (
        {**fields, name: value},
        {key: kept for key, kept in fields.items() if key != name},
        {**fields, f"{name}x": value},
    ):
        pairs = urlencode({**changed, "vnp_SecureHash": signature})
        with pytest.raises(BadSignature):
            check(pairs)
    with pytest.raises(BadSignature):
        check(query, f"{SECRET}x")


@settings(deadline=None)
@given(st.lists(plain_text, min_size=1, max_size=10), st.data())
def test_any_change_of_a_message_of_the_api_is_noticed(
    values: list[str], data: st.DataObject
) -> None:
    signature = pipe_signature(values, SECRET)
    check_pipe_signature(values, signature, SECRET)
    position = data.draw(st.integers(0, len(values) - 1))
    value = data.draw(plain_text.filter(lambda text: text != values[position]))
    changed = [*values[:position], value, *values[position + 1 :]]
    with pytest.raises(BadSignature):
        check_pipe_signature(changed, signature, SECRET)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_query_makes_it_fail_otherwise(raw: bytes) -> None:
    pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, errors="replace")
    with pytest.raises(BadSignature):
        verified(pairs, raw, SECRET)
