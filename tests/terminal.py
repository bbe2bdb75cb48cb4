"""A program run in a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path


def in_terminal(
    arguments: list[str],
    wait_for: str = "",
    typed: str = "",
    cwd: Path | None = None,
    python: tuple[str, ...] = (),
    environ: dict[str, str] | None = None,
) -> tuple[str, int]:
    """What ``flowbook`` shows in a terminal where ``typed`` is typed once ``wait_for`` appears, and its exit code.

    ``python`` are options of the interpreter, ``environ`` is what is different in its environment.
    """
    mine, theirs = pty.openpty()
    command = [sys.executable, *python, "-m", "flowbook", *arguments]
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, cwd=cwd,
        env={**os.environ, **(environ or {})},
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    try:
        while True:
            try:
                piece = os.read(mine, 4096)
            except OSError:  # Linux says so when the other end is closed
                break
            if not piece:
                break
            shown += piece
            if typed and wait_for.encode() in shown:
                os.write(mine, typed.encode())
                typed = ""
        return shown.decode(), process.wait()
    finally:
        os.close(mine)
        if process.poll() is None:
            process.kill()
            process.wait()
