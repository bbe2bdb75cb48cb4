"""Permissions that count for the superuser, too, so that tests of what may not be written are not left out for it."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

VERSION_3 = 0x20080522  # capget(2)
DAC_OVERRIDE, DAC_READ_SEARCH = 1, 2  # capabilities(7): to pass by the permissions of files, and of what is only read


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


@contextmanager
def permissions_count() -> Iterator[None]:
    """Let this thread be stopped by the permissions of files, as anybody but the superuser is anyway."""
    if os.geteuid():
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header, data = _Header(VERSION_3, 0), (_Data * 2)()
    _call(libc.capget(ctypes.byref(header), data))
    had = data[0].effective
    data[0].effective = had & ~(1 << DAC_OVERRIDE | 1 << DAC_READ_SEARCH)
    _call(libc.capset(ctypes.byref(header), data))
    try:
        yield
    finally:
        data[0].effective = had
        _call(libc.capset(ctypes.byref(header), data))


def _call(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
