"""Asking to be told when a variant is back, and taking that back. stock_notices.py tells."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from wrencos_commerce.errors import BackInStock, InvalidLink
from wrencos_commerce.models.stock_request import StockRequest, StockRequestState as State
from wrencos_commerce.services.confirmation_mails import count_mail, may_mail
from wrencos_commerce.services.product_links import ProductLinks
from wrencos_commerce.services.product_lookup import for_sale
from wrencos_commerce.services.product_queries import ProductQueries
from wrencos_commerce.services.signed_links import one_click, opened, signed
from wrencos_commerce.services.stock import Stock
from wrencos_commerce.services.translations import translated
from wrencos_commerce.services.variants import chosen_variant, variant_name
from wrencos_core.api import (
    Identity,
    Invalid,
    Listing,
    NotFound,
    Platform,
    bump,
    new_id,
    new_row,
    now,
    transactional,
)
from wrencos_core.contracts.auth import UserDirectory, UserSummary

Row = Mapping[str, Any]

CONFIRM, CANCEL = "stock-request-confirm", "stock-request-cancel"
CANCEL_PATH = "/api/stock-requests/cancel"
NOTIFY = "commerce.notify_stock_back"
CONFIRM_WITHIN = timedelta(hours=48)
KEEP_DONE = timedelta(days=30)
_MAIL_AGAIN_AFTER = timedelta(hours=1)
_OPEN = [State.UNCONFIRMED.value, State.WAITING.value]
_NEWEST = [("created_at", -1), ("_id", -1)]


class Demand(NamedTuple):
    """How many people wait for a variant, and since when the first does."""

    product: Row
    variant: Row
    waiting: int
    oldest: Any


class StockRequests:
    """Takes requests of users and guests; a guest's counts once its address is confirmed."""

    def __init__(
        self, platform: Platform, products: ProductQueries, stock: Stock, links: ProductLinks
    ) -> None:
        self._platform = platform
        self._products = products
        self._stock = stock
        self._links = links
        self._listing = Listing(StockRequest.raw)

    @transactional
    def ask_as_user(self, identity: Identity, product_id: str, variant_id: str | None) -> Row:
        """The user's request for a variant that is sold out; the same one when asked again.

        Whose address is not verified is mailed a link to confirm it, unless the address had enough
        such mails today. Raises NotFound, Invalid for a variant to be chosen, or BackInStock.
        """
        product, variant = self._sold_out(product_id, variant_id)
        user = self._platform.services.require(UserDirectory).find(str(identity.user_id))
        if user is None:
            raise NotFound("There is no such user.")
        found = _open_request(variant["id"], user.user_id)
        if found is None:
            state = State.WAITING if user.email_verified else State.UNCONFIRMED
            found = _stored(
                product, variant, state, user.user_id, user.locale, user_id=user.user_id
            )
        if found["state"] == State.UNCONFIRMED:
            self._mail_confirmation(found, user.email, product, variant, user)
        return found

    @transactional
    def ask_as_guest(
        self, email: str, locale: str, product_id: str, variant_id: str | None
    ) -> None:
        """Mail a link by which the owner of this address confirms that they want to be told.

        Whether the address is known makes no difference to the caller. Raises as `ask_as_user`,
        and Invalid for what is no address.
        """
        product, variant = self._sold_out(product_id, variant_id)
        email = email.strip().lower()
        found = _open_request(variant["id"], email)
        if found is None:
            if not may_mail(self._platform, email):
                return
            found = _stored(product, variant, State.UNCONFIRMED, email, locale, email=email)
        if found["state"] == State.UNCONFIRMED:
            self._mail_confirmation(found, email, product, variant)

    @transactional
    def confirm(self, token: str) -> Row:
        """Let a request wait that its link confirms, also twice. Raises InvalidLink."""
        id = opened(self._platform.secret_key, CONFIRM, token)
        found: Row | None = StockRequest.raw().find_one_and_update(
            {"_id": id, "state": State.UNCONFIRMED.value, "expires_at": {"$gt": now()}},
            bump(
                {
                    "$set": {"state": State.WAITING.value, "confirmed_at": now()},
                    "$unset": {"expires_at": ""},
                }
            ),
            return_document=True,
        )
        if found is None:
            confirmed = {"$in": [State.WAITING.value, State.NOTIFIED.value]}
            found = StockRequest.raw().find_one({"_id": id, "state": confirmed})
            if found is None:
                raise InvalidLink()
            return found
        # It may have come back while the link waited in the mail; the job looks.
        variant_id = found["variant_id"]
        self._platform.jobs.enqueue(NOTIFY, key=variant_id, variant_id=variant_id)
        return found

    def cancel_by_link(self, token: str) -> int:
        """End every open request of whoever got this link; how many. Raises InvalidLink."""
        id = self.request_of(token)
        found = StockRequest.raw().find_one({"_id": id}, {"user_id": 1, "email": 1})
        if found is None:  # done for so long that it was deleted
            return 0
        owner = {name: found[name] for name in ("user_id", "email") if name in found}
        return end_requests(owner)

    def request_of(self, token: str) -> str:
        """The id of the request that this link was mailed for. Raises InvalidLink."""
        id = opened(self._platform.secret_key, CANCEL, token)
        if id is None:
            raise InvalidLink()
        return id

    def mine(self, user_id: str, skip: int, limit: int) -> tuple[list[Row], int]:
        """The user's requests, the newest first, and how many there are."""
        query = {"user_id": user_id}
        return self._listing.page(query, sort=_NEWEST, skip=skip, limit=limit)

    def withdraw(self, user_id: str, request_id: str) -> None:
        """End a request of the user's, also one that is done. Raises NotFound."""
        mine = {"_id": request_id, "user_id": user_id}
        if not StockRequest.raw().find_one(mine, {"_id": 1}):
            raise NotFound(f"There is no request {request_id}.")
        end_requests(mine)

    def demand(self, skip: int, limit: int) -> tuple[list[Demand], int]:
        """The variants that are waited for, those that most wait for first, and how many."""
        counted: list[dict[str, Any]] = [
            {"$match": {"state": State.WAITING.value}},
            {
                "$group": {
                    "_id": "$variant_id",
                    "product_id": {"$first": "$product_id"},
                    "waiting": {"$sum": 1},
                    "oldest": {"$min": "$created_at"},
                }
            },
        ]
        page = [{"$sort": {"waiting": -1, "_id": 1}}, {"$skip": skip}, {"$limit": limit}]
        both = {"$facet": {"page": page, "total": [{"$count": "count"}]}}
        (answer,) = StockRequest.raw().aggregate([*counted, both])
        rows = answer["page"]
        products = self._products.by_ids([row["product_id"] for row in rows])
        shown = []
        for row in rows:
            product = products.get(row["product_id"], {})
            variants = product.get("variants", ())
            variant = next((v for v in variants if v["id"] == row["_id"]), None)
            if variant is not None:
                shown.append(Demand(product, variant, row["waiting"], row["oldest"]))
        return shown, answer["total"][0]["count"] if answer["total"] else 0

    def links_for(self, request_id: str) -> tuple[str, dict[str, str]]:
        """The link to the page that ends the requests, and the headers that name it."""
        token = signed(self._platform.secret_key, CANCEL, request_id)
        return one_click(f"{self._platform.settings.base_url}{CANCEL_PATH}", token)

    def _sold_out(self, product_id: str, variant_id: str | None) -> tuple[Row, Row]:
        product = for_sale(product_id)
        variant = chosen_variant(product, variant_id)
        if not variant["is_active"]:
            raise NotFound(f"There is no variant {variant['id']} of {product['name']}.")
        if self._stock.available(variant) > 0:
            raise BackInStock(f"{product['name']} is in stock.")
        return product, variant

    def _mail_confirmation(
        self,
        request: Row,
        to: str,
        product: Row,
        variant: Row,
        user: UserSummary | None = None,
    ) -> None:
        """A mail for each request, and one more for who asks again an hour later.

        None to an address that had enough of them today, a user's too: it may be somebody else's.
        """
        mailed = request.get("mailed", 0)
        again = now() - request["created_at"] >= _MAIL_AGAIN_AFTER
        if mailed > 1 or (mailed and not again) or not count_mail(self._platform, to):
            return
        StockRequest.raw().update_one({"_id": request["_id"]}, bump({"$inc": {"mailed": 1}}))
        token = signed(self._platform.secret_key, CONFIRM, request["_id"])
        base_url = self._platform.settings.base_url
        try:
            self._platform.mailer.queue(
                template="commerce/stock_request_confirm",
                to=to,
                locale=request["locale"],
                key=f"{request['_id']}:confirm{':again' if mailed else ''}",
                user_id=user.user_id if user else None,
                context={
                    "product": translated(product, request["locale"])[0],
                    "variant": variant_name(variant),
                    "link": f"{base_url}/stock-requests/confirm?token={token}",
                    "hours": int(CONFIRM_WITHIN.total_seconds() // 3600),
                    "product_link": self._links.url(product, variant["id"]),
                },
            )
        except Invalid as error:
            raise Invalid(errors={"email": ["Not a valid mail address."]}) from error


def end_requests(owner: Row) -> int:
    """Cancel the open requests that fit `owner` (`user_id` or `email`, or more); how many."""
    query = {**owner, "state": {"$in": _OPEN}}
    ended = bump(
        {
            "$set": {"state": State.CANCELLED.value, "expires_at": now() + KEEP_DONE},
            "$unset": {"open_key": ""},
        }
    )
    return int(StockRequest.raw().update_many(query, ended).modified_count)


def _open_request(variant_id: str, owner: str) -> Row | None:
    """An unconfirmed one whose time is over counts as gone: TTL deletion lags."""
    found: Row | None = StockRequest.raw().find_one({"open_key": f"{variant_id}|{owner}"})
    if found and found["state"] == State.UNCONFIRMED and found["expires_at"] <= now():
        StockRequest.raw().delete_one({"_id": found["_id"]})
        return None
    return found


def _stored(product: Row, variant: Row, state: State, owner: str, locale: str, **whose: str) -> Row:
    row = new_row(
        new_id(StockRequest.id_prefix),
        product_id=product["_id"],
        variant_id=variant["id"],
        locale=locale,
        state=state.value,
        mailed=0,
        open_key=f"{variant['id']}|{owner}",
        **whose,
    )
    if state is State.UNCONFIRMED:
        row["expires_at"] = row["created_at"] + CONFIRM_WITHIN
    # Of two at once one meets the other's key, and runs again or finds it.
    StockRequest.raw().insert_one(row)
    return row
