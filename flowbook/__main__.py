"""``flowbook`` and ``python -m flowbook``."""

from __future__ import annotations

import gc
import os
import sys


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
    sys.exit(code)


if __name__ == "__main__":
    main()
