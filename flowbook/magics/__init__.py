"""``%load_ext flowbook``: ``%flow`` and ``%%flow``, in a notebook or an IPython in a terminal."""

from flowbook.magics.magics import load, unload

__all__ = ["load", "unload"]
