"""Whatever is sent to any endpoint, the answer is one that /openapi.json documents, and no 5xx."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from wrencos_core.testing.accounts import Logins

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("role", ["visitor", "customer", "admin"])
def test_every_answer_is_documented(
    app: Flask, login: Logins, role: str, mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 40

    failures = [
        f"{operation.method.upper()} {operation.path}: {error}"
        for operation in operations
        if (error := first_failure(operation, mode, role, login))
    ]

    assert not failures, "\n\n".join(failures)


def first_failure(
    operation: Any, mode: GenerationMode, role: str, login: Logins
) -> BaseException | None:
    headers = {}
    if role != "visitor":
        headers["Authorization"] = f"Bearer {login(role).token}"

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=8,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        case.call_and_validate(checks=CHECKS, headers=headers)

    try:
        ask()
    except Unsatisfiable:  # an operation without input has nothing that could be wrong
        return None
    except Exception as error:
        return error
    return None
