"""``python -m interop [SUBJECT …]``: run all subjects, or some. A line a count; exit code 1 when one is not met."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import interop
from interop.counts import Count


def subjects() -> list[str]:
    """The modules that have something to count: those with ``counts()``."""
    names = (module.name for module in pkgutil.iter_modules(interop.__path__))
    return sorted(name for name in names if not name.startswith("_") and name not in ("counts", "generating"))


def main(wanted: list[str]) -> int:
    """Count, print, and say by the exit code whether all is as it is to be."""
    unknown = [name for name in wanted if name not in subjects()]
    if unknown:
        print(f"There is no subject {unknown[0]!r}; there are: {', '.join(subjects())}.", file=sys.stderr)
        return 2
    met = True
    for name in wanted or subjects():
        for count in importlib.import_module(f"interop.{name}").counts():
            assert isinstance(count, Count)
            print(f"{name}: {count.line()}", flush=True)
            met &= count.met
    return 0 if met else 1


sys.exit(main(sys.argv[1:]))
