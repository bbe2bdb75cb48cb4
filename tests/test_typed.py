"""The bases of typed tasks: what ``typed.Params`` and ``typed.Credentials`` give to authors of integrations."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from flowbook import Result, Secret, Workflow, Workspace, task, typed
from flowbook.tasks.schema import parameters_of, schema_of

KEY = "key-verysecret-4711"


class Letter(typed.Params):
    to: str
    words: list[str] = Field(default_factory=list)
    as_: str = Field("text", alias="as")
    copy_to: Annotated[str | None, BeforeValidator(typed.Params.blank_is_none)] = None
    note: str | None = None
    values: list[Any] | dict[str, Any] | None = None
    anything: Any = None


class Account(typed.Credentials):
    key: Secret
    spare: Secret | None = None
    port: int = 25
    sender: str | None = None
    base_url: str = Field("https://api.example.com", alias="address")

    @model_validator(mode="after")
    def _another_one(self) -> Account:
        if self.spare is not None and self.spare == self.key:
            raise ValueError("the spare key must be another one")
        return self


@task
def post(credentials: Account, params: Letter) -> Result:
    """Write a letter."""
    return Result.ok("Written", [credentials.port, params.to])


def refused(credentials: Any, params: dict[str, Any]) -> str:
    """What the failed result of the task says, data included."""
    result = post(credentials, params)
    assert not result["success"]
    return f"{result['message']} {result['data']}"


class TestParams:
    def test_an_unknown_name_is_refused_and_named(self) -> None:
        said = refused({"key": KEY}, {"to": "me", "adress": "x"})
        assert "params do not fit: adress: there is no such field" in said

    def test_a_number_is_its_text_where_a_text_is_wanted(self) -> None:
        letter = Letter.model_validate({"to": 2024, "words": [1, "two", 3.5]})
        assert (letter.to, letter.words) == ("2024", ["1", "two", "3.5"])

    def test_true_and_lists_are_no_texts(self) -> None:
        for value in (True, ["a"], {"a": 1}):
            assert "params do not fit: to" in refused({"key": KEY}, {"to": value})

    @pytest.mark.parametrize("values", [[1, 2.5, "3", None, True], {"a": 1, "b": "2"}])
    def test_what_may_be_anything_keeps_its_type(self, values: Any) -> None:
        """As the parameters of an SQL statement must."""
        letter = Letter.model_validate({"to": "me", "values": values, "anything": 5})
        kept = letter.values.values() if isinstance(letter.values, dict) else letter.values or []
        given = values.values() if isinstance(values, dict) else values
        assert [(type(one), one) for one in kept] == [(type(one), one) for one in given]
        assert letter.anything == 5
        assert isinstance(letter.anything, int)

    def test_a_field_with_an_alias_takes_both_names(self) -> None:
        assert Letter.model_validate({"to": "me", "as": "html"}).as_ == "html"
        assert Letter(to="me", as_="html").as_ == "html"

    @pytest.mark.parametrize("blank", ["", "  ", "\n"])
    def test_a_blank_text_is_nothing_only_where_the_field_says_so(self, blank: str) -> None:
        letter = Letter(to="me", copy_to=blank, note=blank)
        assert (letter.copy_to, letter.note) == (None, blank)
        assert typed.Params.blank_is_none(0) == 0
        assert typed.Params.blank_is_none([]) == []


class TestCredentials:
    @pytest.mark.parametrize("empty", ["", "  ", None])
    def test_an_optional_field_left_empty_has_its_default(self, empty: str | None) -> None:
        """As a form sends it; under its alias too."""
        given = {"key": KEY, "spare": empty, "port": empty, "sender": empty, "address": empty}
        account = Account.model_validate(given)
        assert account == Account(key=Secret(KEY))
        assert (account.spare, account.port, account.sender) == (None, 25, None)
        assert account.base_url == "https://api.example.com"
        assert post(given, {"to": "me"})["success"]

    def test_a_required_field_left_out_is_named(self) -> None:
        assert "credentials do not fit: key: is required" in refused({}, {"to": "me"})
        assert "credentials do not fit: key" in refused({"key": None}, {"to": "me"})

    def test_other_names_are_passed_over(self) -> None:
        assert Account.model_validate({"key": KEY, "team": "blue"}) == Account(key=Secret(KEY))

    @pytest.mark.parametrize("given", [{"key": [KEY]}, {"key": KEY, "port": KEY}, {"key": KEY, "spare": KEY}, [KEY]])
    def test_no_value_is_shown_in_an_error(self, given: Any) -> None:
        """Neither in pydantic's own, whichever field is wrong, nor in what a task says of it."""
        with pytest.raises(ValidationError) as caught:
            Account.model_validate(given)
        assert KEY not in f"{caught.value} {caught.value!r}"
        assert KEY not in refused(given, {"to": "me"})


POST = '''
from typing import Any, Literal

from pydantic import Field
from flowbook import Result, Secret, task, typed


class Credentials(typed.Credentials):
    key: Secret = Field(description="The key")
    spare: Secret | None = Field(None, description="Another key")
    office: str = Field("main", description="Which office")


class TestConnection(typed.Params):
    """Nothing."""


class Send(typed.Params):
    to: str = Field(description="Who gets it")
    size: Literal["small", "large"] = Field("small", description="How large")
    as_: str = Field("text", alias="as", description="As what")
    content: Any = Field(None, description="What is in it")


@task(effects="read")
def test_connection(credentials: Credentials, params: TestConnection) -> Result:
    """Try the key."""
    return Result.ok(f"The office is {credentials.office}, the spare key {credentials.spare}")


@task
def send(credentials: Credentials, params: Send) -> Result:
    """Send something."""
    return Result.ok("Sent", [params.to, params.size, params.as_, params.content, credentials.office])
'''


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace with the folder ``post``, and an integration as the form makes it with two fields left empty."""
    folder = tmp_path / "integrations" / "post"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(
        "from .tasks import send, test_connection\n__all__ = ['send', 'test_connection']\n", encoding="utf-8"
    )
    (folder / "tasks.py").write_text(POST, encoding="utf-8")
    workspace = Workspace(tmp_path)
    workspace.create_type("post")
    workspace.create_integration("My Post", "post", {"key": KEY, "spare": "", "office": ""})
    yield workspace
    workspace.close()


def flow_of(params: dict[str, Any]) -> Workflow:
    flow = Workflow(name="letters")
    flow.add("year", "core.set", params={"values": 2024})
    flow.add("send", "post.send", integration="My Post", params=params)
    flow.connect("year", "send")
    return flow


class TestInAWorkspace:
    def test_form_check_and_run_agree_on_what_is_asked_for(self, ws: Workspace) -> None:
        (kind,) = ws.types()
        assert [(one.name, one.type, one.required, one.default) for one in kind.parameters] == [
            ("key", "password", True, None),
            ("spare", "password", False, None),
            ("office", "string", False, "main"),
        ]
        spec = ws.catalog.task("post.send")
        assert not spec.open_params
        assert [(one.name, one.type, one.required) for one in spec.parameters] == [
            ("to", "string", True),
            ("size", "select", False),
            ("as", "string", False),
            ("content", "json", False),
        ]
        flow = flow_of({"to": "${{ nodes.year.data }}", "as": "parcel", "content": "${{ nodes.year.data }}"})
        assert [str(problem) for problem in ws.check(flow).errors] == []
        ws.save(flow)
        assert ws.run("letters")["send"].data == ["2024", "small", "parcel", 2024, "main"]

    def test_fields_left_empty_in_the_form_were_not_given(self, ws: Workspace) -> None:
        result = ws.test_integration("My Post")
        assert (result.success, result.message) == (True, "The office is main, the spare key None")

    def test_an_unknown_name_is_found_before_the_run(self, ws: Workspace) -> None:
        (problem,) = ws.check(flow_of({"to": "me", "sise": "large"})).errors
        assert (problem.node, "sise" in str(problem)) == ("send", True)


def test_neither_pydantic_nor_its_first_model_is_loaded_by_importing_flowbook() -> None:
    code = (
        "import sys, flowbook\n"
        "assert 'pydantic' not in sys.modules\n"
        "import flowbook.workspace\n"
        "assert 'flowbook.typed' not in sys.modules\n"
        "from flowbook import typed\n"
        "assert 'flowbook.typed' in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_model_says_which_of_its_fields_are_never_folded_in_a_form() -> None:
    class Message(typed.Params):
        """A message."""

        model_config = ConfigDict(json_schema_extra={"flowbook_main": ("text",)})
        text: str | None = None
        thread: str | None = None

    assert {one.name: one.group for one in parameters_of(schema_of(Message))} == {"text": "Main", "thread": ""}
    assert Message(text="hi").text == "hi"


def test_threads_may_describe_a_model_at_once() -> None:
    """As the studio's does, which reads folders, beside the one that checks a workflow."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(6) as threads:
            for number in range(30):
                inner = type("Inner", (typed.Params,), {"__annotations__": {"n": int}, "__module__": __name__})
                model = type(f"M{number}", (typed.Params,), {"__annotations__": {"i": inner}, "__module__": __name__})
                described = list(threads.map(schema_of, [model] * 6))
                assert all(list(one["properties"]) == ["i"] for one in described)
    finally:
        sys.setswitchinterval(before)


def test_a_token_is_there_and_without_what_was_pasted_around_it() -> None:
    class Credentials(typed.Credentials):
        token: typed.Token

    assert Credentials(token=Secret(" abc\n")).token.reveal() == "abc"
    for blank in ("", " \n"):
        with pytest.raises(ValidationError, match="must not be empty"):
            Credentials(token=Secret(blank))


def test_what_lists_takes_a_limit_or_all() -> None:
    class ListThings(typed.Listed):
        limit: int = Field(25, ge=1)

    assert (ListThings().wanted, ListThings(limit=3).wanted, ListThings(all=True, limit=3).wanted) == (25, 3, None)
