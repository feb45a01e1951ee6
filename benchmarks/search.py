"""`python -m benchmarks.search`: the search and the recommendations at two sizes of the shop, and
how good the answers of the search are.

It asks the application in this process, one request after the other, against the databases that the
other benchmarks use. Figures and their meaning: docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from statistics import median
from typing import Any

import psutil
from flask.testing import FlaskClient

from benchmarks.server import ROOT, Databases, databases
from wrencos_cli import web
from wrencos_commerce.demo.catalogue import demo_rows, fill_catalogue
from wrencos_commerce.models.product import Product, derived
from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.search.filters import SearchFilter
from wrencos_commerce.services.search.indexing import SearchIndex
from wrencos_commerce.services.search.product_search import ProductSearch
from wrencos_core import database, logs, platform as platforms
from wrencos_core.app import build_app
from wrencos_core.clock import now
from wrencos_core.demo import DemoContext
from wrencos_core.documents import build_indexes
from wrencos_core.ids import new_id
from wrencos_core.platform import Platform
from wrencos_core.settings import Sources

_SEED = 20260301
_BATCH = 1000
_WORDS = (
    *("bamboo", "coral", "ember", "fern", "glacier", "harbour", "indigo", "juniper", "lagoon"),
    *("meadow", "nectar", "opal", "pebble", "quill", "river", "saffron", "tide", "umber"),
)
# What is asked for, round and round: common and rare words, filters, orders, deep pages.
ASKED: dict[str, Sequence[str]] = {
    "list": (
        "/api/products/search?category=skincare&sort=price",
        "/api/products/search?brand=halo-veil&sort=newest",
        "/api/products/search?sort=popular&page=3",
        "/api/products/search?sort=name&inStock=true",
        "/api/products/search?sort=-price&maxPrice=200000",
    ),
    "facets": (
        "/api/products/search?category=skincare&brand=halo-veil&brand=la-sen&skinType=dry",
        "/api/products/search?skinType=oily&concern=acne&minPrice=100000&maxPrice=400000&inStock=true",
        "/api/products/search?category=makeup&minRating=4&freeFrom=fragrance",
    ),
    "search": (
        "/api/products/search?q=kem chong nang",
        "/api/products/search?q=serum",
        "/api/products/search?q=centella serum",
        "/api/products/search?q=son dưỡng&sort=price",
        "/api/products/search?q=vitamin c&skinType=oily",
        "/api/products/search?q=halo veil lipstick river",
        "/api/products/search?q=da dau tri mun",
        "/api/products/search?q=aqua glycerin cream",
    ),
    "typo": (
        "/api/products/search?q=sunscren",
        "/api/products/search?q=masacra black",
        "/api/products/search?q=niacinamde serum",
    ),
    "suggest": tuple(
        f"/api/products/suggest?q={typed}"
        for typed in ("k", "ke", "kem ch", "ser", "centella s", "lip", "halo v", "nuoc t")
    ),
    "recommend": (
        "/api/recommendations?skinType=dry&concerns=acne&concerns=dryness",
        "/api/recommendations?skinType=oily&concerns=acne&concerns=large-pores&locale=en",
        "/api/recommendations",
    ),
    "recommend, avoid": (
        "/api/recommendations?skinType=dry&concerns=acne&concerns=dryness&avoid=glycerin",
        "/api/recommendations?skinType=oily&concerns=acne&avoid=fragrance&avoid=silicones",
        "/api/recommendations?concerns=dark-spots&avoid=aqua&avoid=glycerin&avoid=fragrance",
    ),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 50_000], metavar="N")
    parser.add_argument("--requests", type=int, default=200, help="of each kind")
    options = parser.parse_args()
    rows = {}
    for size in options.sizes:
        with databases(public_cache=False) as base, shop(base) as platform:
            rows[size] = _measure(platform, size, options.requests)
    _show(rows)
    with databases(public_cache=False) as base, shop(base) as platform:
        _show_quality(platform)
    return 0


@contextmanager
def shop(base: Databases) -> Iterator[Platform]:
    """An empty shop on these databases, connected within the block."""
    # Before prometheus_client is imported: it decides once whether workers share figures.
    os.environ[web.METRICS_DIR] = tempfile.mkdtemp(prefix="wrencos-metrics-", dir=base.folder)
    platform = platforms.start(sources=Sources(environ=base.environ))
    quiet = platform.settings.model_copy(update={"log_level": "ERROR"})
    logs.configure(quiet, force_text=True)
    platform.connect()
    try:
        platform.prepare()
        yield platform
    finally:
        platform.redis.close()
        database.disconnect()


def seed(platform: Platform, size: int) -> None:
    """The demo's products, then plausible ones made of them: other names, prices, ratings."""
    fill_catalogue(DemoContext(platform, len(demo_rows("products.csv")), lambda *_: None))
    templates = list(Product.raw().find())
    paths = _paths(platform)
    Product.raw().drop_indexes()  # many rows are indexed faster at the end
    random_ = random.Random(_SEED)
    batch: list[dict[str, Any]] = []
    for number, template in enumerate(islice(cycle(templates), size - len(templates))):
        batch.append(_product(template, number, random_, paths))
        if len(batch) == _BATCH:
            Product.raw().insert_many(batch, ordered=False)
            batch = []
    if batch:
        Product.raw().insert_many(batch, ordered=False)
    build_indexes([Product])


def _paths(platform: Platform) -> dict[str, list[str]]:
    rows = platform.services.require(Categories).all()
    slugs = {row["_id"]: row["slug"] for row in rows}
    return {
        row["_id"]: [name for id in [*row["ancestors"], row["_id"]] for name in (id, slugs[id])]
        for row in rows
    }


def _product(
    template: dict[str, Any], number: int, random_: random.Random, paths: dict[str, list[str]]
) -> dict[str, Any]:
    first, second = random_.sample(_WORDS, 2)
    id = new_id("prod")
    variant = template["variants"][0]
    row = {
        **template,
        "_id": id,
        "slug": f"{template['slug']}-{number}",
        "name": f"{template['name']} {first} {second}",
        "variants": [
            {
                **variant,
                "id": new_id("var"),
                "sku": f"{variant['sku']}-{number}",
                "price": round(variant["price"] * random_.uniform(0.5, 2)),
                "inventory": random_.choice((0, 5, 50, 50, 50)),
            }
        ],
        "rating": random_.choice((None, round(random_.uniform(2, 5), 2))),
        "sold": int(random_.paretovariate(1.2)),
        "created_at": now(),
        "updated_at": now(),
    }
    made = derived(row, paths.get(row.get("category_id") or "", []))
    return {**row, **made}


def _measure(platform: Platform, size: int, requests: int) -> dict[str, str]:
    print(f"Seeding {size} products ...", file=sys.stderr)
    seed(platform, size)
    figures = _rebuild(platform)
    client = build_app(platform).test_client()
    for kind, urls in ASKED.items():
        times = _ask(client, urls, requests)
        figures[kind] = f"{median(times):.1f} / {times[int(len(times) * 0.95)]:.1f}"
    figures["change"] = _change(platform)
    return figures


def _rebuild(platform: Platform) -> dict[str, str]:
    process = psutil.Process()
    before, start = process.memory_info().rss, time.perf_counter()
    platform.services.require(SearchIndex).rebuild()
    seconds = time.perf_counter() - start
    more = (process.memory_info().rss - before) / 2**20
    stored = 0.0
    for name in ("postings", "entries", "words"):
        stats = database.database().command("collStats", f"commerce_search_{name}")
        stored += (stats["storageSize"] + stats["totalIndexSize"]) / 2**20
    return {
        "rebuild, s": f"{seconds:.1f}",
        "memory of the rebuild, MiB": f"{more:.0f}",
        "index on disk, MiB": f"{stored:.0f}",
    }


def _ask(client: FlaskClient, urls: Sequence[str], requests: int) -> list[float]:
    """Milliseconds of each request, sorted."""
    times = []
    for number, url in enumerate(islice(cycle(urls), requests + len(urls))):
        start = time.perf_counter()
        answer = client.get(url)
        if answer.status_code != 200:
            raise RuntimeError(f"{url} answered {answer.status_code}: {answer.text[:500]}")
        if number >= len(urls):
            times.append((time.perf_counter() - start) * 1000)
    return sorted(times)


def _change(platform: Platform) -> str:
    """Milliseconds until a changed product is in the index, of twenty."""
    index, times = platform.services.require(SearchIndex), []
    for row in Product.raw().find({"facets": "*", "is_active": True}, {"name": 1}).limit(20):
        change = {"$set": {"name": f"{row['name']} anew"}, "$inc": {"version": 1}}
        Product.raw().update_one({"_id": row["_id"]}, change)
        start = time.perf_counter()
        index.index([row["_id"]])
        times.append((time.perf_counter() - start) * 1000)
    return f"{median(times):.0f} / {max(times):.0f}"


def _show_quality(platform: Platform) -> None:
    """Recall of the first five for the judged queries of the tests, in the demo's catalogue."""
    judged = _judged()
    products = demo_rows("products.csv")
    fill_catalogue(DemoContext(platform, len(products), lambda *_: None))
    platform.services.require(SearchIndex).rebuild()
    search = platform.services.require(ProductSearch)
    judgements = judged.judgements(products)
    quality = judged.measure(
        judgements, lambda query: [r["sku"] for r in search.search(query, SearchFilter()).rows]
    )
    print(f"\n{len(judgements)} judged queries, {len(products)} products\n")
    print("| class | queries | recall@5 |")
    print("|---|---:|---:|")
    for kind, recall in quality.by_class.items():
        print(f"| {kind} | {sum(one.kind == kind for one in judgements)} | {recall:.2f} |")
    print(f"| all | {len(judgements)} | {quality.recall:.2f} |")
    print(f"\nMRR {quality.mrr:.2f}, p95 {quality.p95_ms:.1f} ms for one query")


def _judged() -> Any:
    """The module of the judgements, which lies beside the tests that assert them."""
    file = ROOT / "plugins" / "wrencos-commerce" / "tests" / "search" / "judged.py"
    spec = importlib.util.spec_from_file_location("judged", file)
    if spec is None or spec.loader is None:
        raise RuntimeError(f"{file} can't be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _show(rows: dict[int, dict[str, str]]) -> None:
    sizes = list(rows)
    print("| median / p95, ms | " + " | ".join(f"{size:,}" for size in sizes) + " |")
    print("|---|" + "---:|" * len(sizes))
    for name in rows[sizes[0]]:
        print(f"| {name} | " + " | ".join(rows[size][name] for size in sizes) + " |")


if __name__ == "__main__":
    sys.exit(main())
