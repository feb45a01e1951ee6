"""A plugin whose documents show images, and which hands out private files."""

from flask import Response
from mongoengine import ListField, StringField

from wrencos_core.api import (
    Document,
    Invalid,
    PluginInfo,
    Subscriber,
    hookimpl,
    transaction,
)
from wrencos_core.contracts.files import ImageProcessed
from wrencos_core.web import (
    LOGGED_IN,
    Blueprint,
    current_identity,
    current_platform,
    send_private,
    takes_file,
    uploaded_file,
)

PLUGIN = PluginInfo(
    name="gallery", title="Gallery", description="Tests.", version="1.0", core=">=0.1,<0.2"
)


class Wall(Document):
    meta = {"collection": "gallery_walls"}
    id_prefix = "wall"

    images = ListField(StringField())
    processed = ListField(StringField())


blp = Blueprint("walls", __name__, url_prefix="/walls", description="Tests.")


def hang(platform, image_ids, identity, fail=False):
    """A wall that claims these images, as an owner does: in the transaction that saves it."""

    def work():
        wall = Wall()
        shown = platform.images.claim(image_ids, wall.id, identity)
        wall.images = [image.id for image in shown]
        wall.save()
        if fail:
            raise Invalid("no")
        return wall

    return transaction(work)


def take_down(platform, wall):
    def work():
        platform.images.release(wall.images, wall.id)
        Wall.get(wall.id).delete()

    transaction(work)


def note_thumbnails(event):
    Wall.raw().update_many({"images": event.image_id}, {"$push": {"processed": event.image_id}})


@blp.post("/papers", access=LOGGED_IN)
@takes_file("paper", max_bytes=200_000)
@blp.response(204)
def put_paper():
    """Keep a paper."""
    current_platform().private_files.save(
        f"gallery/{current_identity().user_id}.pdf", uploaded_file("paper"), "application/pdf"
    )


@blp.get("/papers/mine", access=LOGGED_IN)
@blp.response(200, content_type="application/pdf")
def get_paper() -> Response:
    """Fetch it."""
    name = f"gallery/{current_identity().user_id}.pdf"
    return send_private(name, 'Lương/"tháng" 3\r\n.pdf', "application/pdf")


@hookimpl
def register_models():
    return [Wall]


@hookimpl
def register_blueprints():
    return [blp]


@hookimpl
def register_subscribers(platform):
    return [Subscriber(ImageProcessed, "gallery.note_thumbnails", note_thumbnails)]
