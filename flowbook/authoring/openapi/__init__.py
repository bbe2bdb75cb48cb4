"""An API's description (OpenAPI 3, Swagger 2) as an integration folder of thin, typed tasks.

The description is read once, when the folder is made or renewed; at run time nothing of it is looked at. Generated
files stand in ``api/``; everything beside that folder is people's own, and is never touched again.
"""

from flowbook.authoring.openapi.changes import Changes
from flowbook.authoring.openapi.document import Description, parse_description, read_description
from flowbook.authoring.openapi.folder import (
    MOST,
    RECORD,
    Choice,
    Recorded,
    Renewal,
    operations_in,
    patterns_of,
    recorded,
    renewal_from_description,
    update_from_description,
    write_from_description,
)
from flowbook.authoring.openapi.names import name_for
from flowbook.authoring.openapi.operations import Entry
from flowbook.authoring.renewing import Made

__all__ = [
    "MOST", "RECORD", "Changes", "Choice", "Description", "Entry", "Made", "Recorded", "Renewal", "name_for",
    "operations_in", "parse_description", "patterns_of", "read_description", "recorded", "renewal_from_description",
    "update_from_description", "write_from_description",
]  # fmt: skip
