"""What comes with Flowbook is compiled once, and what runs is always what its source says."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import CodeType

import pytest

from flowbook.catalog.bytecode import kept


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    return tmp_path / "tasks.py"


class _Compiler:
    def __init__(self) -> None:
        self.times = 0

    def value(self, file: Path, source: str) -> object:
        """What ``x`` is once the code runs that is kept for ``source``, or made of it."""

        def compiled() -> CodeType:
            self.times += 1
            return compile(source, str(file), "exec")

        names: dict[str, object] = {}
        exec(kept(str(file), source.encode(), compiled), names)
        return names["x"]


def test_code_is_compiled_once_for_one_source(file: Path) -> None:
    compiler = _Compiler()
    assert [compiler.value(file, "x = 1") for _ in range(3)] == [1, 1, 1]
    assert compiler.times == 1


def test_another_source_of_the_same_length_is_compiled_whatever_the_times_of_files(file: Path) -> None:
    compiler = _Compiler()
    assert compiler.value(file, "x = 1") == 1
    assert compiler.value(file, "x = 2") == 2
    assert compiler.value(file, "x = 1") == 1


@pytest.mark.parametrize("damage", ["empty", "cut", "garbled"])
def test_a_damaged_file_of_code_is_made_anew(file: Path, damage: str) -> None:
    compiler = _Compiler()
    compiler.value(file, "x = 1")
    (found,) = (file.parent / "__pycache__").iterdir()
    content = found.read_bytes()
    found.write_bytes({"empty": b"", "cut": content[:20], "garbled": content[:16] + b"\xff" * 40}[damage])
    assert compiler.value(file, "x = 1") == 1
    assert compiler.times == 2
    assert found.read_bytes() == content


def test_where_nothing_can_be_written_code_is_compiled_each_time(file: Path) -> None:
    (file.parent / "__pycache__").write_text("in the way")
    compiler = _Compiler()
    assert [compiler.value(file, "x = 1") for _ in range(2)] == [1, 1]
    assert compiler.times == 2
    assert os.listdir(file.parent) == ["__pycache__"]
