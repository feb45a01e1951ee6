"""What all views share. Amounts are Decimals in major units, and JSON numbers in the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

Row = Mapping[str, Any]


class View(msgspec.Struct, rename="camel"):
    """Base of what goes out: camelCase outside."""
