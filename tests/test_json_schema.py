"""Whether data fits a JSON Schema; and what its library loads, in a fresh process."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from flowbook.json_schema import fault_in

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def test_what_does_not_fit_is_said_with_its_place() -> None:
    assert fault_in({"city": "Oslo"}, SCHEMA) == ""
    assert fault_in({"city": 5}, SCHEMA) == "at city: 5 is not of type 'string'."
    assert "'city' is a required property" in fault_in({}, SCHEMA)


def test_a_schema_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no JSON Schema"):
        fault_in(1, {"type": 5})


def test_the_grammar_of_two_formats_is_read_when_one_of_them_is_met(tmp_path: Path) -> None:
    """Reading it takes seconds; what is checked by it is checked all the same."""
    version = tuple(int(part) for part in metadata.version("jsonschema").split(".")[:2])
    if version < (4, 25):
        pytest.skip("this library has no such grammar: make test-latest has")
    (tmp_path / "rfc3987_syntax.py").write_text(
        "def is_valid_syntax(rule, value): return rule == 'iri' and value > 'b'"
    )
    code = """if True:
        import sys
        sys.path.insert(0, sys.argv[1])
        from flowbook import json_schema
        library = json_schema.load()
        assert "rfc3987_syntax" not in sys.modules and "lark" not in sys.modules
        checker = library.FormatChecker()
        assert checker.conforms("c", "iri") and not checker.conforms("a", "iri")
        assert "rfc3987_syntax" in sys.modules
        """
    subprocess.run([sys.executable, "-W", "error", "-c", code, str(tmp_path)], check=True)
