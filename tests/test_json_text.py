"""JSON of others is read to a depth of its own: the same as Python reads, and never at the interpreter's limit."""

from __future__ import annotations

import gc
import json
import weakref
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.json_text import MAX_DEPTH, TooDeep, is_deep, parse_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(alphabet='[]{}"\\ aé\ud800😀'),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(alphabet='[]{}"\\a', max_size=4), inner),
)


@given(VALUES, st.booleans(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le"]))
def test_it_reads_what_python_reads(value: Any, in_ascii: bool, encoding: str) -> None:
    text = json.dumps(value, ensure_ascii=in_ascii)
    read = json.loads(text)
    assert repr(parse_json(text)) == repr(read)
    assert repr(parse_json(text, parse_float=float)) == repr(read)
    encoded = text.encode(encoding, "surrogatepass")
    assert repr(parse_json(encoded)) == repr(json.loads(encoded))


@given(
    st.lists(st.sampled_from(["[", "{", "]", "}", '"', "\\", "\\\\", ":", ",", "1", "a", " "]), max_size=60),
    st.integers(0, MAX_DEPTH),
)
def test_what_python_refuses_is_refused(parts: list[str], around: int) -> None:
    text = "[" * around + "".join(parts) + "]" * around
    try:
        read = json.loads(text)
    except ValueError:
        with pytest.raises(ValueError):
            parse_json(text)
    else:
        assert repr(parse_json(text)) == repr(read)


@given(
    st.lists(st.sampled_from(["[", '{"]": ']), min_size=1, max_size=2 * MAX_DEPTH),
    st.text(alphabet='[]{}"\\', max_size=8),
    st.booleans(),
)
def test_the_depth_is_counted_outside_of_strings(openings: list[str], inside: str, with_hooks: bool) -> None:
    ends = ["]" if one == "[" else "}" for one in reversed(openings)]
    text = "".join(openings) + json.dumps(inside) + "".join(ends)
    assert is_deep(text) == is_deep(text.encode()) == (len(openings) > MAX_DEPTH)
    hooks: dict[str, Any] = {"parse_constant": str} if with_hooks else {}
    if len(openings) > MAX_DEPTH:
        with pytest.raises(TooDeep, match=f"more than {MAX_DEPTH} levels"):
            parse_json(text, **hooks)
    else:
        assert parse_json(text, **hooks) == json.loads(text)


@pytest.mark.usefixtures("earlier_garbage_collected")
@pytest.mark.parametrize("of", ["[", '{"a":', '["]", ', '[{"a\\"": '], ids=["arrays", "objects", "strings", "both"])
@pytest.mark.parametrize("hooks", [{}, {"parse_constant": str}], ids=["plain", "with hooks"])
@pytest.mark.parametrize("kind", [str.encode, str], ids=["bytes", "text"])
def test_what_ends_itself_meanwhile_has_room(of: str, hooks: dict[str, Any], kind: Any) -> None:
    """What the garbage collector runs while it is read is not run at the interpreter's limit, where it would fail."""

    class Pool:
        def __init__(self) -> None:
            self.itself = self

    def close(levels: int = 100) -> None:
        if levels:
            close(levels - 1)
        else:
            closed.append(True)

    closed: list[bool] = []
    often = gc.get_threshold()
    gc.set_threshold(100)
    try:
        for _ in range(30):
            weakref.finalize(Pool(), close)
            with pytest.raises(ValueError, match="nested"):
                parse_json(kind(of * 2_000), **hooks)
    finally:
        gc.set_threshold(*often)
    gc.collect()
    assert len(closed) == 30


@pytest.mark.parametrize("value", [None, 1, ["["], {"a": 1}])
def test_what_is_no_text_is_a_fault_of_its_type_as_it_is_for_python(value: Any) -> None:
    with pytest.raises(TypeError, match="not"):
        parse_json(value)
