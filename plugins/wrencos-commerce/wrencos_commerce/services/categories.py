"""Keeping the tree of categories."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mongoengine.errors import NotUniqueError

from wrencos_commerce.errors import AlreadyExists, CategoryInUse
from wrencos_commerce.models.category import MAX_DEPTH, Category
from wrencos_commerce.models.product import Product, category_facet
from wrencos_core.api import Identity, Invalid, NotFound, audit, bump, text, transactional

Row = Mapping[str, Any]

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Categories:
    """Reads and changes categories; rows have the fields of the Category document."""

    def all(self) -> list[Row]:
        """Every category by name."""
        return list(Category.raw().find().sort("name", 1))

    def get(self, id_or_slug: str) -> Row:
        """The category with this id or slug; raises NotFound."""
        found = self.find(id_or_slug)
        if found is None:
            raise NotFound(f"There is no category {id_or_slug}.")
        return found

    def find(self, id_or_slug: str) -> Row | None:
        """The category with this id or slug, or None. Slugs have no `_`, so none is an id."""
        field = "_id" if "_" in id_or_slug else "slug"
        found: Row | None = Category.raw().find_one({field: id_or_slug})
        return found

    def path_for_product(self, category_id: str) -> list[str]:
        """The ids and slugs from the root to this category, for a product that is put into it.

        To be called in the transaction that stores the product: it touches the category, so that
        deleting it at the same time conflicts. Raises Invalid when there is none.
        """
        row = Category.raw().find_one_and_update({"_id": category_id}, bump({}))
        if row is None:
            raise Invalid(errors={"categoryId": ["There is no such category."]})
        return _names([*row["ancestors"], row["_id"]])

    @transactional
    def create(self, values: Row, identity: Identity) -> str:
        """A new category with `name` and perhaps `slug`, `description`, `parent_id`; its id.

        The slug is made from the name when none is given. Raises Invalid or AlreadyExists.
        """
        slug = checked_slug(values.get("slug") or "-".join(text.words(values["name"])))
        category = Category(
            name=values["name"],
            slug=slug,
            description=values.get("description") or "",
            translations={},
            parent_id=values.get("parent_id"),
            ancestors=_path_to(values.get("parent_id")),
        )
        try:
            category.save()
        except NotUniqueError as error:
            raise AlreadyExists(f"Another category has the slug {slug}.") from error
        audit.record(identity, "commerce.categories.create", category.id, {"slug": slug})
        return str(category.id)

    @transactional
    def update(self, id: str, changes: Row, identity: Identity) -> Row:
        """Change the given fields; a new `parent_id` moves the whole subtree. The changed row.

        Raises NotFound, Invalid (a category can't be moved below itself) or AlreadyExists.
        """
        before = self.get(id)
        changes = dict(changes)
        if "slug" in changes:
            other = self.find(checked_slug(changes["slug"]))
            if other and other["_id"] != before["_id"]:
                raise AlreadyExists(f"Another category has the slug {changes['slug']}.")
        if changes.get("parent_id", before.get("parent_id")) != before.get("parent_id"):
            _move(before, changes["parent_id"])
        row: Row = Category.raw().find_one_and_update(
            {"_id": before["_id"]}, bump({"$set": changes}), return_document=True
        )
        if row["slug"] != before["slug"]:
            # Everything below it is found by its slug too.
            _refile({"facets": category_facet(row["_id"])}, [before["slug"]], [row["slug"]])
        audit.record(identity, "commerce.categories.update", before["_id"], changes)
        return row

    @transactional
    def delete(self, id: str, identity: Identity) -> None:
        """Delete an empty category; raises NotFound, or CategoryInUse while it holds anything."""
        row = self.get(id)
        # Deleted first: whoever puts something into it at this moment conflicts with this write.
        Category.raw().delete_one({"_id": row["_id"]})
        children = Category.raw().count_documents({"parent_id": row["_id"]})
        products = Product.raw().count_documents({"category_id": row["_id"]})
        if children or products:
            raise CategoryInUse(
                f"It holds {products} products and {children} categories; move them first.",
                products=products,
                children=children,
            )
        audit.record(identity, "commerce.categories.delete", row["_id"], {"slug": row["slug"]})


def checked_slug(slug: str) -> str:
    """`slug` when it is one (`face-care`), else Invalid."""
    if not _SLUG.fullmatch(slug) or len(slug) > 80:
        raise Invalid(errors={"slug": ["Must be up to 80 of a-z, 0-9 and single dashes."]})
    return slug


def _path_to(parent_id: str | None) -> list[str]:
    """The ids from the root down to the parent; it is touched, as in `path_for_product`."""
    if parent_id is None:
        return []
    parent = Category.raw().find_one_and_update({"_id": parent_id}, bump({}))
    if parent is None:
        raise Invalid(errors={"parentId": ["There is no such category."]})
    path = [*parent["ancestors"], parent["_id"]]
    if len(path) >= MAX_DEPTH:
        raise Invalid(errors={"parentId": [f"The tree is at most {MAX_DEPTH} categories deep."]})
    return path


def _move(category: Row, parent_id: str | None) -> None:
    """Give the category and everything below it their new paths."""
    above = _path_to(parent_id)
    if category["_id"] in above:
        raise Invalid(errors={"parentId": ["A category can't be moved below itself."]})
    subtree = list(Category.raw().find({"ancestors": category["_id"]}))
    cut = len(category["ancestors"])
    deepest = max((len(row["ancestors"]) - cut for row in subtree), default=0)
    if len(above) + deepest >= MAX_DEPTH:
        raise Invalid(errors={"parentId": [f"The tree is at most {MAX_DEPTH} categories deep."]})
    for row in [category, *subtree]:
        ancestors = above + row["ancestors"][cut:]
        Category.raw().update_one({"_id": row["_id"]}, bump({"$set": {"ancestors": ancestors}}))
        old, new = _names(row["ancestors"]), _names(ancestors)
        _refile({"category_id": row["_id"]}, old, new)


def _names(ids: Sequence[str]) -> list[str]:
    """The ids and the slugs of these categories: what a list may be limited to them by."""
    rows = Category.raw().find({"_id": {"$in": list(ids)}}, {"slug": 1})
    return [name for row in rows for name in (row["_id"], row["slug"])]


def _refile(query: Row, old: Sequence[str], new: Sequence[str]) -> None:
    """Exchange the category facets of the products that fit `query`."""
    gone, come = ([category_facet(name) for name in names] for names in (old, new))
    facets = {"$concatArrays": [{"$setDifference": ["$facets", gone]}, come]}
    Product.raw().update_many(query, [{"$set": {"facets": facets}}])
