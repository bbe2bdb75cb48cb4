"""What is as it should be already is no failure."""

from __future__ import annotations

from collections.abc import Callable


def unless_there(action: Callable[[], object]) -> bool:
    """Whether ``action`` made something: False when it is there already."""
    from azure.core.exceptions import ResourceExistsError

    try:
        action()
    except ResourceExistsError as error:
        if getattr(error, "error_code", "") != "ContainerAlreadyExists":
            raise
        return False
    return True


def unless_gone(action: Callable[[], object]) -> bool:
    """Whether ``action`` deleted something: False when it is not there."""
    from azure.core.exceptions import ResourceNotFoundError

    try:
        action()
    except ResourceNotFoundError:
        return False
    return True
