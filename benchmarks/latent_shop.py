"""A made-up shop whose customers have tastes of their own: people, products, purchases, ratings.

It knows nothing of the recommender. What drives a purchase is partly visible in the shop's data
(skin type, concerns, how well known a product is) and partly not: every customer has a hidden
style, every product a hidden character and quality, and brands are bought as routines. What
customers tell of their skin is incomplete and sometimes wrong. The numbers are plausible, not
measured anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp
from random import Random

SKIN_TYPES = ("dry", "oily", "combination", "normal", "sensitive")
CONCERNS = (
    *("acne", "dark-spots", "dehydration", "dullness", "large-pores", "redness"),
    *("ageing", "sun-protection", "dark-circles", "sensitivity"),
)
CATEGORIES = (
    *("cleansers", "toners", "serums", "moisturisers", "sunscreens", "masks", "eye-care", "lips"),
    *("body-care", "shampoo"),
)
DAYS = 365
_STYLES = 4
# How much each drives a purchase.
_SKIN, _CONCERN, _STYLE, _QUALITY, _FAME, _ROUTINE = 0.8, 0.7, 0.6, 0.4, 0.8, 0.9
# Of the customers so many tell of their skin, and so many of these tell the wrong type.
_TELL, _WRONG = 0.85, 0.15
_RATE = 0.35


@dataclass(frozen=True)
class LatentProduct:
    """`character`, `quality` and `fame` are hidden."""

    number: int
    category: str
    brand: str
    skin_types: Sequence[str]
    concerns: Sequence[str]
    price: int
    character: Sequence[float]
    quality: float
    fame: float


@dataclass(frozen=True)
class LatentCustomer:
    """`skin_type`, `concerns` and `style` are hidden; the `told_` ones are what the shop knows."""

    number: int
    skin_type: str
    concerns: Sequence[str]
    style: Sequence[float]
    told_skin_type: str | None
    told_concerns: Sequence[str]


@dataclass(frozen=True)
class LatentOrder:
    """`day` is 0 to 364; `products` are numbers; `ratings` by product, of those who rated."""

    customer: int
    day: float
    products: Sequence[int]
    ratings: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LatentShop:
    products: Sequence[LatentProduct]
    customers: Sequence[LatentCustomer]
    orders: Sequence[LatentOrder]


def make_shop(products: int, customers: int, seed: int) -> LatentShop:
    """The same shop for the same arguments; orders in the order of time."""
    random = Random(seed)
    catalogue = [_product(random, number) for number in range(products)]
    people = [_customer(random, number) for number in range(customers)]
    orders = [order for person in people for order in _orders(random, person, catalogue)]
    orders.sort(key=lambda order: (order.day, order.customer))
    return LatentShop(catalogue, people, orders)


def _vector(random: Random) -> list[float]:
    return [random.gauss(0, 1) for _ in range(_STYLES)]


def _product(random: Random, number: int) -> LatentProduct:
    brand = random.randrange(12)
    for_all = random.random() < 0.3
    return LatentProduct(
        number=number,
        category=CATEGORIES[number % len(CATEGORIES)],
        brand=f"Brand {brand}",
        skin_types=[] if for_all else random.sample(SKIN_TYPES, random.choice((1, 2, 2, 3))),
        concerns=random.sample(CONCERNS, random.choice((0, 1, 1, 2))),
        price=random.randrange(90, 900) * 1000,
        character=_vector(random),
        quality=random.gauss(0, 1),
        fame=random.gauss(0, 1),
    )


def _customer(random: Random, number: int) -> LatentCustomer:
    skin_type = random.choice(SKIN_TYPES)
    concerns = random.sample(CONCERNS, random.choice((1, 2, 2, 3)))
    tells = random.random() < _TELL
    told = random.choice(SKIN_TYPES) if random.random() < _WRONG else skin_type
    return LatentCustomer(
        number=number,
        skin_type=skin_type,
        concerns=concerns,
        style=_vector(random),
        told_skin_type=told if tells else None,
        told_concerns=[c for c in concerns if random.random() < 0.8] if tells else [],
    )


def _liking(person: LatentCustomer, product: LatentProduct) -> float:
    fits = person.skin_type in product.skin_types
    skin = 1.0 if fits else 0.0 if product.skin_types else 0.5
    met = sum(concern in product.concerns for concern in person.concerns)
    style = sum(a * b for a, b in zip(person.style, product.character, strict=True))
    return _SKIN * 2 * skin + _CONCERN * 1.5 * met + _STYLE * style + _QUALITY * product.quality


def _orders(
    random: Random, person: LatentCustomer, catalogue: Sequence[LatentProduct]
) -> list[LatentOrder]:
    likings = [_liking(person, product) for product in catalogue]
    drawn = [
        exp(liking + _FAME * product.fame)
        for liking, product in zip(likings, catalogue, strict=True)
    ]
    days = sorted(random.uniform(0, DAYS) for _ in range(random.choice((1, 2, 3, 4, 6, 8))))
    brands: set[str] = set()
    orders = []
    for day in days:
        weights = [
            # A known brand is preferred; what was bought may be bought again.
            weight * (exp(_ROUTINE) if product.brand in brands else 1.0)
            for weight, product in zip(drawn, catalogue, strict=True)
        ]
        size = random.choice((1, 1, 2, 2, 3))
        chosen = list(dict.fromkeys(random.choices(range(len(catalogue)), weights, k=size)))
        brands.update(catalogue[number].brand for number in chosen)
        ratings = {
            number: max(1, min(5, round(3.4 + 0.5 * (likings[number] - 2) + random.gauss(0, 0.7))))
            for number in chosen
            if random.random() < _RATE
        }
        orders.append(LatentOrder(person.number, day, chosen, ratings))
    return orders
