"""Files in one folder."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowbook.catalog import Catalog
from flowbook.tasks import Context, running_as
from flowbook.testing import check_contract
from integrations import files

SAME_FOLDER = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture(autouse=True)
def root(tmp_path: Path) -> Iterator[Path]:
    """The workspace's folder, empty."""
    folder = tmp_path / "root"
    folder.mkdir()
    with running_as(Context(root=folder)):
        yield folder


def done(task: Callable[..., Any], **params: Any) -> Any:
    """The data of a task that must succeed."""
    result = task({}, params)
    assert result["success"], result["message"]
    return result["data"]


def refused(task: Callable[..., Any], **params: Any) -> str:
    """The message of a task that must fail."""
    result = task({}, params)
    assert not result["success"]
    return str(result["message"])


def test_the_folder_keeps_the_contract() -> None:
    assert check_contract(Path(files.__file__).parent) == []


def test_effects_say_what_repeating_a_task_would_do() -> None:
    tasks = Catalog(environ={}).folder("files").tasks
    effects = {name.rpartition(".")[2]: spec.effects for name, spec in tasks.items()}
    assert {name for name, effect in effects.items() if effect == "write"} == {"write_text", "move"}
    assert {name for name, effect in effects.items() if effect == "idempotent"} == {
        "write_json", "write_csv", "write_parquet", "copy", "delete",
    }  # fmt: skip


# --- the folder --------------------------------------------------------------------------------------------------

READERS = [files.read_text, files.read_json, files.read_csv, files.read_parquet]
WRITERS: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (files.write_text, {"text": "x"}),
    (files.write_text, {"text": "x", "append": True}),
    (files.write_json, {"data": 1}),
    (files.write_csv, {"rows": [{"a": 1}]}),
    (files.write_parquet, {"rows": [{"a": 1}]}),
]


@pytest.mark.parametrize("task", READERS)
@pytest.mark.parametrize("path", ["../secret.csv", "link.csv", "folder/secret.csv"])
def test_nothing_outside_is_read(root: Path, task: Callable[..., Any], path: str) -> None:
    (root.parent / "secret.csv").write_text("a\n1\n")
    (root / "link.csv").symlink_to(root.parent / "secret.csv")
    (root / "folder").symlink_to(root.parent)
    assert "outside of the folder" in refused(task, path=path)


@pytest.mark.parametrize(("task", "params"), WRITERS)
@pytest.mark.parametrize("path", ["../new.txt", "link.txt", "folder/new.txt", "integrations/x/tasks.py", ".flowbook/x"])
def test_nothing_outside_and_no_code_is_written(
    root: Path, task: Callable[..., Any], params: dict[str, Any], path: str
) -> None:
    (root / "link.txt").symlink_to(root.parent / "new.txt")
    (root / "folder").symlink_to(root.parent)
    refused(task, path=path, **params)
    assert not (root.parent / "new.txt").exists()
    assert sorted(entry.name for entry in root.iterdir()) == ["folder", "link.txt"]


def test_a_root_that_has_no_outside_is_refused(root: Path) -> None:
    (root / "all").symlink_to("/")
    for whole in ("/", "//", "all", "../" * 40):
        for result in (
            files.read_text({"root": whole}, {"path": "etc/passwd"}),
            files.glob({"root": whole}, {"pattern": "*"}),
            files.test_connection({"root": whole}, {}),
        ):
            assert "whole file system" in result["message"]


def test_the_integration_may_name_another_folder(root: Path) -> None:
    (root / "reports").mkdir()
    assert files.write_text({"root": "reports"}, {"path": "a.txt", "text": "hi"})["data"]["path"] == "a.txt"
    assert (root / "reports" / "a.txt").read_text() == "hi"
    assert "outside" in files.read_text({"root": "reports"}, {"path": "../a.txt"})["message"]
    assert files.exists({"root": ""}, {"path": "reports/a.txt"})["data"]["exists"]


def test_outside_of_a_run_the_folder_is_the_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with running_as(Context()):
        done(files.write_text, path="here.txt", text="hi")
    assert (tmp_path / "here.txt").exists()


def test_the_connection_test_looks_at_the_folder(root: Path) -> None:
    assert files.test_connection({}, {})["data"] == {"root": str(root.resolve()), "writable": True}
    assert "does not exist" in files.test_connection({"root": "nowhere"}, {})["message"]
    (root / "file").touch()
    assert "is not a folder" in files.test_connection({"root": "file"}, {})["message"]


@pytest.mark.parametrize("task", READERS)
def test_a_missing_file_is_named_with_the_nearest_one(root: Path, task: Callable[..., Any]) -> None:
    (root / "orders.csv").touch()
    message = refused(task, path="order.csv")
    assert "There is no 'order.csv'" in message
    assert "Did you mean 'orders.csv'?" in message
    assert "Did you mean" not in refused(task, path="people.csv"), "the same end makes no two names near"


@pytest.mark.parametrize("task", READERS)
def test_a_file_over_the_limit_is_refused(root: Path, task: Callable[..., Any]) -> None:
    (root / "big").write_bytes(b"1234567890\n")
    assert "11 bytes, more than 10" in refused(task, path="big", max_bytes=10)


@pytest.mark.parametrize("task", READERS)
def test_a_folder_is_no_file(root: Path, task: Callable[..., Any]) -> None:
    (root / "sub").mkdir()
    assert "is a folder" in refused(task, path="sub")


# --- writing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("task", "params"), WRITERS)
def test_missing_folders_are_made_and_nothing_else_is_left(
    root: Path, task: Callable[..., Any], params: dict[str, Any]
) -> None:
    written = done(task, path="a/b/c", **params)
    assert written["path"] == "a/b/c"
    assert written["bytes"] == (root / "a/b/c").stat().st_size
    assert [path.name for path in (root / "a/b").iterdir()] == ["c"]


def test_a_write_that_fails_keeps_the_old_file_and_leaves_nothing_behind(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "a.txt").write_text("old")

    def fail(*paths: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    assert "No space left on device" in refused(files.write_text, path="a.txt", text="new")
    assert (root / "a.txt").read_text() == "old"
    assert [path.name for path in root.iterdir()] == ["a.txt"]


def test_a_file_that_is_replaced_keeps_its_permissions_and_its_link(root: Path) -> None:
    (root / "real.sh").write_text("old")
    (root / "real.sh").chmod(0o750)
    (root / "link.sh").symlink_to("real.sh")
    done(files.write_text, path="link.sh", text="new")
    assert (root / "link.sh").is_symlink()
    assert (root / "real.sh").read_text() == "new"
    assert (root / "real.sh").stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize(("task", "params"), WRITERS)
def test_a_folder_is_not_overwritten(root: Path, task: Callable[..., Any], params: dict[str, Any]) -> None:
    (root / "sub").mkdir()
    assert "sub is a folder" in refused(task, path="sub", **params)


def test_a_file_in_the_place_of_a_folder_is_told(root: Path) -> None:
    (root / "a").touch()
    assert "in the way" in refused(files.write_text, path="a/b.txt", text="x")


# --- text --------------------------------------------------------------------------------------------------------


@SAME_FOLDER
@given(text=st.text(st.characters(codec="utf-8")))
def test_text_comes_back_as_it_was_written(text: str) -> None:
    done(files.write_text, path="t.txt", text=text)
    assert done(files.read_text, path="t.txt") == text.removeprefix("\ufeff")


def test_text_can_be_added(root: Path) -> None:
    done(files.write_text, path="log.txt", text="one\n", append=True)
    assert done(files.write_text, path="log.txt", text="två\n", append=True)["bytes"] == 5
    assert (root / "log.txt").read_text(encoding="utf-8") == "one\ntvå\n"


def test_other_encodings_are_read_and_written() -> None:
    done(files.write_text, path="t.txt", text="größer", encoding="cp1252")
    assert done(files.read_text, path="t.txt", encoding="latin-1") == "größer"
    message = refused(files.read_text, path="t.txt")
    assert "t.txt is not utf-8 text: byte 0xf6 at position 2 does not fit" in message
    assert "cp1252" in message


def test_what_an_encoding_lacks_is_named() -> None:
    assert "latin-1 has no character '☃' (position 1)" in refused(
        files.write_text, path="t.txt", text="a☃", encoding="latin-1"
    )


@pytest.mark.parametrize("encoding", ["utf-9", " ", "\0"])
def test_an_unknown_encoding_is_refused_before_anything_is_done(root: Path, encoding: str) -> None:
    assert "is no text encoding" in refused(files.write_text, path="t.txt", text="a", encoding=encoding)
    assert list(root.iterdir()) == []


# --- JSON --------------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@SAME_FOLDER
@given(value=JSON, indent=st.integers(0, 4))
def test_json_comes_back_as_it_was_written(value: Any, indent: int) -> None:
    done(files.write_json, path="v.json", data=value, indent=indent)
    assert done(files.read_json, path="v.json") == value


@SAME_FOLDER
@given(values=st.lists(JSON, max_size=5))
def test_json_lines_come_back_as_they_were_written(root: Path, values: list[Any]) -> None:
    done(files.write_json, path="v.jsonl", data=values, lines=True)
    assert (root / "v.jsonl").read_bytes().count(b"\n") == len(values)
    assert done(files.read_json, path="v.jsonl", lines=True) == values


def test_what_python_has_and_json_has_not_becomes_plain(root: Path) -> None:
    frame = pd.DataFrame({"n": [1, 2], "x": [0.5, None], "d": pd.to_datetime(["2026-01-02", None])})
    done(files.write_json, path="v.json", data={"day": date(2026, 1, 2), "set": {2, 1}, "frame": frame})
    assert json.loads((root / "v.json").read_text()) == {
        "day": "2026-01-02",
        "set": [1, 2],
        "frame": [{"n": 1, "x": 0.5, "d": "2026-01-02T00:00:00"}, {"n": 2, "x": None, "d": None}],
    }
    done(files.write_json, path="f.json", data=frame)
    assert len(done(files.read_json, path="f.json")) == 2


@pytest.mark.parametrize(("data", "why"), [(float("nan"), "NaN"), (object(), "object"), (b"x", "bytes")])
def test_what_has_no_json_form_is_told_and_nothing_written(root: Path, data: Any, why: str) -> None:
    assert why in refused(files.write_json, path="v.json", data=data)
    assert list(root.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "lines", "why"),
    [
        ('{"a": 1,}', False, "line 1, column 9"),
        ('{"a": 1}\n\n{"a" 2}', True, "line 3, column 6"),
        ("[1, NaN]", False, "holds NaN"),
        ("[" * 100_000, False, "nested too deeply"),
        ("", False, "line 1, column 1"),
    ],
)
def test_broken_json_is_told_with_its_place(root: Path, text: str, lines: bool, why: str) -> None:
    (root / "v.json").write_text(text)
    assert why in refused(files.read_json, path="v.json", lines=lines)


# --- CSV ---------------------------------------------------------------------------------------------------------


def csv(root: Path, text: str, **params: Any) -> Any:
    (root / "t.csv").write_text(text, encoding="utf-8", newline="")
    return done(files.read_csv, path="t.csv", **params)


def test_columns_of_numbers_and_booleans_are_typed(root: Path) -> None:
    rows = csv(root, "id,price,open,name\n1,2.5,true,Ann\n2,,false,\n-3,4,,Bob\n")
    assert rows == [
        {"id": 1, "price": 2.5, "open": True, "name": "Ann"},
        {"id": 2, "price": None, "open": False, "name": None},
        {"id": -3, "price": 4.0, "open": None, "name": "Bob"},
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "007",
        "+49 171",
        "1e999",
        "nan",
        "None",
        "NA",
        "null",
        "1,5",
        "12345678901234567890",
        "0x10",
        "1_000",
        "٣",
        "-",
        ".",
    ],
)
def test_what_only_looks_like_a_number_or_a_null_stays_text(root: Path, cell: str) -> None:
    for form in ("rows", "dataframe"):
        found = csv(root, f'a\n"{cell}"\n', **{"as": form})
        value = found[0]["a"] if form == "rows" else found["a"][0]
        assert value == cell
        assert type(value) is str


@pytest.mark.parametrize("cell", ["0", "-0.5", ".5", "1e3", "12.", "1E-2"])
def test_a_number_is_a_number_or_text_but_never_another_number(root: Path, cell: str) -> None:
    value = csv(root, f"a\n{cell}\n")[0]["a"]
    assert value == cell or value == float(cell)


def test_a_column_never_mixes_numbers_and_texts(root: Path) -> None:
    assert [row["a"] for row in csv(root, "a\n1\nx\n")] == ["1", "x"]
    assert [row["a"] for row in csv(root, "a\n1\n2.5\n")] == [1.0, 2.5]


def test_columns_can_be_left_as_text(root: Path) -> None:
    text = "zip,n\n12345,1\n"
    assert csv(root, text, text_columns=["zip"]) == [{"zip": "12345", "n": 1}]
    assert csv(root, text, typed=False) == [{"zip": "12345", "n": "1"}]
    assert "There is no column 'zipp'" in refused(files.read_csv, path="t.csv", text_columns=["zipp"])


def test_a_dataframe_has_the_same_values(root: Path) -> None:
    frame = csv(root, "id,n,open,name\n1,5,true,Ann\n2,,,None\n", **{"as": "dataframe"})
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "id": "int64", "n": "Int64", "open": "boolean", "name": "str" if pd.__version__ >= "3" else "object",
    }  # fmt: skip
    assert frame["name"].tolist() == ["Ann", "None"]


def test_delimiters_quotes_encodings_and_byte_order_marks_are_read(root: Path) -> None:
    (root / "t.csv").write_bytes('\ufeffa;b\r\n"x;""y""\nz";2\r\n'.encode())
    assert done(files.read_csv, path="t.csv", delimiter=";") == [{"a": 'x;"y"\nz', "b": 2}]
    (root / "t.csv").write_bytes("ä\tb\n1\tü\n".encode("cp1252"))
    for tab in ("\t", "tab", "\\t"):
        assert done(files.read_csv, path="t.csv", delimiter=tab, encoding="cp1252") == [{"ä": 1, "b": "ü"}]


def test_names_can_be_given_for_a_file_without_them(root: Path) -> None:
    assert csv(root, "1,x\n", columns=["n", "t"]) == [{"n": 1, "t": "x"}]


def test_names_that_are_missing_or_come_twice_are_told_apart(root: Path) -> None:
    assert csv(root, "a,,a\n1,2,3\n") == [{"a": 1, "column_2": 2, "a_2": 3}]


def test_short_rows_are_filled_and_long_ones_refused(root: Path) -> None:
    assert csv(root, "a,b\n1\n\n2,3\n") == [{"a": 1, "b": None}, {"a": 2, "b": 3}]
    (root / "t.csv").write_text("a,b\n1,2\n1,2,3\n")
    assert "line 3 has 3 cells, but there are 2 columns" in refused(files.read_csv, path="t.csv")


def test_an_unclosed_quote_is_told_with_its_line(root: Path) -> None:
    (root / "t.csv").write_text('a\n"x\n')
    assert "t.csv is not CSV: line 2" in refused(files.read_csv, path="t.csv")


@pytest.mark.parametrize("nothing", ["", None])
def test_a_limit_that_is_empty_is_none(root: Path, nothing: Any) -> None:
    (root / "t.csv").write_text("a\n1\n2\n")
    assert len(done(files.read_csv, path="t.csv", limit=nothing)) == 2


def test_a_limit_reads_the_first_rows_and_says_so(root: Path) -> None:
    (root / "t.csv").write_text("a\n1\n2\n3\n")
    result = files.read_csv({}, {"path": "t.csv", "limit": 2})
    assert result["data"] == [{"a": 1}, {"a": 2}]
    assert "cut at the limit of 2" in result["message"]
    assert "cut" not in files.read_csv({}, {"path": "t.csv", "limit": 3})["message"]


@pytest.mark.parametrize("text", ["", "a,b\n"])
def test_a_file_without_rows_gives_none(root: Path, text: str) -> None:
    assert csv(root, text) == []
    assert len(csv(root, text, **{"as": "dataframe"})) == 0


@SAME_FOLDER
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "text": st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
                "whole": st.integers(-(10**17), 10**17),
                "real": st.floats(allow_nan=False, allow_infinity=False),
                "yes": st.booleans(),
            }
        ),
        min_size=1,
        max_size=5,
    ),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
)
def test_rows_come_back_as_they_were_written(rows: list[dict[str, Any]], delimiter: str) -> None:
    done(files.write_csv, path="t.csv", rows=rows, delimiter=delimiter)
    assert done(files.read_csv, path="t.csv", delimiter=delimiter, text_columns=["text"]) == rows


@pytest.mark.parametrize("cell", ["\r", "\n", "\r\n", "a\rb", '"', ",", " x "])
def test_cells_with_line_ends_and_quotes_stay_one_cell(root: Path, cell: str) -> None:
    rows = [{"a": cell, "b": "x"}, {"a": "y", "b": cell}]
    done(files.write_csv, path="t.csv", rows=rows)
    assert done(files.read_csv, path="t.csv") == rows
    assert (root / "t.csv").read_bytes().startswith(b"a,b\n")


def test_all_columns_that_any_row_has_are_written(root: Path) -> None:
    done(files.write_csv, path="t.csv", rows=[{"a": 1}, {"b": [1, "x"], "a": None}, {"c": datetime(2026, 1, 2, 3)}])  # noqa: DTZ001
    assert (root / "t.csv").read_text() == 'a,b,c\n1,,\n,"[1, ""x""]",\n,,2026-01-02T03:00:00\n'


def test_columns_choose_and_order(root: Path) -> None:
    done(files.write_csv, path="t.csv", rows=[{"a": 1, "b": 2, "c": 3}], columns=["c", "a"])
    assert (root / "t.csv").read_text() == "c,a\n3,1\n"
    assert "There is no column 'd'" in refused(files.write_csv, path="t.csv", rows=[{"a": 1}], columns=["d"])


def test_a_dataframe_is_written_like_its_rows(root: Path) -> None:
    frame = pd.DataFrame({"n": pd.array([1, None], dtype="Int64"), "x": [0.5, None], "t": ["a", None]})
    assert done(files.write_csv, path="t.csv", rows=frame)["rows"] == 2
    assert (root / "t.csv").read_text() == "n,x,t\n1,0.5,a\n,,\n"


@pytest.mark.parametrize("task", [files.write_csv, files.write_parquet])
@pytest.mark.parametrize("rows", [None, "a,b", {"a": 1}, [1], [{"a": 1}, "x"]])
def test_what_is_no_table_is_refused(root: Path, task: Callable[..., Any], rows: Any) -> None:
    assert "ow" in refused(task, path="t", rows=rows)
    assert list(root.iterdir()) == []


# --- Parquet -----------------------------------------------------------------------------------------------------


def test_parquet_comes_back_as_it_was_written() -> None:
    frame = pd.DataFrame({"n": [1, 2], "t": ["a", None], "d": pd.to_datetime(["2026-01-02", "2026-01-03"])})
    assert done(files.write_parquet, path="t.parquet", rows=frame)["rows"] == 2
    pd.testing.assert_frame_equal(done(files.read_parquet, path="t.parquet"), frame)
    assert done(files.read_parquet, path="t.parquet", columns=["t", "n"], **{"as": "rows"}) == [
        {"t": "a", "n": 1},
        {"t": None, "n": 2},
    ]
    assert "There is no column 'x'" in refused(files.read_parquet, path="t.parquet", columns=["x"])


def test_rows_are_written_as_parquet_too() -> None:
    done(files.write_parquet, path="t.parquet", rows=[{"a": 1}, {"a": 2}])
    assert done(files.read_parquet, path="t.parquet")["a"].tolist() == [1, 2]


def test_what_is_no_parquet_is_told(root: Path) -> None:
    (root / "t.parquet").write_text("hello")
    assert "t.parquet is not a Parquet file" in refused(files.read_parquet, path="t.parquet")
    assert "do not fit a Parquet file" in refused(files.write_parquet, path="u", rows=[{"a": 1}, {"a": "x"}])


@pytest.mark.parametrize("module", ["pandas", "pyarrow"])
def test_without_pandas_or_pyarrow_the_way_to_get_them_is_told(
    root: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    (root / "t.csv").write_text("a\n1\n")
    monkeypatch.setitem(sys.modules, module, None)
    assert done(files.read_csv, path="t.csv") == [{"a": 1}]
    assert "pip install 'jupyter-flowbook[data]'" in refused(files.read_parquet, path="t.csv")
    if module == "pandas":
        assert "pip install 'jupyter-flowbook[data]'" in refused(files.read_csv, path="t.csv", **{"as": "dataframe"})


# --- looking after files -----------------------------------------------------------------------------------------


def test_glob_lists_files_with_size_and_time(root: Path) -> None:
    for name in ("b.csv", "a.csv", "c.txt", "deep/er/d.csv", ".flowbook/x.csv"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("12345")
    os.utime(root / "a.csv", (0, 0))
    found = done(files.glob, pattern="*.csv")
    assert [entry["path"] for entry in found] == ["a.csv", "b.csv"]
    assert found[0] == {"path": "a.csv", "size": 5, "modified": "1970-01-01T00:00:00Z"}
    assert [entry["path"] for entry in done(files.glob, pattern="**/*.csv")] == ["a.csv", "b.csv", "deep/er/d.csv"]
    assert done(files.glob, pattern="*.nothing") == []


def test_glob_does_not_lead_out(root: Path) -> None:
    (root.parent / "secret.txt").touch()
    (root / "link.txt").symlink_to(root.parent / "secret.txt")
    (root / "folder").symlink_to(root.parent)
    assert done(files.glob, pattern="**/*.txt") == []
    assert done(files.glob, pattern="folder/*.txt") == []
    for pattern in ("../*", "/etc/*", "folder/../../*"):
        assert "leads out" in refused(files.glob, pattern=pattern)


def test_glob_says_when_there_were_more(root: Path) -> None:
    for number in range(5):
        (root / f"{number}.txt").touch()
    result = files.glob({}, {"pattern": "*", "limit": 3})
    assert len(result["data"]) == 3
    assert "cut at the limit of 3" in result["message"]


def test_exists_tells_files_folders_and_nothing_apart(root: Path) -> None:
    (root / "sub").mkdir()
    (root / "a.txt").write_text("abc")
    (root / "dead").symlink_to("nowhere")
    found = done(files.exists, path="a.txt")
    assert (found["exists"], found["kind"], found["size"]) == (True, "file", 3)
    assert done(files.exists, path="sub")["kind"] == "folder"
    for path in ("dead", "no/such.txt"):
        assert done(files.exists, path=path) == {"exists": False, "kind": None, "size": None, "modified": None}


def test_delete_takes_a_file_or_a_link_and_is_content_without(root: Path) -> None:
    (root / "a.txt").touch()
    (root / "link").symlink_to("a.txt")
    assert done(files.delete, path="link") == {"deleted": True}
    assert (root / "a.txt").exists()
    assert done(files.delete, path="a.txt") == {"deleted": True}
    assert done(files.delete, path="a.txt") == {"deleted": False}


def test_delete_takes_a_full_folder_only_when_told(root: Path) -> None:
    (root / "sub" / "deep").mkdir(parents=True)
    assert "is not empty" in refused(files.delete, path="sub")
    done(files.delete, path="sub/deep")
    (root / "sub" / "a.txt").touch()
    done(files.delete, path="sub", recursive=True)
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("path", [".", "sub/..", ".flowbook", "integrations", "other"])
def test_delete_and_move_leave_the_root_workspaces_and_code_alone(root: Path, path: str) -> None:
    for name in (".flowbook", "integrations/x", "sub", "other/.flowbook"):
        (root / name).mkdir(parents=True)
    before = sorted(root.rglob("*"))
    refused(files.delete, path=path, recursive=True)
    refused(files.move, source=path, target="moved")
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize("task", [files.copy, files.move])
def test_copy_and_move_overwrite_only_when_told(root: Path, task: Callable[..., Any]) -> None:
    (root / "a.txt").write_text("new")
    (root / "b.txt").write_text("old")
    assert "There is a file b.txt already" in refused(task, source="a.txt", target="b.txt")
    assert done(task, source="a.txt", target="b.txt", overwrite=True)["path"] == "b.txt"
    assert (root / "b.txt").read_text() == "new"
    assert (root / "a.txt").exists() == (task is files.copy)


def test_copy_and_move_make_missing_folders(root: Path) -> None:
    (root / "a.txt").write_text("x")
    done(files.copy, source="a.txt", target="one/b.txt")
    done(files.move, source="one", target="two/three")
    assert (root / "two/three/b.txt").read_text() == "x"
    assert "only files can be copied" in refused(files.copy, source="two", target="four")


@pytest.mark.parametrize("task", [files.copy, files.move])
def test_copy_and_move_stay_inside(root: Path, task: Callable[..., Any]) -> None:
    (root / "a.txt").touch()
    assert "outside" in refused(task, source="a.txt", target="../b.txt")
    assert "outside" in refused(task, source="../a.txt", target="b.txt")
    assert "There is no 'x.txt'" in refused(task, source="x.txt", target="b.txt")


# --- long cells, bytes, texts that are none ----------------------------------------------------------------------


def test_a_cell_of_any_length_comes_back(root: Path) -> None:
    rows = [{"id": 1, "text": "x" * 500_000}]
    done(files.write_csv, path="long.csv", rows=rows)
    assert done(files.read_csv, path="long.csv") == rows
    assert "more than 1,000" in refused(files.read_csv, path="long.csv", max_bytes=1_000)


def test_bytes_are_base64_where_a_file_holds_text_only(root: Path) -> None:
    rows = [{"n": 1, "raw": b"\x00\xff"}]
    done(files.write_json, path="a.json", data={"rows": rows, "frame": pd.DataFrame(rows)})
    read = [{"n": 1, "raw": "AP8="}]
    assert done(files.read_json, path="a.json") == {"rows": read, "frame": read}
    done(files.write_csv, path="a.csv", rows=[*rows, {"n": 2, "raw": [bytearray(b"\x00\xff")]}])
    assert [row["raw"] for row in done(files.read_csv, path="a.csv")] == ["AP8=", '["AP8="]']
    done(files.write_parquet, path="a.parquet", rows=rows)
    assert done(files.read_parquet, path="a.parquet", **{"as": "rows"}) == rows


LONE = "a\ud800b"


def test_lone_surrogates_become_escapes_which_json_reads_again(root: Path) -> None:
    done(files.write_json, path="a.json", data={"rows": [LONE, "ä"], LONE: 1})
    assert done(files.read_json, path="a.json") == {"rows": [LONE, "ä"], LONE: 1}
    done(files.write_json, path="b.json", data=[LONE], lines=True)
    assert done(files.read_json, path="b.json", lines=True) == [LONE]
    done(files.write_csv, path="a.csv", rows=[{LONE: LONE, "list": [LONE]}])
    assert done(files.read_csv, path="a.csv") == [{r"a\ud800b": r"a\ud800b", "list": r'["a\ud800b"]'}]
    for encoding in ("utf-8", "latin-1", "utf-16"):
        done(files.write_text, path="a.txt", text=LONE, encoding=encoding)
        assert done(files.read_text, path="a.txt", encoding=encoding) == r"a\ud800b"
    done(files.write_text, path="a.txt", text=LONE, append=True)


@pytest.mark.parametrize(
    ("task", "params"),
    [
        (files.write_text, {"path": "it", "text": "new"}), (files.write_json, {"path": "it", "data": "new"}),
        (files.write_csv, {"path": "it", "rows": [{"a": 1}]}),
        (files.write_parquet, {"path": "it", "rows": [{"a": 1}]}),
        (files.copy, {"source": "new", "target": "it", "overwrite": True}),
        (files.move, {"source": "new", "target": "it", "overwrite": True}), (files.delete, {"path": "it"}),
    ],
)  # fmt: skip
def test_what_has_another_name_outside_by_a_hard_link_is_replaced_here_and_stays_as_it_was_there(
    root: Path, tmp_path: Path, task: Callable[..., Any], params: dict[str, Any]
) -> None:
    """No path tells a hard link; what writes whole files makes a new one. Only what adds to a file adds to it there."""
    outside = tmp_path / "outside"
    outside.write_text("old")
    (root / "it").hardlink_to(outside)
    (root / "new").write_text("new")
    done(task, **params)
    assert outside.read_text() == "old"
    assert not (root / "it").exists() or not (root / "it").samefile(outside)


def test_no_task_makes_a_link_of_any_kind(root: Path) -> None:
    (root / "one").write_text("1")
    done(files.copy, source="one", target="two")
    assert ((root / "two").stat().st_nlink, (root / "two").is_symlink()) == (1, False)
