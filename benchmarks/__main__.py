"""``python -m benchmarks [NAME …]``: measure beside the raw limit and peers in the same run; without a name, all."""

from __future__ import annotations

import argparse
import importlib

NAMES = ("engine", "start", "catalog", "expressions", "store", "postgres", "studio", "using", "executors", "hooks")


def main() -> None:
    """Run the benchmarks that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").partition(": ")[2])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(NAMES)}")
    names = parser.parse_args().names
    if unknown := [name for name in names if name not in NAMES]:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are: {', '.join(NAMES)}")
    for name in names or NAMES:
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
