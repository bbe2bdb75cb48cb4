"""Durations are said in one way, in Python and in the browser."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import flowbook
from flowbook.models import Predicate
from flowbook.validation import Problem, Report
from flowbook.view.wording import duration, problem_there, problem_words

SAID = [
    (None, "–"),
    (-0.001, "1 ms"),
    (0.0, "1 ms"),
    (0.0004, "1 ms"),
    (0.0015, "2 ms"),
    (0.12, "120 ms"),
    (0.9994, "999 ms"),
    (0.9995, "1.0 s"),
    (1.25, "1.3 s"),
    (9.949, "9.9 s"),
    (9.95, "10 s"),
    (59.6, "60 s"),
    (119.4, "119 s"),
    (119.5, "2 min 0 s"),
    (179.4, "2 min 59 s"),
    (179.6, "3 min 0 s"),
    (3599.4, "59 min 59 s"),
    (3599.5, "1 h 0 min"),
    (7169.0, "1 h 59 min"),
    (7170.0, "2 h 0 min"),
    (360_000.0, "100 h 0 min"),
]


@pytest.mark.parametrize(("seconds", "words"), SAID)
def test_a_duration_is_rounded_first_and_split_then(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


@given(st.floats(0, 1e7))
def test_no_part_of_a_duration_is_as_large_as_the_next_unit(seconds: float) -> None:
    words = duration(seconds).split()
    most = {("ms",): [999], ("s",): [119], ("min", "s"): [59, 59], ("h", "min"): [10_000, 59]}[tuple(words[1::2])]
    assert all(float(number) <= limit for number, limit in zip(words[::2], most, strict=True))


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_what_took_longer_is_never_said_to_have_taken_less(one: float, other: float) -> None:
    units = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}

    def read(words: str) -> float:
        parts = words.split()
        return sum(float(number) * units[unit] for number, unit in zip(parts[::2], parts[1::2], strict=True))

    shorter, longer = sorted((one, other))
    assert read(duration(shorter)) <= read(duration(longer))


def test_a_problem_reads_as_a_sentence_that_calls_its_field_as_the_form_does() -> None:
    def problem(field: str, message: str) -> Problem:
        report = Report()
        report.add("some-code", "ask", field, message, "Mend it.")
        return report.problems[0]

    def words(field: str, message: str) -> str:
        return problem_words(problem(field, message))

    assert words("params.url", Predicate("is required.")) == "url is required. Mend it."
    assert words("params.url", Predicate("must be text.")) == "url must be text. Mend it."
    assert (
        words("integration", Predicate("is missing: it has none.")) == "Integration is missing: it has none. Mend it."
    )
    assert words("task", "there is no task 'a.b'.") == "Task: there is no task 'a.b'. Mend it."
    assert words("task", "is that a task?") == "Task: is that a task? Mend it."
    assert words("", "it has no nodes.") == "it has no nodes. Mend it."
    assert problem_there(problem("url", Predicate("must be text."))) == "This must be text. Mend it."
    assert problem_there(problem("task", "is that a task?")) == "is that a task? Mend it."


def test_the_run_panel_says_a_duration_in_the_same_words() -> None:
    """Around every boundary, and over the whole range."""
    edges = [seconds for seconds, _ in SAID if seconds is not None]
    values = [edge + step * 1e-4 for edge in edges for step in range(-20, 21)]
    values += [1.0173**power / 1e4 for power in range(1500)]
    script = Path(flowbook.__file__).parent / "ui" / "parts" / "wording.js"
    code = f"{script.read_text()}\nprint({json.dumps([None, *values])}.map(duration))"
    assert _javascript(code) == [duration(seconds) for seconds in [None, *values]]


def _javascript(code: str) -> list[str]:
    node = shutil.which("node")
    if node is None:
        driver = pytest.importorskip("playwright._impl._driver", reason="no JavaScript outside of a browser here")
        node = str(driver.compute_driver_executable()[0])
    made = code.replace("print(", "console.log(JSON.stringify(") + ")"
    done = subprocess.run([node, "--input-type=module", "-"], input=made, capture_output=True, text=True, check=True)
    said: list[str] = json.loads(done.stdout)
    return said
