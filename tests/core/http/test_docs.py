"""/docs: complete without any other host, and without inline scripts."""

import re

import pytest

EXTERNAL = re.compile(r"(?:https?:)?//[a-z0-9]", re.IGNORECASE)
LINKS = re.compile(r'(?:src|href)="([^"]+)"')
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|javascript:", re.IGNORECASE)


@pytest.fixture
def page(client):
    answer = client.get("/docs")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/html")
    return answer


def test_the_page_and_its_initializer_name_no_other_host(client, page):
    initializer = next(link for link in LINKS.findall(page.text) if "initializer" in link)
    script = client.get(f"/{initializer}")
    assert script.status_code == 200
    assert not EXTERNAL.search(page.text)
    assert not EXTERNAL.search(script.text)
    assert "validatorUrl: null" in script.text


def test_everything_that_the_page_links_is_there(client, page):
    links = LINKS.findall(page.text)
    assert len(links) >= 6
    for link in links:
        assert client.get(f"/{link}").status_code == 200, link


def test_the_initializer_points_at_the_description(client, page):
    (link,) = [link for link in LINKS.findall(page.text) if "initializer" in link]
    (url,) = re.findall(r'url: "([^"]+)"', client.get(f"/{link}").text)
    description = client.get(f"/{url}")
    assert description.json["openapi"].startswith("3.1")
    assert "/api/probe/open" in description.json["paths"]


def test_the_policy_allows_no_inline_script_and_the_page_has_none(page):
    policy = dict(
        part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert not INLINE.search(page.text)


def test_assets_are_cached_for_good_and_the_page_is_not(client, page):
    assert page.headers["Cache-Control"] == "no-cache"
    (bundle,) = [link for link in LINKS.findall(page.text) if link.endswith("bundle.js")]
    answer = client.get(f"/{bundle}")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.content_type.split(";")[0] in ("text/javascript", "application/javascript")


def test_only_the_files_of_the_page_are_served(client, page):
    folder = LINKS.findall(page.text)[0].rsplit("/", 1)[0]
    for name in ("LICENSE", "oauth2-redirect.html", "../__init__.py", "..%2f__init__.py"):
        assert client.get(f"/{folder}/{name}").status_code == 404


def test_the_name_of_the_shop_is_text_on_the_page(make_client):
    text = make_client(shop_name="<script>alert(1)</script>").get("/docs").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; API" in text


def test_the_root_leads_to_the_page(client):
    answer = client.get("/")
    assert answer.status_code == 302
    assert client.get("/", follow_redirects=True).status_code == 200
    assert answer.headers["Location"] == "docs"


def test_a_root_that_is_taken_is_left_alone(platform):
    from flask import Flask

    from wrencos_core.http import docs

    app = Flask("own_root", static_folder=None)
    app.get("/", endpoint="home")(lambda: "the shop")
    docs.init_app(app, platform)
    assert app.test_client().get("/").text == "the shop"
