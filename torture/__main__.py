"""``python -m torture [--scale 0.1] [--seed 1] [SUBJECT]…``: does it, prints counts and seeds, fails at a fault."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
import time
from pathlib import Path

SUBJECTS = (
    "expressions",
    "canaries",
    "store",
    "kills",
    "killed_runs",
    "disk",
    "io_errors",
    "postgres",
    "torn",
    "workers",
    "graphs",
    "semantics",
    "serving",
    "restarts",
)


def main() -> int:
    """Run the subjects that were named, all without any."""
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("subjects", nargs="*", choices=[*SUBJECTS, []], default=SUBJECTS)
    parser.add_argument("--scale", type=float, default=1.0, help="part of the whole numbers (default: 1)")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    failed = 0
    for subject in chosen.subjects:
        began = time.monotonic()
        try:
            with tempfile.TemporaryDirectory() as folder:
                # Keys of its own; and what it writes there itself is trusted.
                os.environ["FLOWBOOK_CONFIG_DIR"] = f"{folder}/config"
                os.environ["FLOWBOOK_TRUST"] = f"{folder}/*"
                for line in importlib.import_module(f"torture.{subject}").run(chosen.scale, chosen.seed, Path(folder)):
                    print(f"{subject}: {line}", flush=True)
        except AssertionError as error:
            failed += 1
            print(f"{subject}: FAILED: {error}", flush=True)
        print(f"{subject}: {time.monotonic() - began:.0f} s, seed {chosen.seed}, scale {chosen.scale:g}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
