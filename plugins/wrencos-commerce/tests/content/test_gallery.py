"""/api/products/<id>/media: the pictures of a product."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from wrencos_commerce.errors import GalleryFull
from wrencos_commerce.models.product import MAX_MEDIA, Product
from wrencos_commerce.services.gallery import Gallery
from wrencos_core.api import SYSTEM, Platform, database
from wrencos_core.contracts.files import ImageProcessed
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]
Picture = Callable[[int], bytes]
Upload = Callable[[Caller, int], str]
Events = Callable[..., list[dict[str, Any]]]


def send(caller: Caller, product_id: str, content: bytes) -> Any:
    form = {"file": (io.BytesIO(content), "../../evil.png")}
    return caller.post(
        f"/api/products/{product_id}/media", data=form, content_type="multipart/form-data"
    )


def add(caller: Caller, product_id: str, image_id: str, **body: Any) -> Any:
    path = f"/api/products/{product_id}/media"
    return caller.post(path, json={"imageId": image_id, **body})


def shown(product_id: str) -> list[str]:
    return [media["id"] for media in Product.raw().find_one({"_id": product_id})["media"]]


def owner(image_id: str) -> str | None:
    images: Any = database()["core_images"]
    owner: str | None = images.find_one({"_id": image_id}).get("claimed_by")
    return owner


def test_an_uploaded_picture_is_shown(
    client: FlaskClient,
    admin: Caller,
    make_product: MakeProduct,
    picture: Picture,
    outbox_events: Events,
    run_jobs: Callable[[], int],
) -> None:
    id = make_product()
    etag = client.get(f"/api/products/{id}").headers["ETag"]
    answer = send(admin, id, picture(1))
    assert answer.status_code == 201, answer.get_json()
    body = answer.get_json()
    assert [media["mediaId"] for media in body["media"]] == [body["mediaId"]]
    assert owner(body["mediaId"]) == id
    detail = client.get(f"/api/products/{id}")
    product = detail.get_json()["product"]
    assert detail.headers["ETag"] != etag
    assert product["imageUrl"] == product["media"][0]["url"] == body["imageUrl"]
    assert (product["media"][0]["width"], product["media"][0]["height"]) == (400, 300)
    assert outbox_events("commerce.products_changed")[-1]["payload"]["product_ids"] == [id]
    run_jobs()
    (media,) = client.get(f"/api/products/{id}").get_json()["product"]["media"]
    assert set(media["thumbnails"]) == {"320"}
    assert client.get(media["thumbnails"]["320"]).status_code == 200


def test_a_stored_image_is_added_with_its_texts(
    client: FlaskClient, admin: Caller, login: Any, make_product: MakeProduct, upload: Upload
) -> None:
    id, other = make_product(), make_product()
    first, second = upload(admin, 1), upload(login("customer"), 2)
    assert add(admin, id, first, alt={"vi": "Chai", "en": "Bottle"}).status_code == 201
    assert add(admin, id, second).status_code == 201
    # Said twice it stays as it is; shown elsewhere it is taken.
    assert add(admin, id, first).status_code == 201
    assert add(admin, other, first).status_code == 409
    assert add(admin, id, "img_unknown").status_code == 404
    assert add(admin, "prod_none", first).status_code == 404
    assert shown(id) == [first, second]
    assert shown(other) == []
    media = client.get(f"/api/products/{id}").get_json()["product"]["media"]
    assert [one["alt"] for one in media] == [{"vi": "Chai", "en": "Bottle"}, {}]


@pytest.mark.parametrize(
    "body", [{}, {"imageId": 5}, {"imageId": "x", "alt": {"fr": "x"}}, {"imageId": "x", "url": "x"}]
)
def test_bad_bodies_are_refused(
    admin: Caller, make_product: MakeProduct, body: dict[str, Any]
) -> None:
    answer = admin.post(f"/api/products/{make_product()}/media", json=body)
    assert answer.status_code == 422
    assert answer.get_json()["errors"]


def test_what_is_no_picture_leaves_nothing_behind(admin: Caller, make_product: MakeProduct) -> None:
    id = make_product()
    path = f"/api/products/{id}/media"
    assert send(admin, id, b"<script>alert(1)</script>").status_code == 415
    assert send(admin, id, b"").status_code == 422
    assert admin.post(path, data=b"x", content_type="image/png").status_code == 415
    assert admin.post(path, data=b"{", content_type="application/json").status_code == 400
    assert database()["core_images"].count_documents({}) == 0
    assert Product.raw().find_one({"_id": id})["version"] == 0


def test_who_may_not_is_refused(
    client: FlaskClient, login: Any, make_product: MakeProduct, picture: Picture
) -> None:
    id = make_product()
    path = f"/api/products/{id}/media"
    assert client.post(path, json={"imageId": "x"}).status_code == 401
    for caller in (login("customer"), login("staff")):
        assert send(caller, id, picture(1)).status_code == 403
        assert caller.put(f"{path}/order", json={"mediaIds": []}).status_code == 403
        assert caller.put(f"{path}/x", json={}).status_code == 403
        assert caller.delete(f"{path}/x").status_code == 403
    assert database()["core_images"].count_documents({}) == 0


def test_the_order_names_each_once(
    client: FlaskClient, admin: Caller, make_product: MakeProduct, upload: Upload
) -> None:
    id = make_product()
    a, b, c = (upload(admin, number) for number in range(3))
    for image in (a, b, c):
        add(admin, id, image)
    path = f"/api/products/{id}/media/order"
    for wrong in ([], [a, b], [a, b, b], [a, b, c, c], [a, b, "img_x"]):
        refused = admin.put(path, json={"mediaIds": wrong})
        assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["mediaIds"])
    answer = admin.put(path, json={"mediaIds": [c, a, b]})
    assert [media["mediaId"] for media in answer.get_json()["media"]] == [c, a, b] == shown(id)
    product = client.get(f"/api/products/{id}").get_json()["product"]
    assert product["imageUrl"] == product["media"][0]["url"] == answer.get_json()["imageUrl"]


def test_a_picture_shows_variants(
    client: FlaskClient, admin: Caller, make_product: MakeProduct, upload: Upload
) -> None:
    id = make_product(variants=[{"shade": "Rose"}, {"shade": "Plum"}])
    rose, plum = (v["id"] for v in Product.raw().find_one({"_id": id})["variants"])
    image = upload(admin, 1)
    add(admin, id, image)
    path = f"/api/products/{id}/media/{image}"

    def pictures() -> list[list[str]]:
        variants = client.get(f"/api/products/{id}").get_json()["product"]["variants"]
        return [variant["mediaIds"] for variant in variants]

    assert admin.put(path, json={"variantIds": [rose, plum]}).status_code == 200
    assert pictures() == [[image], [image]]
    changed = admin.put(path, json={"variantIds": [plum], "alt": {"vi": "Mận"}})
    assert changed.get_json()["media"][0]["alt"] == {"vi": "Mận"}
    assert pictures() == [[], [image]]
    assert admin.put(path, json={"alt": {}}).get_json()["media"][0]["alt"] == {}
    assert pictures() == [[], [image]]
    assert admin.put(path, json={"variantIds": ["var_x"]}).status_code == 422
    assert admin.put(f"/api/products/{id}/media/img_x", json={}).status_code == 404
    assert admin.delete(path).status_code == 200
    assert pictures() == [[], []]


def test_a_removed_picture_is_released_and_the_next_is_first(
    client: FlaskClient, admin: Caller, make_product: MakeProduct, upload: Upload
) -> None:
    id = make_product()
    first, second = upload(admin, 1), upload(admin, 2)
    for image in (first, second):
        add(admin, id, image)
    left = admin.delete(f"/api/products/{id}/media/{first}").get_json()
    assert [media["mediaId"] for media in left["media"]] == [second]
    assert (owner(first), owner(second)) == (None, id)
    product = client.get(f"/api/products/{id}").get_json()["product"]
    assert product["imageUrl"] == left["media"][0]["url"]
    assert admin.delete(f"/api/products/{id}/media/{first}").status_code == 404
    assert admin.delete(f"/api/products/{id}/media/{second}").get_json()["imageUrl"] is None
    # Released, it may be shown by something else.
    assert add(admin, make_product(), first).status_code == 201


def test_a_gallery_has_thirty_pictures_at_most(
    platform: Platform,
    admin: Caller,
    make_product: MakeProduct,
    upload: Upload,
    picture: Picture,
) -> None:
    id = make_product()
    one = {"url": "/x", "thumbnails": {}, "alt": {}}
    media = [{**one, "id": f"img_{number}"} for number in range(MAX_MEDIA - 1)]
    Product.raw().update_one({"_id": id}, {"$set": {"media": media}})
    images = [upload(admin, number) for number in range(3)]
    gallery = platform.services.require(Gallery)
    outcomes = run_in_threads(3, lambda n: gallery.add(id, images[n], {}, SYSTEM))
    refused = [outcome for outcome in outcomes if isinstance(outcome, GalleryFull)]
    assert len(refused) == 2
    assert len(shown(id)) == MAX_MEDIA
    assert sum(owner(image) == id for image in images) == 1
    stored = database()["core_images"].count_documents({})
    full = send(admin, id, picture(9))
    assert (full.status_code, full.get_json()["type"][-12:]) == (409, "gallery-full")
    assert database()["core_images"].count_documents({}) == stored


def test_pictures_added_at_once_are_all_kept(
    platform: Platform, admin: Caller, make_product: MakeProduct, upload: Upload
) -> None:
    id = make_product()
    images = [upload(admin, number) for number in range(4)]
    gallery = platform.services.require(Gallery)
    outcomes = run_in_threads(4, lambda n: gallery.add(id, images[n], {}, SYSTEM))
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert sorted(shown(id)) == sorted(images)


def test_thumbnails_are_put_in_once(
    platform: Platform,
    admin: Caller,
    make_product: MakeProduct,
    upload: Upload,
    outbox_events: Events,
) -> None:
    id, image = make_product(), upload(admin, 1)
    add(admin, id, image)
    row = Product.raw().find_one({"_id": id})
    event = ImageProcessed(
        id=f"{image}:processed",
        occurred_at=row["updated_at"],
        image_id=image,
        file_name="x",
        url="/x",
        width=400,
        height=300,
        thumbnails={"320": "/media/x-320.webp"},
    )
    for _ in range(2):
        platform.services.require(Gallery).image_processed(event)
    after = Product.raw().find_one({"_id": id})
    assert after["media"][0]["thumbnails"] == {"320": "/media/x-320.webp"}
    assert after["version"] == row["version"] + 1
    told = outbox_events("commerce.products_changed")
    assert told[-1]["_id"] == f"{id}:{after['version']}:changed"
