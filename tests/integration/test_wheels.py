"""The built wheels install into an empty environment and serve what they should."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Asks the installed package, in a process that sees nothing of the checkout.
ASK = """
import json, sys
from wrencos_core.app import create_app
app = create_app()
client = app.test_client()
paths = client.get("/openapi.json").json["paths"]
health = client.get("/health").status_code
products = client.get("/api/products").status_code
print(json.dumps({"paths": sorted(paths), "health": health, "products": products}))
"""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("wheels")
    for source in (ROOT, ROOT / "plugins" / "wrencos-commerce"):
        run(sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(source))
    return {wheel.name.split("-")[0]: wheel for wheel in folder.glob("*.whl")}


def test_core_alone_and_core_with_commerce_serve_what_they_should(
    wheels: dict[str, Path], tmp_path: Path, wrencos_environment: dict[str, str]
) -> None:
    environment = tmp_path / "env"
    venv.create(environment, with_pip=True)
    python = str(environment / "bin" / "python")
    constraints = str(ROOT / "constraints.txt")
    install = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")

    run(*install, "-c", constraints, str(wheels["wrencos_core"]))
    alone = ask(python, tmp_path, wrencos_environment)
    assert alone["health"] == 200
    assert alone["products"] == 404
    assert "/api/auth/login" in alone["paths"]
    assert not any(path.startswith("/api/products") for path in alone["paths"])

    run(*install, "-c", constraints, str(wheels["wrencos_commerce"]))
    together = ask(python, tmp_path, wrencos_environment)
    assert together["products"] == 200
    assert {"/api/auth/login", "/api/products", "/api/cart/checkout"} <= set(together["paths"])

    listed = run(
        str(environment / "bin" / "wrencos"),
        "plugin",
        "list",
        "--json",
        cwd=tmp_path,
        env=wrencos_environment,
    )
    states = {plugin["name"]: plugin["state"] for plugin in json.loads(listed)}
    assert states["commerce"] == "enabled"


def ask(python: str, folder: Path, environment: dict[str, str]) -> dict[str, object]:
    answer: dict[str, object] = json.loads(run(python, "-c", ASK, cwd=folder, env=environment))
    return answer


def run(*command: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
