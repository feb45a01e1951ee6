"""What the commands share: in whose name they act, and the option for programs."""

from __future__ import annotations

import click

from wrencos_core.api import Identity

CLI = Identity(is_system=True, channel="cli")
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
