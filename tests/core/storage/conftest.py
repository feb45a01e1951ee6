"""What the tests of files share: pictures, and a server that speaks the protocols of buckets."""

import io
import json
import os
import socket
import threading
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image as Pillow

from wrencos_core.storage.models import Image, ImageFile
from wrencos_core.testing.modules import load_module

_gallery = load_module(Path(__file__).with_name("gallery_plugin.py"))


@pytest.fixture(scope="session")
def wrencos_plugins():
    return {"gallery": _gallery}


@pytest.fixture
def gallery():
    return _gallery


def _encode(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.fixture
def picture():
    """Returns `make(width=60, height=40, kind="JPEG", color=…, **options)`: bytes of an image."""

    def make(width=60, height=40, kind="JPEG", color=(200, 30, 90), mode="RGB", **options):
        return _encode(Pillow.new(mode, (width, height), color), kind, **options)

    return make


@pytest.fixture
def encode():
    return _encode


@pytest.fixture
def opened():
    return lambda data: Pillow.open(io.BytesIO(data))


@pytest.fixture
def left_behind():
    """Returns `look(platform)`: every stored file and row of an image."""

    def look(platform):
        root = platform.storage.root
        files = [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]
        rows = [row["_id"] for model in (Image, ImageFile) for row in model.raw().find()]
        return sorted(files) + rows

    return look


_SIGNED = (
    "AWS4-HMAC-SHA256 Credential=a-key/20260101/us-east-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=0"
)


class _ForGoogleToo:
    """moto's S3, for clients of GCS's XML protocol and plain ones as well: as if they signed."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        if not environ.get("HTTP_AUTHORIZATION", "").startswith("AWS4"):
            environ["HTTP_AUTHORIZATION"] = _SIGNED
        return self.app(environ, start_response)


@pytest.fixture(scope="session")
def bucket_server():
    """The URL of an S3 server on loopback, with a bucket `shop`."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Handler(WSGIRequestHandler):
        def log(self, *args, **kwargs):
            pass

    app = _ForGoogleToo(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    request = urllib.request.Request(f"{url}/shop", method="PUT")
    with urllib.request.urlopen(request):
        pass
    account = {"gcs_base_url": url, "disable_oauth": True, "client_email": "", "private_key": ""}
    given = {
        "AWS_ACCESS_KEY_ID": "a-key",
        "AWS_SECRET_ACCESS_KEY": "a-secret",
        "AWS_ENDPOINT_URL": url,
        "GOOGLE_SERVICE_ACCOUNT_KEY": json.dumps({**account, "private_key_id": ""}),
    }
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    yield url
    for name, value in before.items():
        os.environ.pop(name)
        if value is not None:
            os.environ[name] = value
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def object_in():
    """Returns `fetch(url, key)`: what the bucket itself has, and its headers."""

    def fetch(url, key):
        with closing(urllib.request.urlopen(f"{url}/shop/{key}")) as answer:
            return answer.read(), answer.headers

    return fetch


@pytest.fixture
def unused_address():
    """The URL of a port that is taken, where nobody listens."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
