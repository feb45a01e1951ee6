"""The yardstick: one Flask route that answers a small JSON object, and nothing else."""

from __future__ import annotations

from flask import Flask, Response, jsonify

app = Flask(__name__, static_folder=None)


@app.get("/bare")
def bare() -> Response:
    """About the least that Flask can do for a JSON answer."""
    return jsonify(message="Hello", ok=True)
