"""The Wrencos core: a slim Flask application, and the hooks that plugins fill it through."""

__version__ = "0.1.0"
