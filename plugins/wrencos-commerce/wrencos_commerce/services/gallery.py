"""The pictures of a product: which, in which order, with which words, for which variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wrencos_commerce.errors import GalleryFull
from wrencos_commerce.models.brand import Brand
from wrencos_commerce.models.product import MAX_MEDIA, Product
from wrencos_commerce.services.product_changes import ProductChanges
from wrencos_commerce.services.product_lookup import existing
from wrencos_core.api import (
    Identity,
    Invalid,
    NotFound,
    Platform,
    audit,
    bump,
    transaction,
    transactional,
)
from wrencos_core.contracts.files import ImageProcessed

Row = Mapping[str, Any]

FOLDER = "commerce/products"


class Gallery:
    """Changes galleries; every change returns the row of the product. The first picture is its
    `image_url`. Raises NotFound for a product or picture that is not there."""

    def __init__(self, platform: Platform, changes: ProductChanges) -> None:
        self._platform = platform
        self._changes = changes

    def upload(self, product_id: str, data: bytes, identity: Identity) -> tuple[str, Row]:
        """Store an image and show it last; its id and the product. Not in a transaction.

        Raises GalleryFull, and what `platform.images.store` raises.
        """
        # Asked before the image is stored, and again in the transaction that adds it.
        _with_room(existing(product_id))
        image = self._platform.images.store(data, FOLDER, identity)
        return image.id, self.add(product_id, image.id, {}, identity)

    @transactional
    def add(self, product_id: str, image_id: str, alt: Row, identity: Identity) -> Row:
        """Show a stored image last; `alt` is its text by language. One that is there stays.

        Raises GalleryFull, and Conflict for an image that something else shows.
        """
        row = existing(product_id)
        if any(media["id"] == image_id for media in row["media"]):
            return row
        _with_room(row)
        (image,) = self._platform.images.claim([image_id], product_id, identity)
        media = {
            "id": image.id,
            "url": image.url,
            "width": image.width,
            "height": image.height,
            "thumbnails": image.thumbnails,
            "alt": dict(alt),
        }
        audit.record(identity, "commerce.products.add_picture", product_id, {"id": image_id})
        return self._store(row, [*row["media"], media])

    @transactional
    def order(self, product_id: str, media_ids: Sequence[str], identity: Identity) -> Row:
        """Show the pictures in this order, which names each once; raises Invalid."""
        row = existing(product_id)
        by_id = {media["id"]: media for media in row["media"]}
        if sorted(by_id) != sorted(media_ids):
            raise Invalid(errors={"mediaIds": ["Must name each picture of the product once."]})
        audit.record(identity, "commerce.products.order_pictures", product_id)
        return self._store(row, [by_id[id] for id in media_ids])

    @transactional
    def update(self, product_id: str, media_id: str, changes: Row, identity: Identity) -> Row:
        """Change `alt` (texts by language) or `variant_ids`, those that the picture shows.

        Raises Invalid for a variant that the product does not have.
        """
        row = existing(product_id)
        shown = _picture(row, media_id)
        variants: Sequence[Row] = row["variants"]
        if "variant_ids" in changes:
            variants = _shown_for(variants, media_id, changes["variant_ids"])
        alt = {"alt": dict(changes["alt"])} if "alt" in changes else {}
        media = [{**shown, **alt} if one is shown else one for one in row["media"]]
        audit.record(identity, "commerce.products.update_picture", product_id, {"id": media_id})
        return self._store(row, media, variants)

    @transactional
    def remove(self, product_id: str, media_id: str, identity: Identity) -> Row:
        """Show the picture no more, and let its file be deleted."""
        row = existing(product_id)
        removed = _picture(row, media_id)
        self._platform.images.release([media_id], product_id)
        audit.record(identity, "commerce.products.remove_picture", product_id, {"id": media_id})
        kept = [media for media in row["media"] if media is not removed]
        return self._store(row, kept, _shown_for(row["variants"], media_id, ()))

    def image_processed(self, event: ImageProcessed) -> None:
        """Put the addresses of an image's thumbnails where the image is shown; repeatable."""
        transaction(lambda: self._put_thumbnails(event))

    def _put_thumbnails(self, event: ImageProcessed) -> None:
        shown = {"$elemMatch": {"id": event.image_id, "thumbnails": {"$ne": event.thumbnails}}}
        for row in Product.raw().find({"media": shown}):
            thumbnails = {"thumbnails": dict(event.thumbnails)}
            self._changes.store(
                row["_id"],
                {
                    "media": [
                        m | thumbnails if m["id"] == event.image_id else m for m in row["media"]
                    ]
                },
            )
        Brand.raw().update_many(
            {"image_id": event.image_id, "thumbnails": {"$ne": event.thumbnails}},
            bump({"$set": {"thumbnails": event.thumbnails}}),
        )

    def _store(self, row: Row, media: Sequence[Row], variants: Sequence[Row] | None = None) -> Row:
        first = media[0]["url"] if media else None
        stored: dict[str, Any] = {"media": media, "image_url": first}
        if variants is not None:
            stored["variants"] = variants
        return self._changes.store(row["_id"], stored)


def _with_room(row: Row) -> None:
    if len(row["media"]) >= MAX_MEDIA:
        raise GalleryFull(f"A product has at most {MAX_MEDIA} pictures.")


def _picture(row: Row, media_id: str) -> Row:
    found: Row | None = next((media for media in row["media"] if media["id"] == media_id), None)
    if found is None:
        raise NotFound(f"There is no picture {media_id} of {row['name']}.")
    return found


def _shown_for(variants: Sequence[Row], media_id: str, variant_ids: Sequence[str]) -> Sequence[Row]:
    """The variants, of which these and no others have the picture."""
    if unknown := set(variant_ids) - {variant["id"] for variant in variants}:
        text = f"The product has no variant {', '.join(sorted(unknown))}."
        raise Invalid(errors={"variantIds": [text]})

    def shown(variant: Row) -> Row:
        others = [id for id in variant["media_ids"] if id != media_id]
        own = [media_id] if variant["id"] in variant_ids else []
        return {**variant, "media_ids": others + own}

    return [shown(variant) for variant in variants]
