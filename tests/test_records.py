"""Named tuples of Flowbook's own are as those of typing."""

from __future__ import annotations

import pickle
import typing

import pytest

from flowbook import records


class Point(records.NamedTuple):
    """Where it is."""

    x: int
    y: int = 2

    @property
    def total(self) -> int:
        """Both together."""
        return self.x + self.y

    @classmethod
    def at(cls, both: int) -> Point:
        """On the diagonal."""
        return cls(both, both)


def test_a_record_is_a_tuple_with_names_defaults_and_methods() -> None:
    assert Point(1) == (1, 2)
    assert Point(1)._replace(y=5).total == 6
    assert Point.at(3) == Point(3, 3)
    assert repr(Point(1)) == "Point(x=1, y=2)"
    assert Point._fields == ("x", "y")
    assert (Point.__doc__, Point.__module__, Point.__qualname__) == ("Where it is.", __name__, "Point")


def test_a_record_tells_its_types_and_goes_to_another_process() -> None:
    assert typing.get_type_hints(Point) == {"x": int, "y": int}
    assert pickle.loads(pickle.dumps(Point(4))) == Point(4)


def test_a_record_is_refused_what_it_does_not_have() -> None:
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        Point(1).x = 2  # type: ignore[misc]
