"""PDFs: that of the standard, those of matplotlib, and those that are locked or damaged."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowbook import Workflow, Workspace
from flowbook.tasks import Context, running_as
from flowbook.testing import check_contract
from integrations import pdf
from tests.integrations.examples import examples

PASSWORD = "hunter2-hunter2"


def simple(*texts: str) -> bytes:
    """The file of ISO 32000-1, annex H.3 ("Simple text string example"), with a page for each text."""
    kids = " ".join(f"{7 + 2 * n} 0 R" for n in range(len(texts)))
    objects = [
        "<< /Type /Catalog /Outlines 2 0 R /Pages 3 0 R >>",
        "<< /Type /Outlines /Count 0 >>",
        f"<< /Type /Pages /Kids [ {kids} ] /Count {len(texts)} >>",
        "[ /PDF /Text ]",
        "<< /Type /Font /Subtype /Type1 /Name /F1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        "<< /Title (A Title) /Author (Ada) /CreationDate (D:20260131093000+01'00') /ModDate (never) >>",
    ]
    for number, text in enumerate(texts):
        drawn = f"BT /F1 24 Tf 100 100 Td ({text}) Tj ET"
        objects += [
            f"<< /Type /Page /Parent 3 0 R /MediaBox [ 0 0 612 792 ] /Contents {8 + 2 * number} 0 R"
            " /Resources << /ProcSet 4 0 R /Font << /F1 5 0 R >> >> >>",
            f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
        ]
    made, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj\n{one}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    trailer = f"trailer\n<< /Size {size} /Root 1 0 R /Info 6 0 R >>\nstartxref\n{len(made)}\n%%EOF"
    return made + f"xref\n0 {size}\n0000000000 65535 f \n{table}{trailer}".encode()


def locked(password: str, algorithm: str = "AES-256") -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(simple("Secret text")))
    writer.encrypt(password, "owner-password", algorithm=algorithm)
    held = io.BytesIO()
    writer.write(held)
    return held.getvalue()


@pytest.fixture(autouse=True)
def root(tmp_path: Path) -> Iterator[Path]:
    with running_as(Context(root=tmp_path)):
        yield tmp_path


def done(task: Any, credentials: Any = None, **params: Any) -> Any:
    result = task(credentials or {}, params)
    assert result["success"], result["message"]
    return result["data"]


def refused(task: Any, credentials: Any = None, **params: Any) -> Any:
    result = task(credentials or {}, params)
    assert not result["success"]
    return result


def test_the_folder_keeps_the_contract() -> None:
    assert check_contract(Path(pdf.__file__).parent) == []


def test_the_examples_of_the_page_are_valid() -> None:
    assert sorted(examples(Path(pdf.__file__).parent)) == sorted(pdf.__all__)


def test_the_text_of_the_standard_s_example_is_read(root: Path) -> None:
    (root / "a.pdf").write_bytes(simple("Hello World", "", "Gr\u00fc\u00dfe \\(3\\)"))
    data = done(pdf.read_text, path="a.pdf")
    assert data["page_count"] == 3
    assert data["pages"] == [
        {"number": 1, "text": "Hello World"}, {"number": 2, "text": ""}, {"number": 3, "text": "Grüße (3)"},
    ]  # fmt: skip
    assert data["text"] == "Hello World\n\n\n\nGrüße (3)"
    assert "1 of them without text" in pdf.read_text({}, {"path": "a.pdf"})["message"]
    content = base64.b64encode(simple("x")).decode()
    assert done(pdf.read_text, content=content, mode="layout")["text"].strip() == "x"


def test_the_text_of_a_figure_is_read() -> None:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    figure, held = Figure(), io.BytesIO()
    figure.text(0.1, 0.5, "Umsätze → 2026")
    with mpl.rc_context({"pdf.fonttype": 42}):
        figure.savefig(held, format="pdf")
    assert "Umsätze → 2026" in done(pdf.read_text, content=held.getvalue())["text"]


@pytest.mark.parametrize(
    ("pages", "numbers"),
    [(None, [1, 2, 3, 4]), ("", [1, 2, 3, 4]), ("2", [2]), ("3-", [3, 4]), ("4, 1 - 2,1", [4, 1, 2, 1])],
)
def test_pages_are_chosen_in_the_order_that_is_given(pages: str | None, numbers: list[int]) -> None:
    data = done(pdf.read_text, content=simple("1", "2", "3", "4"), pages=pages)
    assert [(page["number"], page["text"]) for page in data["pages"]] == [(n, str(n)) for n in numbers]


@pytest.mark.parametrize("pages", ["0", "5", "3-9", "3-2", "1,9"])
def test_a_page_that_is_not_there_is_named(pages: str) -> None:
    result = refused(pdf.read_text, content=simple("1", "2", "3", "4"), pages=pages)
    assert "There is no page" in result["message"]
    assert "has 4 pages" in result["message"]
    assert result["permanent"]


def test_what_a_file_says_of_itself_and_its_form_are_read() -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(simple("x")))
    writer.add_attachment("data.csv", b"a")
    writer.pages[0].rotate(90)
    held = io.BytesIO()
    writer.write(held)
    data = done(pdf.describe, content=held.getvalue())
    assert (data["title"], data["author"], data["subject"]) == ("A Title", "Ada", None)
    assert (data["created"], data["modified"]) == ("2026-01-31T09:30:00+01:00", None)
    assert data["pages"] == [{"width": 792.0, "height": 612.0, "rotation": 90}]
    assert (data["attachments"], data["fields"], data["encrypted"]) == (["data.csv"], {}, False)


def test_pages_are_taken_out_and_put_together(root: Path) -> None:
    (root / "a.pdf").write_bytes(simple("1", "2", "3"))
    assert done(pdf.take_pages, path="a.pdf", pages="3,1", target="out/b.pdf") == {"path": "out/b.pdf", "page_count": 2}
    assert done(pdf.merge, files=["out/b.pdf", simple("x"), "a.pdf"], target="out/b.pdf")["page_count"] == 6
    texts = [page["text"] for page in done(pdf.read_text, path="out/b.pdf")["pages"]]
    assert texts == ["3", "1", "x", "1", "2", "3"]
    assert [one.name for one in (root / "out").iterdir()] == ["b.pdf"]


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_a_file_with_a_password_is_read_with_it(algorithm: str) -> None:
    content = locked(PASSWORD, algorithm)
    assert done(pdf.read_text, {"password": PASSWORD}, content=content)["text"] == "Secret text"
    for credentials in ({}, {"password": "not-the-password"}):
        result = refused(pdf.read_text, credentials, content=content)
        assert (result["data"]["kind"], result["permanent"]) == ("unauthorized", True)
        assert "not-the-password" not in str(result)


def test_a_file_that_is_locked_with_nothing_opens_without_a_password() -> None:
    assert done(pdf.read_text, content=locked(""))["text"] == "Secret text"
    assert done(pdf.describe, {"password": PASSWORD}, content=locked(""))["encrypted"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no PDF"),
        (b"hello", "no PDF"),
        (b"%PDF-1.7\n", "no PDF"),
        (simple("x")[:200], "no PDF"),
        (b"x" * 200, "no PDF"),
    ],
)
def test_what_is_no_pdf_is_said_to_be_none(content: bytes, words: str) -> None:
    result = refused(pdf.read_text, content=content)
    assert words in result["message"]
    assert result["permanent"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(simple("Hello"))), st.binary(min_size=1, max_size=12))
def test_a_damaged_file_is_read_or_refused_in_words(place: int, damage: bytes) -> None:
    whole = simple("Hello")
    for task in (pdf.read_text, pdf.describe):
        result = task({}, {"content": whole[:place] + damage + whole[place + len(damage) :]})
        assert result["success"] or "is no PDF that can be read" in result["message"], result


@pytest.mark.parametrize(
    ("task", "params", "words"),
    [
        (pdf.read_text, {}, "No file is given"),
        (pdf.read_text, {"path": "no.pdf"}, "no file"),
        (pdf.read_text, {"path": "a.pdf", "max_bytes": 10}, "more than 10"),
        (pdf.read_text, {"path": "a.pdf", "pages": "one"}, "pages"),
        (pdf.take_pages, {"path": "a.pdf", "target": "../b.pdf"}, "outside"),
        (pdf.take_pages, {"path": "a.pdf", "target": "b.txt"}, "end with .pdf"),
        (pdf.merge, {"files": ["a.pdf", b"x"], "target": "b.pdf"}, "File 2 is no PDF"),
    ],
)
def test_bad_input_is_refused_in_words(root: Path, task: Any, params: dict[str, Any], words: str) -> None:
    (root / "a.pdf").write_bytes(simple("x"))
    assert words in refused(task, **params)["message"]
    assert not (root / "b.pdf").exists()


def test_a_dry_run_writes_nothing(root: Path) -> None:
    (root / "a.pdf").write_bytes(simple("x"))
    with Workspace(root) as ws:
        flow = Workflow(name="dry")
        flow.add("read", "pdf.read_text", params={"path": "a.pdf"})
        flow.add("take", "pdf.take_pages", params={"path": "a.pdf", "target": "b.pdf"})
        run = ws.run(flow, dry_run=True)
    assert run["read"].data["text"] == "x"
    assert (run["take"].intents[0].kind, run["take"].intents[0].target) == ("file", "b.pdf")
    assert not (root / "b.pdf").exists()
