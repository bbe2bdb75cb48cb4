"""``python -m interop [SUBJECT …] [FOLDER …]``: run all subjects, or some. A line a count; exit code 1 for a miss.

A FOLDER holds examples from elsewhere, for the subjects that take some: ``python -m interop openapi FOLDER``.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from pathlib import Path

import interop
from interop.counts import Count


def subjects() -> list[str]:
    """The modules that have something to count: those with ``counts()``."""
    names = (module.name for module in pkgutil.iter_modules(interop.__path__))
    return sorted(name for name in names if not name.startswith("_") and name not in ("counts", "generating"))


def main(wanted: list[str]) -> int:
    """Count, print, and say by the exit code whether all is as it is to be."""
    folders = [Path(name) for name in wanted if Path(name).is_dir() and name not in subjects()]
    wanted = [name for name in wanted if Path(name) not in folders]
    unknown = [name for name in wanted if name not in subjects()]
    if unknown:
        print(f"There is no subject {unknown[0]!r}; there are: {', '.join(subjects())}.", file=sys.stderr)
        return 2
    met = True
    for name in wanted or subjects():
        counted = importlib.import_module(f"interop.{name}").counts
        takes = "folders" in inspect.signature(counted).parameters
        for count in counted(folders) if takes else counted():
            assert isinstance(count, Count)
            print(f"{name}: {count.line()}", flush=True)
            met &= count.met
    return 0 if met else 1


sys.exit(main(sys.argv[1:]))
