"""Runs the benchmarks and prints a table for each: ``python -m benchmarks [engine|start|expressions|studio …]``."""

from __future__ import annotations

import importlib
import sys

NAMES = ("engine", "start", "expressions", "store", "studio")


def main() -> None:
    """Run the named benchmarks, or all."""
    for name in sys.argv[1:] or NAMES:
        importlib.import_module(f"benchmarks.{name}").main()


main()
