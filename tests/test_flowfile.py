"""Workflow files: read safely, written the same each time."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flowbook.errors import FileFormatError, InvalidWorkflow, NotFound
from flowbook.formats.flowfile import dumps, loads, read_document, read_flow_file, write_flow_file
from flowbook.models import Workflow

DAILY_REPORT = """\
flowbook: 1
name: daily-report
description: Post the number of open issues to Slack
inputs:
  repo: {type: string, default: octocat/hello-world}
nodes:
  fetch:
    task: github.list_issues
    integration: My GitHub
    params: {repo: "${{ inputs.repo }}"}
    retry: {attempts: 3, wait: 2, backoff: 2}
    timeout: 30
  notify:
    task: slack.send_message
    integration: My Slack Workspace
    params:
      text: "${{ len(nodes.fetch.data) }} open issues in ${{ inputs.repo }}"
edges:
- {from: fetch, to: notify}
layout:
  fetch: [80, 120]
  notify: [320, 120]
"""


def flow_with(**params: object) -> Workflow:
    flow = Workflow(name="x")
    flow.add("a", "core.set", params=params)
    return flow


def document(text: str) -> dict[str, object]:
    return read_document(text)[0]


# -- writing ---------------------------------------------------------------------------------------------------


def test_importing_and_exporting_a_file_gives_equal_bytes() -> None:
    assert dumps(loads(DAILY_REPORT)) == DAILY_REPORT


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("openapi: 3.0.0\ninfo: {title: X, version: '1'}\npaths: {}\n", "--openapi"),
        ('{"swagger": "2.0", "info": {}, "paths": {}}', "--openapi"),
        ('{"mcpServers": {"files": {"command": "npx"}}}', "--mcp"),
        ('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "flowbook run"),
    ],
)
def test_a_file_that_another_command_takes_is_refused_with_that_command(text: str, told: str) -> None:
    for read in (loads, read_document):
        with pytest.raises(FileFormatError, match="is no workflow") as refusal:
            read(text)
        assert told in refusal.value.hint


def test_text_of_several_lines_becomes_a_literal_block() -> None:
    text = dumps(flow_with(code="x = 1\n\nif x:\n    print(x)\n", note="two\nlines"))
    assert "    params:\n      code: |\n        x = 1\n\n        if x:\n            print(x)\n      note: |-\n" in text


def test_params_that_do_not_fit_on_a_line_become_a_block_with_short_parts_kept_on_theirs() -> None:
    text = dumps(
        flow_with(head={"a": 1, "b": [True, None]}, body=["x" * 50, "y" * 50], rows=[["z" * 90, 1], {"k": "w" * 90}])
    )
    assert "      head: {a: 1, b: [true, null]}\n" in text
    assert f"      body:\n      - {'x' * 50}\n      - {'y' * 50}\n" in text
    assert f"      rows:\n      - - {'z' * 90}\n        - 1\n      - k: {'w' * 90}\n" in text


def test_an_edge_says_on_without_quotes() -> None:
    flow = Workflow(name="x")
    flow.add("a", "core.noop")
    flow.add("b", "core.noop")
    flow.connect("a", "b", on="failure", when="nodes.a.data > 1")
    assert '- {from: a, to: b, on: failure, when: "nodes.a.data > 1"}\n' in dumps(flow)


@pytest.mark.parametrize(
    "text",
    ["", "yes", "No", "on", "y", "null", "Null", "~", "true", "1", "-1.5", "1e3", "0x1F", "0o17", "017", "1_000",
     "12:30",      "2026-01-31",
     "2026-01-31T10:00:00Z", ".nan", "NaN", "Infinity", ".inf", "a: b", "a #b", " a", "a ", "- a", "?", "=",
     "<<", "*a", "&a", "!a", "%a", "@a", "`a", "{a}", "[a]", "'", '"', "\\", "a\tb", "\n", "a\n ",
     "\n a", "---", "..."],
)  # fmt: skip
def test_text_that_a_yaml_reader_might_take_for_something_else_stays_text(text: str) -> None:
    written = dumps(flow_with(value=text, **{f"{text}-": 0, text: 1}))
    params = {"value": text, f"{text}-": 0, text: 1}
    assert dict(loads(written).nodes["a"].params) == params
    assert yaml.safe_load(written)["nodes"]["a"]["params"]["value"] == text


def test_letters_of_all_languages_and_emoji_are_kept_as_they_are() -> None:
    text = dumps(flow_with(text="Grüße, 世界 🎉"))
    assert '"Grüße, 世界 🎉"' in text


def test_characters_that_people_cannot_see_are_written_as_escapes() -> None:
    text = dumps(flow_with(text="a\u202eb\u200bc\ufeffd\u2028e\x85f"))
    assert text.isprintable() or text.replace("\n", "").isprintable()
    assert loads(text).nodes["a"].params["text"] == "a\u202eb\u200bc\ufeffd\u2028e\x85f"


def test_keys_of_any_length_are_read_back() -> None:
    flow = flow_with(**{"k" * 3000: {"ü" * 2000: 1}})
    assert loads(dumps(flow)) == flow
    assert yaml.safe_load(dumps(flow))["nodes"]["a"]["params"] == {"k" * 3000: {"ü" * 2000: 1}}


NASTY = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.text(" \t\n\r:#-?,[]{}&*!|>'\"%@`~=.\\0x1ea\x85\u2028\ufeff", max_size=12),
    st.sampled_from(
        ["on", "yes", "null", "~", "1.0", "1e5", "2026-01-31", "a\nb\n", "a\n\tb", "a\n\n", "${{ x }}", "<<"]
    ),
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(10**40), max_value=10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | NASTY,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NASTY, inner, max_size=4),
    max_leaves=12,
)
IDS = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True)


@st.composite
def workflows(draw: st.DrawFn) -> Workflow:
    flow = Workflow(name="generated", description=draw(NASTY))
    for name in draw(st.lists(IDS, max_size=2, unique=True)):
        flow.set_input(name, "json", default=draw(JSON), description=draw(NASTY))
    ids = draw(st.lists(IDS, max_size=4, unique=True))
    for id in ids:
        at = draw(st.none() | st.tuples(st.integers(-999, 999), st.floats(-999, 999)))
        fields = draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "label": NASTY, "notes": NASTY, "when": NASTY | st.booleans(),
                    "for_each": NASTY | st.lists(JSON, max_size=3),
                    "retry": st.fixed_dictionaries(
                        {"attempts": st.integers(1, 9)}, optional={"wait": st.floats(0, 1e20), "until": NASTY}
                    ),
                    "timeout": st.floats(0.001, 1e9), "on_error": st.sampled_from(["stop", "continue"]),
                    "join": st.sampled_from(["all", "any"]), "disabled": st.booleans(), "pinned": JSON,
                },
            )
        )  # fmt: skip
        flow.add(
            id, "core.set", draw(st.none() | NASTY), draw(st.dictionaries(NASTY, JSON, max_size=4)), at=at, **fields
        )
    for i, id in enumerate(ids[1:]):
        flow.connect(ids[i], id, draw(st.sampled_from(["success", "failure", "always"])), draw(st.none() | NASTY))
    if draw(st.booleans()):
        flow.set_note("note", draw(NASTY), (1.5, 2))
    return flow


@given(workflows())
def test_whatever_a_workflow_holds_it_is_read_back_equal_and_written_the_same_again(flow: Workflow) -> None:
    text = dumps(flow)
    again = loads(text)
    assert again == flow
    assert dumps(again) == text


@given(JSON)
def test_other_yaml_readers_read_the_same_values(value: object) -> None:
    flow = flow_with(value=value)
    read = yaml.safe_load(dumps(flow))["nodes"]["a"]["params"]
    assert repr(read) == repr(flow.nodes["a"].params)


@given(st.text(max_size=60) | st.text("abon: \n-{}[]&*!|>'\"1.\t#", max_size=40))
def test_any_text_is_read_or_refused_with_its_place(text: str) -> None:
    try:
        outcome: object = document(text)
    except FileFormatError as error:
        outcome = error
    if isinstance(outcome, FileFormatError):
        assert outcome.message.startswith("workflow:")
        assert outcome.hint
    else:
        assert isinstance(outcome, dict)


def test_a_workflow_too_large_to_be_read_again_is_not_written() -> None:
    with pytest.raises(FileFormatError, match="larger than 5 MiB"):
        dumps(flow_with(data="x" * (5 * 1024 * 1024)))


# -- reading ---------------------------------------------------------------------------------------------------


def test_only_true_and_false_are_booleans_and_dates_stay_text() -> None:
    words = ["yes", "no", "on", "off", "y", "2026-01-31", "2026-01-31 10:00:00", "12:30", "017", "1_000"]
    assert document(f"a: [true, False, {', '.join(words)}, ~]")["a"] == [True, False, *words, None]


def test_keys_are_text_whatever_they_look_like() -> None:
    assert document("on: 1\n2: x\ntrue: y\n2026-01-31: z\n~: n\n") == {
        "on": 1,
        "2": "x",
        "true": "y",
        "2026-01-31": "z",
        "~": "n",
    }


def test_numbers_are_read_as_whole_or_decimal() -> None:
    assert repr(document("a: [1, -2, +3, 0x1F, 1.5, 1., .5, 1e3, -1.0e-2, 1.0]")["a"]) == (
        "[1, -2, 3, 31, 1.5, 1.0, 0.5, 1000.0, -0.01, 1.0]"
    )


def test_a_byte_order_mark_is_ignored() -> None:
    assert document("\ufeffa: 1") == {"a": 1}


def test_json_is_read_too() -> None:
    assert document('{"flowbook": 1, "nodes": {"a": {"task": "core.noop"}}}')["nodes"] == {"a": {"task": "core.noop"}}


JSON_TEXTS = st.text(
    st.sampled_from('\\"u😀🏳d83e00\n\x7f\x85\u2028\ufffe') | st.characters(exclude_categories=["Cs"]), max_size=20
)


@given(st.dictionaries(JSON_TEXTS, JSON_TEXTS, max_size=3), st.sampled_from([None, 2, "\t"]), st.booleans())
def test_json_is_read_as_other_programs_write_it(given: dict[str, str], indent: int | str | None, ascii: bool) -> None:
    assert document(json.dumps(given, indent=indent, ensure_ascii=ascii)) == given


def test_text_that_only_looks_like_an_escape_of_json_stays_what_it_is() -> None:
    assert document("a: \\ud83d\\ude00")["a"] == "\\ud83d\\ude00"
    assert document('{"a": "\\\\ud83d\\\\ude00", "b": "\\ud83d\\ude00"}') == {"a": "\\ud83d\\ude00", "b": "😀"}


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("", "1:1", "this is empty"),
        ("- a", "1:1", "not a mapping"),
        ("a: 1\nb: 2\na: 3", "3:1", "the key 'a' is there twice, first on line 1"),
        ("n: {x: 1, x: 2}", "1:11", "the key 'x' is there twice, first on line 1"),
        ("a: .nan", "1:4", ".nan is not a number"),
        ("a: [1, NaN]", "1:8", "NaN is not a number"),
        ("a: -.inf", "1:4", "-.inf is not a number"),
        ("a: Infinity", "1:4", "Infinity is not a number"),
        ("a: 1e999", "1:4", "too large"),
        ("a: " + "9" * 5000, "1:4", "more than 4000 digits"),
        ("a: !!python/object:os.system x", "1:4", "the tag !!python/object:os.system is not part"),
        ("a: !!binary aGk=", "1:4", "the tag !!binary"),
        ("a: !mine {}", "1:4", "the tag !mine"),
        ("a: !!int x", "1:4", "does not fit its tag !!int"),
        ("a:\n\tb: 1", "2:1", "begins with a tab"),
        ("a: b: c", "1:5", "second ': '"),
        ("a: @b", "1:4", "cannot begin with this character"),
        ("a: {b: 1", "2:1", "cannot be read as YAML"),
        ("a: 'b", "1:6", "cannot be read as YAML"),
        ("a: x\x01y", "1:5", "a character that YAML does not allow"),
        ("a: 1\n---\nb: 2", "2:1", "a second document"),
        ("a: &a [1, *a]", "1:11", "stands inside of what it repeats"),
        ("a: *b", "1:4", "there is no &b before this"),
        ("<<: {a: 1}", "1:1", "merging with <<"),
        ("[1, 2]: x", "1:1", "a key must be plain text"),
        ("&a x: 1\n*a : 2", "2:1", "there is no &a before"),
    ],
)
def test_what_cannot_be_read_is_refused_with_line_column_and_remedy(text: str, place: str, what: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        read_document(text, "my.flow.yaml")
    assert caught.value.message.startswith(f"my.flow.yaml:{place}: ")
    assert what in caught.value.message
    assert caught.value.hint


def test_fifty_levels_are_read_and_one_more_is_refused() -> None:
    assert document("a: " + "[" * 49 + "]" * 49)
    with pytest.raises(FileFormatError, match="more than 50 levels"):
        document("a: " + "[" * 50 + "]" * 50)


@pytest.mark.parametrize(
    "repeated", ["[", "{a: ", "[{", "[{a: [", "[[], ", '[{"}]": ', "['}]', ", "[\n ", "[ # ]\n ", "[? ", "&a ["]
)
@pytest.mark.parametrize("before", ["", "a: ", "a:\n  b: [x]\n  c: "])
def test_a_file_that_nests_without_end_is_refused_early(before: str, repeated: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        document(before + repeated * (1_000_000 // len(repeated)))
    assert "cannot be read" not in caught.value.message, "the parser's limit came before ours"


@pytest.mark.parametrize(
    "text", ["[" * 1_000_000, "a: " + "{a: " * 200_000, "a: " + '[{"}]": ' * 100_000, "- " * 100_000]
)
def test_it_is_refused_for_its_levels(text: str) -> None:
    with pytest.raises(FileFormatError, match="more than 50 levels"):
        document(text)


@pytest.mark.parametrize("limit", [51, 200, 999])
def test_the_limit_on_levels_is_flowbook_s_whatever_the_parser_s_is(
    limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(text: str, Loader: type) -> Iterator[Any]:
        mark = yaml.Mark("file", limit, 0, limit, None, None)
        raise yaml.parser.ParserError(None, None, "of another kind", mark)
        yield

    monkeypatch.setattr(yaml, "parse", parse)
    with pytest.raises(FileFormatError, match=r":1:51: this is nested more than 50 levels deep"):
        document("[" * 1_000_000)


def test_what_is_wrong_after_many_brackets_is_not_taken_for_their_nesting() -> None:
    for text in ("a: " + "[], " * 200, "a: [" + "[x], " * 200 + "@", "a: '" + "[" * 200, "a: [" + "'[', " * 100 + "`"):
        with pytest.raises(FileFormatError) as caught:
            document(text)
        assert "levels" not in caught.value.message


def test_levels_are_counted_through_aliases() -> None:
    deep = "a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 10 + "*a" + "]" * 10
    with pytest.raises(FileFormatError, match="more than 50 levels"):
        document(deep)


def test_an_alias_repeats_its_value() -> None:
    assert document("a: &x {k: [1]}\nb: *x\nc: [*x]") == {"a": {"k": [1]}, "b": {"k": [1]}, "c": [{"k": [1]}]}


def test_aliases_that_expand_without_end_are_refused() -> None:
    rows = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    with pytest.raises(FileFormatError, match="expand to more than"):
        document("\n".join(rows))


def test_hundreds_of_aliases_are_refused() -> None:
    with pytest.raises(FileFormatError, match="more than 200 uses"):
        document("a: &x 1\nb: [" + ", ".join(["*x"] * 201) + "]")


def test_a_file_of_more_than_five_mebibytes_is_refused(tmp_path) -> None:
    path = tmp_path / "large.flow.yaml"
    path.write_bytes(b"a: " + b"x" * (5 * 1024 * 1024) + b"\xff")
    with pytest.raises(FileFormatError, match="larger than 5 MiB"):
        read_flow_file(path)


def test_a_workflow_of_ten_thousand_nodes_is_read_back() -> None:
    flow = Workflow.from_document(
        {
            "flowbook": 1,
            "name": "large",
            "nodes": {f"n{i}": {"task": "core.noop", "params": {"i": i}} for i in range(10_000)},
            "edges": [{"from": f"n{i}", "to": f"n{i + 1}"} for i in range(9_999)],
        }
    )
    assert loads(dumps(flow)) == flow


def test_positions_give_the_line_of_a_node_s_field_or_of_what_is_around_it() -> None:
    _, positions = read_document(DAILY_REPORT)
    assert positions.line("notify", "params.text") == 17
    assert positions.line("notify", "params.text.deeper") == 17
    assert positions.line("notify", "when") == 13
    assert positions.line("fetch") == 7
    assert positions.line("", "edges[0].to") == 19
    assert positions.line("", "inputs.repo.default") == 5
    assert positions.line("", "nothing") is None


def test_text_that_is_no_workflow_names_the_file_and_the_field() -> None:
    with pytest.raises(InvalidWorkflow, match=r"^my\.yaml: node a: tusk: there is no such field"):
        loads("flowbook: 1\nname: x\nnodes: {a: {task: core.noop, tusk: 1}}", "my.yaml")


# -- files -----------------------------------------------------------------------------------------------------


def test_a_written_file_is_read_back_and_nothing_is_left_beside_it(tmp_path) -> None:
    flow = loads(DAILY_REPORT)
    path = tmp_path / "daily.flow.yaml"
    write_flow_file(flow, path)
    write_flow_file(flow, str(path))
    assert read_flow_file(path) == flow
    assert path.read_bytes() == DAILY_REPORT.encode()
    assert [each.name for each in tmp_path.iterdir()] == ["daily.flow.yaml"]


def test_writing_keeps_the_permissions_and_follows_a_link(tmp_path) -> None:
    path, link = tmp_path / "real.flow.yaml", tmp_path / "link.flow.yaml"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_flow_file(loads(DAILY_REPORT), link)
    assert link.is_symlink()
    assert path.read_text() == DAILY_REPORT
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_failed_write_leaves_the_old_file_whole(tmp_path, monkeypatch) -> None:
    path = tmp_path / "x.flow.yaml"
    path.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileFormatError, match="No space left on device"):
        write_flow_file(loads(DAILY_REPORT), path)
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["x.flow.yaml"]


def test_a_missing_folder_a_missing_file_and_a_folder_are_said_to_be_so(tmp_path) -> None:
    with pytest.raises(FileFormatError, match="cannot be written: No such file or directory"):
        write_flow_file(loads(DAILY_REPORT), tmp_path / "none" / "x.yaml")
    with pytest.raises(NotFound, match=r"there is no file .*nope\.yaml"):
        read_flow_file(tmp_path / "nope.yaml")
    with pytest.raises(FileFormatError, match="cannot be read: Is a directory"):
        read_flow_file(tmp_path)


def test_a_file_that_is_not_utf_8_says_where(tmp_path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"a: 1\nb: Gr\xfc\xdfe\n")
    with pytest.raises(FileFormatError, match=r"latin\.yaml:2:6: this is not UTF-8"):
        read_flow_file(path)
