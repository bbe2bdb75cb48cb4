"""The command line: ``flowbook``. Each command's module is loaded when the command is used."""

from flowbook.cli.main import cli, run

__all__ = ["cli", "run"]
