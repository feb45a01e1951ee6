"""The Blueprint of the core and of all plugins: flask-smorest's, plus access, Structs and ETags."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from copy import deepcopy
from functools import wraps
from typing import Any, NoReturn

import msgspec
from flask import Response, request
from flask_smorest import Blueprint as SmorestBlueprint
from flask_smorest.utils import set_status_and_headers_in_response, unpack_tuple_response
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from wrencos_core.errors import PreconditionFailed
from wrencos_core.http import idempotency
from wrencos_core.http.access import LOGGED_IN, PUBLIC, View, guarded
from wrencos_core.http.remembered import remembering

# Money leaves as a JSON number in major units, exactly as its Decimal reads.
encode = msgspec.json.Encoder(decimal_format="number").encode


class _Parser(FlaskParser):
    """webargs, with the status codes that HTTP has for these mistakes.

    The schema says what becomes of unknown fields in a query too, where webargs would drop them: a
    misspelt filter must not list everything.
    """

    DEFAULT_UNKNOWN_BY_LOCATION = FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION | {"query": None}

    def load_json(self, req: Any, schema: Any) -> Any:
        if req.content_length and not req.is_json:
            raise UnsupportedMediaType("Send the body as application/json.")
        try:
            return super().load_json(req, schema)
        except (RecursionError, ValueError) as error:
            # Nested too deep, or a number of thousands of digits: json has no error of its own.
            self._handle_invalid_json_error(error, req)

    def _handle_invalid_json_error(
        self, error: Any, req: Any, *args: Any, **kwargs: Any
    ) -> NoReturn:
        raise BadRequest("The body is not valid JSON.") from error


class Blueprint(SmorestBlueprint):  # type: ignore[misc]
    """REST endpoints of one subject, below /api; the docstrings are the API text."""

    ARGUMENTS_PARSER = _Parser()

    def __init__(self, name: str, import_name: str, **kwargs: Any) -> None:
        super().__init__(name, import_name, **kwargs)
        self.structs: set[type[msgspec.Struct]] = set()
        self._prepare_doc_cbks.append(document_route)

    def route(
        self,
        rule: str,
        *,
        access: str,
        limit: str | None = None,
        limit_alone: bool = False,
        idempotent: bool = False,
        etag: bool = False,
        remembered: bool = False,
        **options: Any,
    ) -> Callable[[View], View]:
        """Register a view that only callers with `access` reach.

        `access` is PUBLIC, LOGGED_IN or a permission. `limit` is a rate limit such as
        "10 per minute", besides the caller's budget for the whole API; with `limit_alone` it is the
        only one, for a webhook that few addresses call in bursts. `idempotent` makes the view one
        transaction that an Idempotency-Key runs once; `etag` answers 304 to a client that has the
        same bytes already. `remembered` is for hot public reads: visitors may be shown an answer of
        two seconds ago (see remembered.py).
        """
        if limit_alone and limit is None:
            raise ValueError(f"{rule}: say which limit it has alone")
        if idempotent and access == PUBLIC:
            raise ValueError(
                f"{rule}: an idempotent route needs a logged-in caller to scope its key"
            )

        def decorator(view: View) -> View:
            function = tagged(view) if etag or remembered else view
            function = remembering(function) if remembered else function
            function = conditional(function) if etag or remembered else function
            function = idempotency.once(function) if idempotent else function
            function = guarded(function, access)
            # flask-smorest reads the documentation off the outermost function.
            function._apidoc = deepcopy(getattr(view, "_apidoc", {}))  # type: ignore[attr-defined]
            function._apidoc["wrencos"] = {  # type: ignore[attr-defined]
                "access": access,
                "limit": limit,
                "idempotent": idempotent,
                "etag": etag or remembered,
                "has_path_parameter": "<" in f"{self.url_prefix or ''}{rule}",
            }
            function._wrencos_access = access  # type: ignore[attr-defined]
            function._wrencos_limit = limit  # type: ignore[attr-defined]
            function._wrencos_limit_alone = limit_alone  # type: ignore[attr-defined]
            self.add_url_rule(rule, options.pop("endpoint", None), function, **options)
            return view

        return decorator

    def get(self, rule: str, *, access: str, **options: Any) -> Callable[[View], View]:
        return self.route(rule, access=access, methods=["GET"], **options)

    def post(self, rule: str, *, access: str, **options: Any) -> Callable[[View], View]:
        return self.route(rule, access=access, methods=["POST"], **options)

    def put(self, rule: str, *, access: str, **options: Any) -> Callable[[View], View]:
        return self.route(rule, access=access, methods=["PUT"], **options)

    def patch(self, rule: str, *, access: str, **options: Any) -> Callable[[View], View]:
        return self.route(rule, access=access, methods=["PATCH"], **options)

    def delete(self, rule: str, *, access: str, **options: Any) -> Callable[[View], View]:
        return self.route(rule, access=access, methods=["DELETE"], **options)

    def arguments(self, schema: Any, **options: Any) -> Callable[[View], View]:
        """As flask-smorest's: `schema` reads the body, or the query with location="query".

        Unknown fields are refused in both, unless the schema's Meta says otherwise.
        """
        # A class would be instantiated for every request, which costs as much as reading it.
        instance = schema() if isinstance(schema, type) else schema
        decorator: Callable[[View], View] = super().arguments(instance, **options)
        return decorator

    def response(
        self, status_code: int, schema: Any = None, **kwargs: Any
    ) -> Callable[[View], View]:
        """As flask-smorest's; a msgspec Struct type is body, OpenAPI component and view in one."""
        if not (isinstance(schema, type) and issubclass(schema, msgspec.Struct)):
            plain: Callable[[View], View] = super().response(status_code, schema, **kwargs)
            return plain
        self.structs.add(schema)
        reference = {"$ref": f"#/components/schemas/{schema.__name__}"}
        documented = super().response(status_code, reference, **kwargs)

        def decorator(view: View) -> View:
            @wraps(view)
            def answer(*args: Any, **kw: Any) -> Response:
                return encoded(view(*args, **kw), status_code)

            return documented(answer)  # type: ignore[no-any-return]

        return decorator


def encoded(result: Any, status_code: int) -> Response:
    """What a view returned (a Struct, or a tuple with status and headers) as a response."""
    body, status, headers = unpack_tuple_response(result)
    if isinstance(body, Response):
        set_status_and_headers_in_response(body, status, headers)
        return body
    response = Response(encode(body), status_code, content_type="application/json")
    set_status_and_headers_in_response(response, status, headers)
    return response


def tagged(view: View) -> View:
    """`view`, its 200 answers tagged by their bytes."""

    @wraps(view)
    def tag(*args: Any, **kwargs: Any) -> Response:
        response: Response = view(*args, **kwargs)
        if response.status_code == 200:
            response.set_etag(_digest(response.get_data()))
        return response

    return tag


def conditional(view: View) -> View:
    """`view`, whose tagged answers become a 304 for a client that has the same bytes.

    A cache may keep the answer and must ask before using it. What a caller with a token is shown
    (a cost price, say) is kept by that caller's own cache alone.
    """

    @wraps(view)
    def compare(*args: Any, **kwargs: Any) -> Response:
        response: Response = view(*args, **kwargs)
        if response.status_code != 200:
            return response
        headers = response.headers
        already = headers.get("Vary")
        headers["Vary"] = f"{already}, Authorization" if already else "Authorization"
        if "Cache-Control" not in headers:
            personal = "HTTP_AUTHORIZATION" in request.environ
            headers["Cache-Control"] = "private, no-cache" if personal else "no-cache"
        if "HTTP_IF_NONE_MATCH" in request.environ:
            response.make_conditional(request)
        return response

    return compare


def require_match(current: msgspec.Struct) -> None:
    """Raise PreconditionFailed (412) when If-Match names another state than `current`.

    `current` is what the route's own GET with `etag=True` would answer. No header, no condition.
    """
    if request.if_match and not request.if_match.contains(_digest(encode(current))):
        raise PreconditionFailed()


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def document_route(doc: dict[str, Any], doc_info: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add what `route` promised to the OpenAPI text: security, headers and problem answers."""
    route = doc_info["wrencos"]
    responses = {str(status): answer for status, answer in doc.get("responses", {}).items()}
    has_input = "422" in responses
    statuses = {
        400: bool(doc.get("requestBody")),
        401: True,
        403: route["access"] not in (PUBLIC, LOGGED_IN),
        404: route["has_path_parameter"],
        409: route["idempotent"],
        413: bool(doc.get("requestBody")),
        415: bool(doc.get("requestBody")),
        422: has_input or route["idempotent"],
        429: True,
    }
    for status, applies in statuses.items():
        if applies:
            responses[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    if route["etag"]:
        responses["304"] = {"description": "Not Modified"}
    responses["default"] = {"$ref": "#/components/responses/Problem"}
    doc["responses"] = responses
    doc["security"] = [{"bearer": []}, {}] if route["access"] == PUBLIC else [{"bearer": []}]
    if route["access"] not in (PUBLIC, LOGGED_IN):
        doc["x-permission"] = route["access"]
    if route["idempotent"]:
        doc.setdefault("parameters", []).append(idempotency.PARAMETER)
    return doc
