"""/api/categories"""

from __future__ import annotations

from typing import Any

from wrencos_commerce.api.locale import wanted_locale
from wrencos_commerce.permissions import WRITE_CATEGORIES
from wrencos_commerce.schemas import categories as schemas
from wrencos_commerce.services.categories import Categories
from wrencos_commerce.views.categories import (
    CategoryCreated,
    CategoryDeleted,
    CategoryDetail,
    CategoryList,
    CategoryUpdated,
    category_tree,
    category_view,
)
from wrencos_core.web import PUBLIC, Blueprint, current_identity, service

blp = Blueprint(
    "categories", __name__, url_prefix="/categories", description="The tree of categories."
)


@blp.get("", access=PUBLIC, etag=True)
@blp.arguments(schemas.CategoryListQuery, location="query")
@blp.response(200, CategoryList)
def list_categories(args: dict[str, Any]) -> CategoryList:
    """List all categories.

    By name; with `tree=true` only the roots, each with its `children`.
    """
    rows, locale = service(Categories).all(), wanted_locale()
    if args["tree"]:
        return CategoryList(categories=category_tree(rows, locale))
    return CategoryList(categories=[category_view(row, locale) for row in rows])


@blp.get("/<category_id>", access=PUBLIC, etag=True)
@blp.response(200, CategoryDetail)
def get_category(category_id: str) -> CategoryDetail:
    """Get a category by its id or slug."""
    row = service(Categories).get(category_id)
    return CategoryDetail(category=category_view(row, wanted_locale()))


@blp.post("", access=WRITE_CATEGORIES)
@blp.arguments(schemas.CategoryCreate)
@blp.response(201, CategoryCreated)
def create_category(body: dict[str, Any]) -> CategoryCreated:
    """Create a category.

    Without a `slug` one is made from the name; `parentId` puts it below another category.
    """
    id = service(Categories).create(body, current_identity())
    return CategoryCreated(category_id=id, message="Category created")


@blp.put("/<category_id>", access=WRITE_CATEGORIES)
@blp.arguments(schemas.CategoryFields)
@blp.response(200, CategoryUpdated)
def update_category(body: dict[str, Any], category_id: str) -> CategoryUpdated:
    """Change the given fields of a category.

    A new `parentId` moves it with everything below it; null makes it a root.
    """
    row = service(Categories).update(category_id, body, current_identity())
    return CategoryUpdated(message="Category updated", updated_category=category_view(row))


@blp.delete("/<category_id>", access=WRITE_CATEGORIES)
@blp.response(200, CategoryDeleted)
def delete_category(category_id: str) -> CategoryDeleted:
    """Delete a category that holds neither products nor categories."""
    service(Categories).delete(category_id, current_identity())
    return CategoryDeleted(message="Category deleted")
