"""What integration authors use, and what is read of a task without calling it."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import enum
import functools
import json
import pickle
import threading
from pathlib import Path
from typing import Any, Literal, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from typing_extensions import NotRequired, Required

from flowbook.errors import CatalogError, FlowbookError, TaskFailed
from flowbook.tasks import Context, Result, Secret, check_result, current, failure_of, running_as, task
from flowbook.tasks.contract import Ended
from flowbook.tasks.docstring import NOTHING, entries
from flowbook.tasks.keys import keys_read
from flowbook.tasks.reading import read_credentials, read_task
from flowbook.tasks.signature import signature_of


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Inner(BaseModel):
    x: int


class Credentials(BaseModel):
    base_url: str = Field(default="https://api.example.com", json_schema_extra={"flowbook_type": "url"})
    token: Secret = Field(description="The token")
    spare: Secret | None = None
    port: int = 443


class Params(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(description="What it is called")
    count: int = 3
    ratio: float = 0.5
    loud: bool = False
    level: Literal["low", "high"] = Field(default="low", description="How loud")
    colour: Colour = Colour.RED
    items: list[Inner] = Field(default_factory=list)
    body: str = Field(default="", json_schema_extra={"flowbook_type": "text"})
    either: int | str = "a"
    to: str | list[str] = "a"
    password: SecretStr = SecretStr("hidden")


class Sparing(BaseModel):
    name: str
    note: str | None = "x"
    limit: int = Field(5, ge=1)
    kind: Literal["a", "b"] = Field("a", alias="as")
    values: list[str] = Field(default_factory=list)


class TypedParams(TypedDict, total=False):
    name: str
    size: int
    must: NotRequired[str]
    kind: Required[Literal["a", "b"]]


@dataclasses.dataclass
class DataParams:
    name: str
    size: int = 4


class TestContract:
    def test_a_result_is_a_dict_of_exactly_three_keys(self):
        assert Result.ok("Sent", 5) == {"success": True, "message": "Sent", "data": 5}
        assert json.loads(json.dumps(Result.failed("No"))) == {"success": False, "message": "No", "data": None}

    def test_a_failure_may_say_that_another_try_would_not_help(self):
        failed = Result.failed("No", permanent=True)
        assert failed == {"success": False, "message": "No", "data": None, "permanent": True}
        assert check_result("t", dict(failed)) == failed == check_result("t", failed)
        assert failed.permanent
        assert failure_of(TaskFailed("No", permanent=True)) == failed
        assert not check_result("t", {"success": True, "message": "m", "permanent": True}).permanent
        assert not check_result("t", {"success": False, "message": "m", "permanent": False}).permanent

    def test_data_may_be_left_out_of_a_returned_dict(self):
        assert check_result("t", {"success": True, "message": "m"}) == Result.ok("m")

    def test_other_keys_are_not_handed_on(self):
        assert set(check_result("t", {"success": True, "message": "m", "more": 1})) == {"success", "message", "data"}

    @pytest.mark.parametrize(
        ("returned", "words"),
        [
            (None, "returned None instead of a dict"),
            ([1], "returned a list instead of a dict"),
            ({"message": "m"}, "without 'success'"),
            ({}, "without 'success' and 'message'"),
            ({"success": 1, "message": "m"}, "an int as 'success'"),
            ({"success": True, "message": None}, "None as 'message'"),
            (Result("yes", "m"), "a str as 'success'"),
            (Result.ok(5), "an int as 'message'"),
            ({"success": False, "message": "m", "permanent": "yes"}, "a str as 'permanent'"),
        ],
    )
    def test_what_breaks_the_contract_is_named_with_its_remedy(self, returned, words):
        with pytest.raises(TaskFailed) as caught:
            check_result("send", returned)
        assert words in caught.value.message
        assert caught.value.message.startswith("send ")
        assert "Return" in caught.value.hint

    def test_an_exception_becomes_a_failure_that_names_it(self):
        assert failure_of(ValueError("bad")).message == "Error: bad (ValueError)"
        assert failure_of(ValueError()).message == "Error: ValueError"
        assert failure_of(SystemExit(2)).message == "Error: the task called sys.exit(2)"
        assert failure_of(Ended(0)).message == "Error: the task called os._exit(0)"

    def test_a_failed_task_keeps_its_message_and_data(self):
        assert failure_of(TaskFailed("No such page", {"status": 404})) == Result.failed("No such page", {"status": 404})

    def test_an_exception_that_cannot_be_shown_is_still_named(self):
        class Broken(Exception):
            def __str__(self):
                raise RuntimeError("no")

        assert failure_of(Broken()).message == "Error: Broken"


class TestTaskDecorator:
    def test_a_typed_task_can_be_called_with_plain_dicts(self):
        @task(effects="read")
        def ping(credentials: Credentials, params: Params) -> Result:
            return Result.ok(params.title, credentials.token.reveal())

        assert ping({"token": "t"}, {"title": "hi"}) == Result.ok("hi", "t")

    def test_a_call_that_does_not_fit_is_a_failure_that_names_each_field(self):
        @task
        def ping(credentials, params: Params):
            return Result.ok("never")

        message = ping({}, {"count": "many", "titel": "x"}).message
        assert "title: is required" in message
        assert "count" in message
        assert "titel: there is no such field" in message

    def test_params_may_be_left_out(self):
        @task
        def ping(credentials, params):
            return Result.ok("ok", params)

        assert ping({}).data == {}

    def test_an_exception_becomes_a_failed_result(self):
        @task
        def ping(credentials):
            raise KeyError("x")

        assert ping({}).message == "Error: 'x' (KeyError)"

    def test_an_async_task_is_awaited_as_usual(self):
        @task
        async def ping(credentials, params: Params):
            return {"success": True, "message": params.title}

        assert asyncio.run(ping({}, {"title": "hi"})) == Result.ok("hi")

    def test_unknown_effects_are_refused(self):
        with pytest.raises(ValueError, match="effects must be one of"):
            task(effects="maybe")


class TestSecret:
    def test_it_hides_itself_everywhere(self):
        secret = Secret("hunter22")
        shown = [repr(secret), str(secret), f"{secret}", f"{secret:>20}", "%s" % secret, repr({"s": secret})]  # noqa: UP031
        assert not any("hunter22" in text for text in shown)
        assert secret.reveal() == "hunter22"

    @pytest.mark.parametrize("copying", [pickle.dumps, copy.deepcopy, json.dumps])
    def test_it_cannot_reach_a_file_by_accident(self, copying):
        with pytest.raises(TypeError):
            copying(Secret("hunter22"))

    def test_a_model_hides_it_when_dumped_and_shown(self):
        model = Credentials(token=Secret("hunter22"))
        assert "hunter22" not in model.model_dump_json() + repr(model) + str(model.model_dump())

    def test_equality_emptiness_and_length_are_those_of_the_text(self):
        assert Secret("a") == Secret(Secret("a"))
        assert Secret("a") != Secret("b")
        assert Secret("a") != "a"
        assert not Secret("")
        assert len(Secret("abc")) == 3


class TestContext:
    def test_outside_of_a_run_everything_is_harmless(self):
        here = current()
        here.progress(1, 2)
        assert (here.run_id, here.cancelled, here.idempotency_key, here.sleep(0)) == ("", False, "", True)
        with pytest.raises(FlowbookError, match="inside a run"):
            here.run_workflow("x")

    def test_the_key_is_the_same_for_each_attempt_and_differs_by_item(self):
        keys = {Context("r", "w", "n", attempt).idempotency_key for attempt in (1, 2)}
        assert keys == {"r.n"}
        assert Context("r", "w", "n", index=0).idempotency_key != Context("r", "w", "n", index=1).idempotency_key

    def test_sleep_ends_early_when_cancelled(self):
        stop = threading.Event()
        stop.set()
        assert Context(stop=stop).sleep(3600) is False

    def test_a_relative_path_starts_at_the_workspace_when_a_run_is_going(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        inside = Context("r", root=tmp_path)
        assert inside.path("data/a.csv") == tmp_path / "data" / "a.csv"
        assert inside.path(tmp_path / "b.csv") == Context().path(tmp_path / "b.csv") == tmp_path / "b.csv"
        assert inside.path("~/c.csv") == Context().path("~/c.csv") == tmp_path / "home" / "c.csv"
        assert Context().path("data/a.csv") == Path("data/a.csv")

    def test_a_file_that_has_to_be_there_is_found_or_missed_in_words(self, tmp_path, monkeypatch):
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "a.csv").write_text("x")
        inside = Context("r", root=tmp_path)
        assert inside.file("data/a.csv") == tmp_path / "data" / "a.csv"
        with pytest.raises(TaskFailed, match=r"There is no file 'data/b\.csv'") as missed:
            inside.file("data/b.csv")
        assert missed.value.hint == f"A relative path starts at {tmp_path}."
        with pytest.raises(TaskFailed) as missed:
            inside.file(tmp_path / "data")
        assert missed.value.hint == "Check its path."
        monkeypatch.chdir(tmp_path / "data")
        assert Context().file("a.csv") == Path("a.csv")
        with pytest.raises(TaskFailed) as missed:
            Context().file("b.csv")
        assert missed.value.hint == f"A relative path starts at {tmp_path / 'data'}."

    def test_the_context_is_that_of_the_block(self):
        outside = current()
        with running_as(Context("r1")) as inside:
            assert current() is inside
        assert current() is outside


class TestSignature:
    @pytest.mark.parametrize(
        ("function", "takes"),
        [
            (lambda credentials: 0, 1),
            (lambda credentials, params: 0, 2),
            (lambda credentials, params=None: 0, 2),
            (lambda c, p, more=1: 0, 2),
            (lambda *args: 0, 2),
            (functools.partial(lambda client, credentials, params: 0, object()), 2),
        ],
    )
    def test_both_forms_are_accepted(self, function, takes):
        assert signature_of(function).takes == takes

    @pytest.mark.parametrize("function", [lambda: 0, lambda a, b, c: 0, lambda a, *, b: 0, lambda **k: 0])
    def test_other_forms_are_refused_with_the_right_one(self, function):
        with pytest.raises(CatalogError) as caught:
            signature_of(function)
        assert "name(credentials, params)" in caught.value.hint

    @pytest.mark.parametrize("kind", [Params, Params | None])
    def test_a_model_is_recognised(self, kind):
        def f(credentials, params): ...

        f.__annotations__["params"] = kind
        assert signature_of(f).params_type is Params

    def test_typed_dicts_and_dataclasses_are_checked_too(self):
        def f(credentials, params: TypedParams): ...

        def g(credentials, params: DataParams): ...

        assert signature_of(f).arguments({}, {"size": "4", "kind": "a"})[1] == {"size": 4, "kind": "a"}
        assert signature_of(g).arguments({}, {"name": "a"})[1] == DataParams("a")
        with pytest.raises(TaskFailed, match="size"):
            signature_of(f).arguments({}, {"size": "big"})

    def test_a_hint_that_cannot_be_resolved_does_not_cost_the_others_theirs(self):
        def f(credentials: NoSuchThing, params: Params): ...  # noqa: F821

        assert signature_of(f).params_type is Params
        assert signature_of(f).credentials_type is None

    def test_an_empty_text_for_an_optional_credential_counts_as_not_given(self):
        def f(credentials: Credentials): ...

        (given_credentials,) = signature_of(f).arguments({"token": "t", "spare": "", "port": "", "base_url": ""}, {})
        assert given_credentials == Credentials(token=Secret("t"))

    @pytest.mark.parametrize("nothing", ["", None])
    def test_nothing_for_an_optional_param_that_must_be_something_counts_as_not_given(self, nothing):
        """An expression may give it, such as an input that was left empty."""

        def f(credentials, params: Sparing): ...

        given_params = {"name": "n", "note": nothing, "limit": nothing, "as": nothing, "values": nothing}
        _, params = signature_of(f).arguments({}, given_params)
        assert params == Sparing.model_validate({"name": "n", "note": nothing})
        with pytest.raises(TaskFailed, match="name"):
            signature_of(f).arguments({}, {"name": None, "limit": nothing})

    def test_a_decorator_put_on_later_does_not_inherit_the_signature_read_before(self):
        def f(credentials): ...

        assert signature_of(f).takes == 1

        @functools.wraps(f)
        def g(credentials, params): ...

        assert signature_of(g).takes == 2

    def test_a_secret_that_does_not_fit_is_not_shown(self):
        def f(credentials: Credentials): ...

        with pytest.raises(TaskFailed) as caught:
            signature_of(f).arguments({"token": ["hunter22"], "port": "hunter22"}, {})
        assert "hunter22" not in str(caught.value)


def spec_of(function):
    return read_task("demo", "name", function)


class TestTypedParams:
    @pytest.fixture
    def parameters(self):
        def f(credentials: Credentials, params: Params):
            """Do it"""

        return {parameter.name: parameter for parameter in spec_of(f).parameters}

    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("title", "string"),
            ("count", "integer"),
            ("ratio", "number"),
            ("loud", "boolean"),
            ("level", "select"),
            ("colour", "select"),
            ("items", "json"),
            ("body", "text"),
            ("either", "string"),
            ("to", "json"),
            ("password", "password"),
        ],
    )
    def test_each_python_type_has_its_form_field(self, parameters, name, kind):
        assert parameters[name].type == kind

    def test_descriptions_defaults_and_choices_come_along(self, parameters):
        assert parameters["title"].required
        assert parameters["title"].description == "What it is called"
        assert parameters["level"].choices == ("low", "high")
        assert (parameters["level"].default, parameters["colour"].default) == ("low", "red")
        assert parameters["level"].description == "How loud"

    def test_a_password_never_shows_its_default(self, parameters):
        assert parameters["password"].default is None

    def test_nested_values_carry_their_schema(self, parameters):
        schema = parameters["items"].json_schema
        assert schema["type"] == "array"
        assert "x" in schema["$defs"]["Inner"]["properties"]

    @pytest.mark.parametrize(("extra", "is_open"), [("forbid", False), ("ignore", False), ("allow", True)])
    def test_only_a_model_that_allows_others_is_open(self, extra, is_open):
        class Some(BaseModel):
            model_config = ConfigDict(extra=extra)

        def f(credentials, params): ...

        f.__annotations__["params"] = Some
        assert spec_of(f).open_params is is_open

    def test_a_typed_dict_says_which_keys_are_needed(self):
        def f(credentials, params: TypedParams): ...

        spec = spec_of(f)
        assert [(p.name, p.type, p.required) for p in spec.parameters] == [
            ("name", "string", False),
            ("size", "integer", False),
            ("must", "string", False),
            ("kind", "select", True),
        ]
        assert not spec.open_params

    def test_a_field_that_json_schema_cannot_describe_is_an_open_one(self):
        class Odd(BaseModel):
            model_config = ConfigDict(arbitrary_types_allowed=True)
            thing: threading.Event = Field(default_factory=threading.Event)
            other: object = object()

        def f(credentials, params): ...

        f.__annotations__["params"] = Odd
        assert [p.type for p in spec_of(f).parameters] == ["json", "json"]

    def test_credentials_come_from_their_model(self):
        found = {p.name: p for p in read_credentials(Credentials, [])}
        assert {name: p.type for name, p in found.items()} == {
            "base_url": "url",
            "token": "password",
            "spare": "password",
            "port": "integer",
        }
        assert [name for name, p in found.items() if p.required] == ["token"]


def send_notification(credentials: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """
    Tell people something

    params:
    {
        "title": "Alert!",
        "message": "It happened",
        "color": "danger" (good, warning, danger)
        "times": 3, (optional)
        "labels": ["a", "b"],  # which labels
        "note": "x (y, z)" (optional: goes below)
    }
    """
    title = params.get("title", "Notification")
    return {
        "success": True,
        "message": title + params["message"] + params.get("color", "good") + params["undocumented"],
    }


class TestPlainParams:
    @pytest.fixture
    def parameters(self):
        return {parameter.name: parameter for parameter in spec_of(send_notification).parameters}

    def test_the_first_line_of_the_docstring_is_the_description(self):
        assert spec_of(send_notification).description == "Tell people something"
        assert spec_of(send_notification).open_params

    def test_documented_keys_come_first_then_those_only_the_code_reads(self, parameters):
        assert list(parameters) == ["title", "message", "color", "times", "labels", "note", "undocumented"]

    def test_what_is_listed_is_required_unless_optional_or_with_a_default(self, parameters):
        assert [name for name, p in parameters.items() if p.required] == ["message", "labels", "undocumented"]

    def test_examples_and_defaults_tell_the_type(self, parameters):
        assert [p.type for p in parameters.values()] == [
            "string", "string", "select", "integer", "json", "string", "string",
        ]  # fmt: skip
        assert parameters["title"].default == "Notification"

    def test_a_remark_that_lists_the_example_gives_the_choices(self, parameters):
        assert parameters["color"].choices == ("good", "warning", "danger")
        assert parameters["color"].default == "good"
        assert parameters["note"].choices == ()

    def test_remarks_become_descriptions(self, parameters):
        assert parameters["labels"].description == "Which labels"
        assert parameters["note"].description.startswith("Optional: goes below")

    def test_only_what_the_code_subscripts_is_required_without_a_docstring(self):
        def f(credentials, params):
            if "guarded" in params:
                return params["guarded"]
            return params["a"], params.get("b"), params.get("c", -5), params.get("d", [1.5]), params.get("e", print)

        found = {p.name: (p.required, p.default) for p in spec_of(f).parameters}
        assert found == {
            "guarded": (False, None),
            "a": (True, None),
            "b": (False, None),
            "c": (False, -5),
            "d": (False, [1.5]),
            "e": (False, None),
        }

    def test_keys_are_followed_into_functions_that_the_dict_is_handed_to(self):
        assert [(p.name, p.type, p.required) for p in read_credentials(None, [ask])] == [
            ("server", "string", True),
            ("api_key", "password", True),
            ("port", "integer", False),
        ]

    def test_assigning_to_a_key_does_not_read_it(self):
        def f(credentials, params):
            params["x"] = 1

        assert spec_of(f).parameters == ()

    def test_only_what_the_first_function_needs_of_the_credentials_is_required(self):
        def first(credentials):
            """Try

            credentials: {"webhook_url": "https://example.com/x", "user": "ada" (optional)}
            """

        def second(credentials, params):
            return credentials["bot_token"]

        found = {p.name: (p.type, p.required) for p in read_credentials(None, [first, second])}
        assert found == {
            "webhook_url": ("password", True),
            "user": ("string", False),
            "bot_token": ("password", False),
        }

    def test_params_named_token_or_key_are_no_passwords(self):
        def f(credentials, params):
            return params["key"]

        assert spec_of(f).parameters[0].type == "string"

    def test_a_function_without_source_still_works(self):
        names: dict[str, Any] = {}
        exec('def f(credentials, params):\n    """Do it\n\n    params: {"a": 1}"""\n    return params["b"]', names)
        spec = spec_of(names["f"])
        assert (spec.description, [p.name for p in spec.parameters]) == ("Do it", ["a"])

    def test_lines_of_names_are_read_too(self):
        doc = "Do it\n\nparams:\n    text (str): the message\n    size (int, optional): how big\n\nNote: nothing"
        found = entries(doc, "params")
        assert [(e.name, e.optional, e.description) for e in found] == [
            ("text", False, "the message"),
            ("size", True, "how big"),
        ]

    @given(st.text(max_size=80))
    def test_no_docstring_is_too_odd_to_be_read(self, text):
        for block in ("params", "credentials"):
            for entry in entries(f"Do it\n\n{block}: {{{text}", block):
                assert entry.name

    @given(
        st.dictionaries(
            st.from_regex(r"[a-z_]{1,12}", fullmatch=True),
            st.one_of(st.text(max_size=20), st.booleans(), st.integers(), st.lists(st.integers(), max_size=3)),
            max_size=5,
        )
    )
    def test_a_block_of_strict_json_is_read_exactly(self, wanted):
        found = entries(f"Do it\n\nparams:\n{json.dumps(wanted, indent=4)}", "params")
        assert {entry.name: entry.example for entry in found} == wanted

    def test_an_example_that_is_no_json_is_taken_as_text(self):
        assert entries("x\n\nparams: {a: foo, b: <what>, c: }", "params")[0].example == "foo"
        assert entries("x\n\nparams: {a: NaN}", "params")[0].example != float("nan")
        assert entries("x\n\nparams: {a: }", "params")[0].example is NOTHING


def ask(credentials):
    return _open(credentials), _login(config=credentials)


def _open(config):
    return config["server"]


def _login(config):
    return config["api_key"], config.get("port", 5432)


class TestOddFunctions:
    def test_the_function_of_a_declared_task_is_the_authors_own(self):
        def own(credentials, params):
            return params["x"]

        spec = spec_of(task(effects="idempotent", runs_code=True)(own))
        assert spec.function is own
        assert (spec.effects, spec.runs_code) == ("idempotent", True)
        assert [p.name for p in spec.parameters] == ["x"]

    def test_without_a_declaration_a_task_writes(self):
        assert spec_of(lambda credentials: 0).effects == "write"

    def test_a_decorator_on_top_of_the_declaration_is_not_bypassed(self):
        calls = []

        def counted(function):
            @functools.wraps(function)
            def inner(*args):
                calls.append(1)
                return function(*args)

            return inner

        @counted
        @task(effects="read")
        def ping(credentials: Credentials, params: Params):
            return Result.ok(params.title)

        spec = spec_of(ping)
        assert spec.effects == "read"
        assert spec.signature.params_type is Params
        arguments = spec.signature.arguments({"token": "t"}, {"title": "hi"})
        assert spec.function(*arguments) == Result.ok("hi")
        assert calls == [1]

    def test_lambdas_and_partials_are_read_like_any_function(self):
        ping = lambda credentials, params: params["x"]  # noqa: E731
        assert [key.name for key in keys_read(ping, 1)] == ["x"]
        assert spec_of(functools.partial(send_notification)).description == "Tell people something"

    def test_async_functions_say_so(self):
        async def ping(credentials): ...

        assert spec_of(ping).is_async

    def test_a_function_that_takes_only_credentials_has_no_params(self):
        assert spec_of(lambda credentials: 0).parameters == ()
