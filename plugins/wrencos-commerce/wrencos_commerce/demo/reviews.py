"""Reviews by those of the demo's customers who bought, posted in the course of the year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from wrencos_commerce.demo.review_texts import comment, reply
from wrencos_commerce.models.order import Channel, Order, OrderStatus
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.review import Review, ReviewState
from wrencos_commerce.services.review_feedback import ReviewFeedback
from wrencos_commerce.services.review_moderation import ReviewModeration
from wrencos_commerce.services.reviews import Reviews
from wrencos_core.api import SYSTEM, DemoContext, Identity, Role, clock, now, transaction

MOST_REVIEWS = 600
# Of those who bought, so many write; most are content.
_WRITING = 0.6
_STARS = {5: 52, 4: 27, 3: 11, 2: 6, 1: 4}
_ANSWERED = 0.25
# By people who never bought the product; they wait for a moderator.
_UNVERIFIED = 12
# Steps that are committed together; the services join the transaction around them.
_BATCH = 50


@dataclass(frozen=True)
class Buyer:
    """Somebody who has ordered, and the language that they write."""

    identity: Identity
    locale: str


@dataclass(frozen=True)
class PlannedReview:
    """A review to come; `likes` are the readers whom it will help."""

    at: datetime
    author: Buyer
    product_id: str
    rating: int
    text: str
    shows_name: bool
    shows_skin: bool
    is_answered: bool
    likes: Sequence[Identity]


def fill(context: DemoContext) -> None:
    """Up to MOST_REVIEWS reviews; nothing when there is one, or when nothing was delivered."""
    if Review.raw().find_one({}, {"_id": 1}):
        return
    random = Random(33)  # noqa: S311 - the same demo every time
    planned = sorted(_plan(random, _buyers()), key=lambda review: review.at)
    outbox, writing = context.platform.outbox, Writing(context)
    with outbox.held():
        for first in range(0, len(planned), _BATCH):
            writing.run(planned[first : first + _BATCH])
            context.progress("Reviews", min(first + _BATCH, len(planned)), len(planned))
    outbox.deliver_pending(lambda done, total: context.progress("Events", done, total))


def _plan(random: Random, buyers: Mapping[str, Buyer]) -> Iterator[PlannedReview]:
    bought = _deliveries()
    readers = [buyer.identity for buyer in buyers.values()]
    written = random.sample(sorted(bought), min(MOST_REVIEWS, int(_WRITING * len(bought))))
    # What one product is worth differs from another, or all means would be the same.
    worth = {id: random.uniform(0.4, 1.8) for id in sorted({id for _, id in bought})}
    for user_id, product_id in written:
        at = bought[user_id, product_id] + timedelta(hours=random.uniform(20, 500))
        if at < now():
            weights = [w / worth[product_id] if s < 4 else w for s, w in _STARS.items()]
            (rating,) = random.choices(list(_STARS), weights)
            author = buyers[user_id]
            yield _review(random, at, author, product_id, rating, readers)
    if bought:
        yield from _by_others(random, buyers, bought, sorted(worth))


def _by_others(
    random: Random,
    buyers: Mapping[str, Buyer],
    bought: Mapping[tuple[str, str], datetime],
    product_ids: Sequence[str],
) -> Iterator[PlannedReview]:
    """Some of the last days by people who did not buy what they review."""
    pairs = [
        (user_id, product_id)
        for user_id in sorted(buyers)
        for product_id in product_ids
        if (user_id, product_id) not in bought
    ]
    for user_id, product_id in random.sample(pairs, min(_UNVERIFIED, len(pairs))):
        at = now() - timedelta(hours=random.uniform(1, 200))
        yield _review(random, at, buyers[user_id], product_id, random.choice((1, 5)), ())


# Who bought at the counter may have no account, and no address.
_BY_WEB = {"channel": Channel.WEB.value}


def _buyers() -> dict[str, Buyer]:
    """Who has ordered, by user id."""
    found: dict[str, Buyer] = {}
    fields = {"user_id": 1, "shipping_address.country": 1}
    for order in Order.raw().find(_BY_WEB, fields).sort("_id", 1):
        identity = Identity(user_id=order["user_id"], role=Role.CUSTOMER, channel="job")
        locale = "vi" if order["shipping_address"]["country"] == "VN" else "en"
        found.setdefault(order["user_id"], Buyer(identity, locale))
    return found


def _deliveries() -> dict[tuple[str, str], datetime]:
    """When a customer first had a product, for each that is still for sale."""
    for_sale = {row["_id"] for row in Product.raw().find({"is_active": True}, {"_id": 1})}
    fields = {"user_id": 1, "lines.product_id": 1, "delivered_at": 1}
    orders = Order.raw().find({**_BY_WEB, "status": OrderStatus.DELIVERED.value}, fields)
    found: dict[tuple[str, str], datetime] = {}
    for order in orders.sort([("delivered_at", 1), ("_id", 1)]):
        for line in order["lines"]:
            if line["product_id"] in for_sale:
                found.setdefault((order["user_id"], line["product_id"]), order["delivered_at"])
    return found


def _review(
    random: Random,
    at: datetime,
    author: Buyer,
    product_id: str,
    rating: int,
    readers: Sequence[Identity],
) -> PlannedReview:
    count = min(random.choice((0, 0, 0, 0, 0, 0, 1, 1, 2, 3)), len(readers))
    likes = [reader for reader in random.sample(readers, count) if reader != author.identity]
    return PlannedReview(
        at=at,
        author=author,
        product_id=product_id,
        rating=rating,
        text=comment(random, author.locale, rating),
        shows_name=random.random() < 0.7,
        shows_skin=random.random() < 0.8,
        is_answered=random.random() < (_ANSWERED if rating > 2 else 0.8),
        likes=likes,
    )


class Writing:
    """Posts reviews through the services that serve the API, each at its moment."""

    def __init__(self, context: DemoContext) -> None:
        services = context.platform.services
        self._reviews = services.require(Reviews)
        self._moderation = services.require(ReviewModeration)
        self._feedback = services.require(ReviewFeedback)

    def run(self, planned: Sequence[PlannedReview]) -> None:
        """Post these in one transaction."""
        time = clock.ManualClock(planned[0].at)

        def work() -> None:
            for review in planned:
                time.move_to(review.at)
                self._post(review)

        with clock.use(time):
            transaction(work)

    def _post(self, review: PlannedReview) -> None:
        values = {
            "rating": review.rating,
            "comment": review.text,
            "show_name": review.shows_name,
            "show_skin_type": review.shows_skin,
        }
        row = self._reviews.post(review.product_id, values, review.author.identity)
        if row["state"] != ReviewState.PUBLISHED:
            return
        for reader in review.likes:
            self._feedback.vote(row["_id"], True, reader)  # noqa: FBT003
        if review.is_answered:
            self._moderation.reply(row["_id"], reply(review.author.locale, review.rating), SYSTEM)
