"""`python -m wrencos_cli`: how `wrencos up` starts its parts with the Python it runs on."""

from wrencos_cli.main import cli

if __name__ == "__main__":
    cli(prog_name="wrencos")
