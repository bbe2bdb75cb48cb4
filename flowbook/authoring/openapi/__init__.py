"""An API's description (OpenAPI 3, Swagger 2) as an integration folder of thin, typed tasks.

The description is read once, when the folder is made or renewed; at run time nothing of it is looked at. Generated
files stand in ``api/``; everything beside that folder is people's own, and is never touched again.
"""

from flowbook.authoring.openapi.folder import operations_in, update_from_description, write_from_description
from flowbook.authoring.openapi.operations import Entry
from flowbook.authoring.renewing import Made

__all__ = ["Entry", "Made", "operations_in", "update_from_description", "write_from_description"]
