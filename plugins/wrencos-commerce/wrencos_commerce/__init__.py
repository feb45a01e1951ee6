"""Wrencos commerce: catalogue, cart, checkout and orders."""

__version__ = "0.1.0"
