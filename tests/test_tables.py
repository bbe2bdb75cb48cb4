"""Tables as integrations take them in: each gets the same rows out of the same DataFrame."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from flowbook import tables
from flowbook.errors import TaskFailed
from integrations.files.frames import rows_of
from integrations.postgres.values import mappings
from integrations.sqlite.values import objects

FRAME = pd.DataFrame({"id": [1, 2], "at": pd.to_datetime(["2026-01-31", None]), "name": ["Ann", None]})


TAKING = [
    pytest.param(mappings, id="postgres"), pytest.param(objects, id="sqlite"), pytest.param(rows_of, id="files"),
]  # fmt: skip


@pytest.mark.parametrize("rows", TAKING)
def test_every_integration_that_takes_rows_takes_those_of_a_dataframe_with_missing_cells_as_none(rows) -> None:
    first, second = list(rows(FRAME))
    assert (first["id"], first["name"]) == (1, "Ann")
    assert (second["at"], second["name"]) == (None, None)


@pytest.mark.parametrize("rows", TAKING)
def test_two_columns_of_one_name_are_refused_by_every_integration_as_one_of_them_would_be_lost(rows) -> None:
    with pytest.raises(TaskFailed, match="same name"):
        list(rows(pd.DataFrame([[1, 2]], columns=["id", "id"])))


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.int64(3), 3), (np.float32(0.5), 0.5), (np.bool_(True), True), (np.array([1, 2]), [1, 2]),
        (pd.Timestamp("2026-01-31T08:00:00Z"), "2026-01-31T08:00:00+00:00"), (pd.NaT, None), (pd.NA, None),
        ("text", "text"),
    ],
)  # fmt: skip
def test_a_value_of_numpy_or_pandas_becomes_one_of_pythons(value: Any, plain: Any) -> None:
    found = tables.scalar(value)
    assert (type(found), found) == (type(plain), plain)


def test_a_column_name_that_comes_again_is_numbered() -> None:
    assert tables.column_names(["a", "b", "a", "a_2"]) == ["a", "b", "a_2", "a_2_2"]
