"""The WSGI entry point: `gunicorn wrencos_core.wsgi:app`."""

from wrencos_core.app import create_app

app = create_app()
