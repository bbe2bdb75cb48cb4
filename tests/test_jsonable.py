"""Data of any kind as plain JSON: bytes are base64 wherever they are, and nothing keeps it from being made."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import json
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from flowbook.cli import run as command_line
from flowbook.redaction import Redactor
from flowbook.view.jsonable import jsonable

RAW = b"\x00\xff"
TEXT = "AP8="


@dataclasses.dataclass
class Holding:
    inner: Any


@pytest.mark.parametrize(
    ("data", "plain"),
    [
        (RAW, TEXT),
        ([RAW, bytearray(RAW), memoryview(RAW)], [TEXT] * 3),
        ({"a": {"b": RAW}}, {"a": {"b": TEXT}}),
        (pd.DataFrame({"n": [1, 2], "raw": [RAW, None]}), [{"n": 1, "raw": TEXT}, {"n": 2, "raw": None}]),
        (pd.Series([RAW, None]), [TEXT, None]),
        (np.array([RAW], dtype=object), [TEXT]),
        ({"frames": [pd.DataFrame({"raw": [RAW]})]}, {"frames": [[{"raw": TEXT}]]}),
        ({RAW}, [TEXT]),
        (deque([RAW, 1]), [TEXT, 1]),
        ((RAW,), [TEXT]),
        (Holding(RAW), {"inner": TEXT}),
        (pd.DataFrame({"cell": [{"raw": RAW}, [RAW]]}), [{"cell": {"raw": TEXT}}, {"cell": [TEXT]}]),
        (Holding([Holding(pd.DataFrame({"raw": [RAW]}))]), {"inner": [{"inner": [{"raw": TEXT}]}]}),
    ],
)
def test_bytes_are_base64_in_whatever_they_are(data: Any, plain: Any) -> None:
    assert jsonable(data, lambda value: value) == plain


@pytest.mark.parametrize("key", [np.int64(5), (1, 2), b"k", dt.date(2026, 1, 2), pd.Timestamp("2026-01-02")])
def test_a_key_that_is_no_text_is_its_text_and_the_rest_stays_data(key: Any) -> None:
    plain = {str(key): [TEXT, {str(key): 1}]}
    data = {key: [RAW, {key: 1}]}
    for given, expected in (
        (data, plain),
        ([data], [plain]),
        (pd.DataFrame({"cell": [data]}), [{"cell": plain}]),
        (Holding(data), {"inner": plain}),
    ):
        assert jsonable(given, lambda value: value) == expected


class Sullen:
    """An object that says nothing of itself, whatever it is asked."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__array"):  # which NumPy asks as it puts it into a table, older ones without a catch
            raise AttributeError(name)
        raise RuntimeError(name)

    def __repr__(self) -> str:
        raise RuntimeError


SULLEN = {
    "alone": Sullen(),
    "in a list": [Sullen()],
    "deeper": {"a": Holding(Sullen())},
    "in a table": pd.DataFrame({"c": [Sullen()]}),
}


@pytest.mark.parametrize("data", SULLEN.values(), ids=SULLEN)
def test_what_cannot_be_looked_at_keeps_no_document_from_being_made(data: Any) -> None:
    for clean in (lambda value: value, Redactor(["tok-5ecret-9876543210"]).redact_json):
        assert json.dumps(jsonable({"all": data, "raw": RAW}, clean))


def test_a_secret_in_bytes_is_hidden() -> None:
    secret = "tok-5ecret-9876543210"
    shown = jsonable(
        [secret.encode(), {"frame": pd.DataFrame({"raw": [secret.encode()]})}], Redactor([secret]).redact_json
    )
    text = json.dumps(shown)
    assert secret not in text
    assert base64.b64encode(secret.encode()).decode().rstrip("=")[:20] not in text


@pytest.mark.parametrize("code", ["pd.DataFrame({'raw': [b'ab']})", "[{'raw': b'ab'}]"])
def test_a_run_with_bytes_prints_its_document_and_ends_with_0(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    file = tmp_path / "raw.flow.yaml"
    code = "import pandas as pd\n" + code
    nodes = json.dumps({"a": {"task": "core.python", "params": {"code": code}}})
    file.write_text(f"flowbook: 1\nname: raw\nnodes: {nodes}\n")
    assert command_line(["-C", str(tmp_path), "run", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["nodes"]["a"]["data"] == [{"raw": "YWI="}]
