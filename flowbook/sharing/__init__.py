"""Handing integrations on: a template (the type and an integration's shape, no secret), or a folder as a zip.

A template is imported by :func:`flowbook.sharing.template.take_in`; a zip is first read and described by
:func:`read_archive`, and only :meth:`Archive.extract` writes anything.
"""

from flowbook.sharing.archive import Archive, read_archive
from flowbook.sharing.template import Template, read_template, take_in, template_of

__all__ = ["Archive", "Template", "read_archive", "read_template", "take_in", "template_of"]
