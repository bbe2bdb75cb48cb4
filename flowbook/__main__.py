"""``flowbook`` and ``python -m flowbook``."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import NoReturn


def main() -> None:
    """Run the command line and exit with its code."""
    # Flowbook's models use no pydantic plug-ins; looking for some scans every installed package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    gc.disable()  # until the command is loaded (flowbook.cli.groups): nothing of it is garbage
    try:
        from flowbook.cli import run

        code = run()
    except KeyboardInterrupt:  # while it was still being loaded
        code = 130
    _end(code)


def _end(code: int) -> NoReturn:
    """End the process: at once when a task that its run gave up on (a timeout, Ctrl-C) still goes on.

    At once, but for the moment that a task has which is tidying up.

    Python itself would wait for such a task's executor (concurrent.futures), however long that takes.
    """
    stop = sys.modules.get("flowbook.tasks.stop")
    if stop is not None:
        stop.wind_up()
    in_place = sys.modules.get("flowbook.calling.in_place")
    if in_place is not None and in_place.in_use():
        with contextlib.suppress(OSError, ValueError):  # nobody reads them any more
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
