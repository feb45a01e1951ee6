"""Categories as the API shows them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from wrencos_commerce.services.translations import translated
from wrencos_commerce.views.base import Row, View


class CategoryView(View, kw_only=True):
    """A category; `children` is there in a tree only."""

    category_id: str
    name: str
    slug: str
    description: str
    parent_id: str | None
    created_at: datetime
    children: list[CategoryView] | msgspec.UnsetType = msgspec.UNSET


class CategoryList(View, kw_only=True):
    categories: list[CategoryView]


class CategoryDetail(View, kw_only=True):
    category: CategoryView


class CategoryDeleted(View, kw_only=True):
    message: str


class CategoryCreated(View, kw_only=True):
    category_id: str
    message: str


class CategoryUpdated(View, kw_only=True):
    message: str
    updated_category: CategoryView


def category_view(row: Row, locale: str | None = None) -> CategoryView:
    """The category in the language `locale`; without one, as the shop wrote it."""
    name, description = translated(row, locale)
    return CategoryView(
        category_id=row["_id"],
        name=name,
        slug=row["slug"],
        description=description,
        parent_id=row.get("parent_id"),
        created_at=row["created_at"],
    )


def category_tree(rows: Iterable[Row], locale: str | None = None) -> list[CategoryView]:
    """The roots, each with its children below it; siblings keep the order of `rows`."""
    views = [category_view(row, locale) for row in rows]
    below: dict[str | None, list[CategoryView]] = {}
    for view in views:
        below.setdefault(view.parent_id, []).append(view)
    for view in views:
        view.children = below.get(view.category_id, [])
    return below.get(None, [])
