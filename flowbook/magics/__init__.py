"""``%load_ext flowbook``: ``%flow`` and ``%%flow``, in a notebook or an IPython in a terminal."""

from flowbook.magics.magics import load as load_ipython_extension
from flowbook.magics.magics import unload as unload_ipython_extension

__all__ = ["load_ipython_extension", "unload_ipython_extension"]
