"""Marks what the parts of Flowbook say to each other by way of a public class: it may change without notice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

MARK = "__flowbook_internal__"


def internal(function: Function) -> Function:
    """Mark a public method (or what a property asks) as one that only Flowbook itself calls; the reference of the
    documentation leaves it out.
    """
    setattr(function, MARK, True)
    return function


def is_internal(member: Any) -> bool:
    """Whether a member of a class is marked so."""
    function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
    return hasattr(function, MARK)
