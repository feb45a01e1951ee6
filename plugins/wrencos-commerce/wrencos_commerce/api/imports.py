"""/api/products/imports and /api/products/export.csv"""

from __future__ import annotations

from typing import Any

from flask import Response, request

from wrencos_commerce.permissions import READ_COST, WRITE_PRODUCTS
from wrencos_commerce.schemas.imports import ExportQuery, ImportQuery
from wrencos_commerce.services.csv import runs
from wrencos_commerce.services.csv.export import ProductExport
from wrencos_commerce.services.csv.options import ImportOptions, parse_columns
from wrencos_commerce.services.csv.uploads import ImportUploads
from wrencos_commerce.settings import CommerceSettings
from wrencos_commerce.views.base import Row
from wrencos_commerce.views.imports import ImportDetail, ImportPage, import_summary, import_view
from wrencos_core.api import Invalid, UploadTooLarge, now
from wrencos_core.web import (
    Blueprint,
    PageQuery,
    Paging,
    current_identity,
    current_platform,
    service,
    takes_file,
    uploaded_file,
)

blp = Blueprint(
    "imports", __name__, url_prefix="/products", description="The catalogue in and out as CSV."
)

_BINARY = {"type": "string", "format": "binary"}
_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {"type": "object", "properties": {"file": _BINARY}, "required": ["file"]}
        },
        "text/csv": {"schema": _BINARY},
    },
}


@blp.post("/imports", access=WRITE_PRODUCTS, limit="20 per minute")
@blp.doc(requestBody=_BODY)  # type: ignore[untyped-decorator]
@blp.arguments(ImportQuery, location="query")
@blp.response(201, ImportDetail)
def upload_import(args: dict[str, Any]) -> ImportDetail:
    """Upload a file of products and see what importing it would do.

    The file is CSV in the shop's own format or Shopify's, as `text/csv` or as the part `file` of a
    form. Nothing is written: the answer says what would change, and every bad row. A large file is
    checked in the background: `state` is `checking` until then. A file that is `ready` is imported
    with `apply`; it is kept for 7 days.
    """
    options = ImportOptions(
        format=args.get("format"),
        columns=parse_columns(args["columns"]),
        ignore=tuple(args["ignore"]),
        skip_bad=args["skip_bad"],
        create_categories=args["create_categories"],
    )
    return _detail(service(ImportUploads).accept(_content(), options, current_identity()))


@blp.get("/imports", access=WRITE_PRODUCTS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, ImportPage)
def list_imports(args: dict[str, Any]) -> ImportPage:
    """List imports, the newest first, those of the command line too."""
    paging = Paging.of(args)
    rows, total = runs.page(paging.skip, paging.limit)
    return ImportPage(
        imports=[import_summary(row) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


@blp.get("/imports/<import_id>", access=WRITE_PRODUCTS)
@blp.response(200, ImportDetail)
def get_import(import_id: str) -> ImportDetail:
    """Get an import: how far it is, and what it changes.

    `state` is `checking`, `ready`, `bad` (nothing will be written), `running`, `interrupted`,
    `done`, `undoing` or `undone`.
    """
    return _detail(runs.get(import_id))


@blp.post("/imports/<import_id>/apply", access=WRITE_PRODUCTS)
@blp.response(202, ImportDetail)
def apply_import(import_id: str) -> ImportDetail:
    """Import a file that is `ready`, or go on with an `interrupted` import, in the background."""
    return _detail(service(ImportUploads).apply(import_id, current_identity()))


@blp.post("/imports/<import_id>/undo", access=WRITE_PRODUCTS)
@blp.response(202, ImportDetail)
def undo_import(import_id: str) -> ImportDetail:
    """Undo an import that is `done` or `interrupted`, in the background.

    What was changed again since is kept and told in `undone`. Created products are deleted, or
    withdrawn when anybody ordered, reviewed or kept them. Stock goes back by the difference.
    """
    return _detail(service(ImportUploads).undo(import_id, current_identity()))


@blp.get("/export.csv", access=WRITE_PRODUCTS, limit="10 per minute")
@blp.arguments(ExportQuery, location="query")
@blp.response(200, _BINARY, content_type="text/csv")
def export_products(args: dict[str, Any]) -> Response:
    """Download every product as CSV, withdrawn ones too, each row a variant.

    `format` is `own` or `shopify`; `category` (id or slug) includes those below it. What products
    cost is there only for staff who may see it.
    """
    export = service(ProductExport)
    pieces = export.pieces(args["format"], args.get("category"), with_cost=_sees_cost())
    response = Response(pieces, content_type="text/csv; charset=utf-8")
    filename = export.filename(args["format"], now())
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _detail(row: Row) -> ImportDetail:
    return ImportDetail(product_import=import_view(row, with_cost=_sees_cost()))


def _sees_cost() -> bool:
    return current_platform().allows(current_identity(), READ_COST)


def _content() -> bytes:
    """The file of this request, of which no more is read than the setting allows."""
    limit = current_platform().settings_for(CommerceSettings).import_max_bytes
    if request.mimetype != "text/csv":
        content: bytes = takes_file("file", limit)(uploaded_file)()
        return content
    if request.content_length is not None and request.content_length > limit:
        raise UploadTooLarge(maxBytes=limit)
    request.max_content_length = limit
    content = request.get_data(cache=False)
    if not content:
        raise Invalid(errors={"file": ["The file is empty."]})
    return content
