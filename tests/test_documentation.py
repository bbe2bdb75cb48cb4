"""The documentation is whole: the site builds, its links lead somewhere, and the reference leaves nothing out."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlsplit

import jsonschema
import pytest
import yaml

import flowbook
import flowbook.documentation
from flowbook import Workflow, Workspace, errors
from flowbook.errors import FlowbookError, NotFound
from flowbook.expressions import FUNCTIONS
from flowbook.formats.flowfile import read_document
from flowbook.gallery import templates
from flowbook.journal import RunRecord, RunSummary
from flowbook.journal.schema import SCHEMA_VERSION
from flowbook.models import Edge, Node, Parameter, documents
from flowbook.results import Cause, NodeResult
from flowbook.sharing import template
from flowbook.store import storage
from flowbook.tasks import Context
from flowbook.testing import FakeService, fake_service
from flowbook.validation import Problem
from flowbook.vault import slots
from flowbook.view import document
from flowbook.workspace import Run

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
UNATTENDED = DOCS / "unattended"
WEBHOOK = "/services/T00/B00/documentation"


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """``docs/generate.py``, loaded as MkDocs does."""
    spec = importlib.util.spec_from_file_location("documentation_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(generate: ModuleType) -> dict[str, str]:
    """The generated pages."""
    made: dict[str, str] = generate.pages()
    return made


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built with warnings as errors."""
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(target)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return target


class Links(HTMLParser):
    """The ids of a page, what it links to, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids.add(given["id"])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in ("script", "img", "iframe") and "src" in given:
            self.loaded.append(given["src"])
        if tag == "link" and given.get("rel") in ("stylesheet", "icon", "preload", "preconnect"):
            self.loaded.append(given["href"])


@pytest.fixture(scope="module")
def read(site: Path) -> dict[Path, Links]:
    """Every page of the site, read (404.html aside: its links are meant for the root of a server)."""
    return {
        page: Links(page.read_text(encoding="utf-8"))
        for page in sorted(site.rglob("*.html"))
        if page.name != "404.html"
    }


class TestTheSite:
    def test_it_has_every_page_of_the_navigation(self, site: Path, pages: dict[str, str]) -> None:
        written = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} | set(pages)
        places = {name.removesuffix(".md").removesuffix("index").rstrip("/") for name in written}
        assert [place for place in sorted(places) if not (site / place / "index.html").is_file()] == []

    def test_every_link_leads_to_a_page_and_a_heading_that_are_there(self, site: Path, read: dict[Path, Links]) -> None:
        assert len(read) > 25
        assert [f"{page.relative_to(site)}: {link}" for page, link in _broken(read)] == []

    def test_nothing_is_loaded_from_elsewhere(self, site: Path, read: dict[Path, Links]) -> None:
        for page, found in read.items():
            for address in found.loaded:
                assert not urlsplit(address).netloc, f"{page}: {address}"
                assert (page.parent / unquote(urlsplit(address).path)).exists(), f"{page}: {address}"

    def test_what_makes_the_pages_is_not_part_of_it(self, site: Path) -> None:
        assert not [path for path in site.rglob("*") if path.name == "generating" or path.suffix == ".py"]


def _broken(read: dict[Path, Links]) -> Iterator[tuple[Path, str]]:
    for page, found in read.items():
        for link in found.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            target = target / "index.html" if target.is_dir() else target
            missing = parts.fragment and target in read and unquote(parts.fragment) not in read[target].ids
            if missing or not target.exists():
                yield page, link


class TestTheReference:
    """It names everything that there is."""

    def test_every_command_with_every_option(self, generate: ModuleType, pages: dict[str, str]) -> None:
        page = pages["reference/command-line.md"]
        names = dict(generate.commands())
        assert "flowbook run" in names
        for name, command in names.items():
            part = re.search(rf"^###? {re.escape(name)}\n(.*?)(?=^##|\Z)", page, re.M | re.S)
            assert part, name
            assert command.help.split("\n")[0].strip() in " ".join(part[1].split()), name
            for parameter in command.params:
                for option in parameter.opts if parameter.param_type_name == "option" else ():
                    assert option in part[1], f"{name} {option}"

    def test_every_public_name(self, pages: dict[str, str]) -> None:
        headings = set(re.findall(r"^##+ ([\w.]+)$", pages["reference/python.md"], re.M))
        assert set(flowbook.__all__) - headings == set()

    @pytest.mark.parametrize("kind", [Workspace, Run, Workflow])
    def test_every_public_method(self, kind: type, pages: dict[str, str], generate: ModuleType) -> None:
        headings = set(re.findall(r"^##+ ([\w.]+)$", pages["reference/python.md"], re.M))
        public = {name for name in dir(kind) if not name.startswith("_") and callable(getattr(kind, name, None))}
        assert len(public) > 10
        told = public - generate.internal_names(kind)
        assert {f"{kind.__name__}.{name}" for name in told} - headings == set()

    def test_what_only_flowbook_itself_calls_is_left_out_and_no_guide_uses_it(
        self, pages: dict[str, str], generate: ModuleType
    ) -> None:
        guides = [ROOT / "README.md", *DOCS.rglob("*.md"), *(ROOT / "notebooks").glob("*.ipynb")]
        written = "\n".join(path.read_text(encoding="utf-8") for path in guides)
        headings = set(re.findall(r"^##+ ([\w.]+)$", pages["reference/python.md"], re.M))
        internal = {kind.__name__: generate.internal_names(kind) for kind in generate.public_classes()}
        assert {"execute", "labels"} <= internal["Run"]
        assert "blank_is_none" in internal["Params"]
        assert {f"{kind}.{name}" for kind, names in internal.items() for name in names} & headings == set()
        assert [name for name in internal["Workspace"] if f"ws.{name}(" in written] == []

    @pytest.mark.parametrize(
        ("kind", "fields"),
        [
            (
                NodeResult,
                {
                    "status",
                    "cause",
                    "message",
                    "attempts",
                    "seconds",
                    "started_at",
                    "source",
                    "effects",
                    "reuse",
                    "intents",
                    "worker",
                },
            ),
            (Node, set(Node.model_fields)),
            (Edge, set(Edge.model_fields)),
            (Parameter, set(Parameter.model_fields)),
            (RunSummary, set(inspect.signature(RunSummary).parameters)),
            (RunRecord, set(inspect.signature(RunRecord).parameters)),
            (Problem, set(inspect.signature(Problem).parameters)),
            (Context, {"run_id", "workflow", "node_id", "attempt", "index", "root", "inputs", "nodes"}),
            (Cause, {cause.name for cause in Cause}),
        ],
        ids=lambda given: given.__name__ if isinstance(given, type) else "",
    )
    def test_every_field_of_what_holds_data(self, kind: type, fields: set[str], pages: dict[str, str]) -> None:
        part = re.search(rf"^## {kind.__name__}\n(.*?)(?=^##|\Z)", pages["reference/python.md"], re.M | re.S)
        assert part
        assert set(re.findall(r"^\| `(\w+)`", part[1], re.M)) == fields | ({"handled"} if kind is NodeResult else set())

    def test_every_function_of_expressions(self) -> None:
        page = (DOCS / "reference" / "expression-functions.md").read_text(encoding="utf-8")
        names = [doc.name for doc in (FUNCTIONS.values() if hasattr(FUNCTIONS, "values") else FUNCTIONS)]
        assert len(names) > 30
        assert [name for name in names if f"| `{name}(" not in page] == []

    def test_every_task_of_every_integration_with_every_param(
        self, generate: ModuleType, pages: dict[str, str]
    ) -> None:
        folders = generate.built_in()
        assert len(folders) == len(
            [path for path in (ROOT / "integrations").iterdir() if (path / "__init__.py").is_file()]
        )
        for folder in folders:
            page = pages[f"reference/integrations/{folder.name}.md"]
            for parameter in folder.credentials:
                assert f"| `{parameter.name}` |" in page
            for spec in folder.tasks.values():
                part = page.partition(f"### {spec.name}\n")[2].partition("\n### ")[0]
                assert f"*{spec.effects}*" in part, spec.name
                assert [p.name for p in spec.parameters if f"| `{p.name}` |" not in part] == [], spec.name

    def test_every_integration_has_its_place_in_the_navigation(self, generate: ModuleType) -> None:
        navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
        for folder in generate.built_in():
            assert f"reference/integrations/{folder.name}.md" in navigation

    def test_every_ready_workflow_with_its_drawing(self, site: Path, pages: dict[str, str]) -> None:
        assert len(templates()) >= 12
        for one in templates():
            assert f"## {one.title}\n" in pages["reference/gallery.md"]
            assert (site / "reference" / "gallery" / f"{one.name}.svg").read_text().startswith("<svg")

    def test_every_variable_of_the_environment_that_the_code_reads(self, generate: ModuleType) -> None:
        named = set()
        for source in [*(ROOT / "flowbook").rglob("*.py"), *(ROOT / "integrations").rglob("*.py")]:
            named |= set(
                re.findall(r"FLOWBOOK_(?:CREDENTIALS__|[A-Z]+(?:_[A-Z]+)*)", source.read_text(encoding="utf-8"))
            )
        told = {
            name.partition("<")[0]
            for name in re.findall(r"^\| `(FLOWBOOK_[^`]+)`", generate.kept_files()["reference/settings.md"], re.M)
        }
        assert named == told

    def test_every_error_with_its_exit_code_and_a_page_that_is_there(self, generate: ModuleType, site: Path) -> None:
        kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, FlowbookError)]
        assert set(generate.error_classes()) == set(kinds)
        for kind in kinds:
            assert f"| `{kind.__name__}` | " in generate.errors_page()
            assert flowbook.documentation.page(kind.page).name == kind.page
            assert (site / kind.page / "index.html").is_file(), f"{kind.__name__} names the page {kind.page!r}"

    def test_every_field_of_a_workflow_file_is_explained(self, generate: ModuleType) -> None:
        schema = generate.flow_schema()
        for definition in [schema, *schema["$defs"].values()]:
            for field, given in definition["properties"].items():
                assert len(given["description"]) > 5, field

    def test_it_holds_nothing_that_differs_from_build_to_build(self, pages: dict[str, str]) -> None:
        pattern = re.compile(r"\bat 0x|AfterValidator|" + re.escape(str(ROOT)))
        around = {
            name: text[max(found.start() - 80, 0) : found.end() + 80]
            for name, text in pages.items()
            if (found := pattern.search(text))
        }
        assert around == {}


@cache
def parsed(path: Path) -> ast.Module:
    """A file of tests, which many promises name."""
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", ["reliability.md", "security.md", "trust.md"])
class TestThePromises:
    """These pages say which test holds each of their promises."""

    def test_each_names_a_test(self, page: str) -> None:
        text = re.split(
            r"^## (?:The errors|What is not promised)$", (DOCS / page).read_text(encoding="utf-8"), flags=re.M
        )
        if page == "trust.md":
            found = re.findall(r"^\| .*", text[-1].partition("## The promises, and their tests")[2], re.M)[2:]
        else:
            found = re.findall(r"^- .*?(?=^- |^##|\Z)", text[0], re.M | re.S)
        assert len(found) > 7
        assert [one for one in found if not re.search(r"`[\w/]*test_\w+\.py", one)] == []

    def test_and_that_test_is_there(self, page: str) -> None:
        named = re.findall(r"`(?:tests/)?([\w/]*test_\w+\.py)((?:::\w+)+)`", (DOCS / page).read_text(encoding="utf-8"))
        assert len(named) > 7
        for file, path in named:
            body: Any = parsed(ROOT / "tests" / file).body
            for name in path.split("::")[1:]:
                found = [one for one in body if getattr(one, "name", None) == name]
                assert found, f"{file}{path}"
                body = found[0].body


def test_what_a_disabled_node_hands_on_is_said_alike_wherever_it_is_said() -> None:
    texts = [" ".join(path.read_text(encoding="utf-8").split()) for path in [*DOCS.rglob("*.md"), *DOCS.glob("*.json")]]
    said = [text[found.start() :][:120] for text in texts for found in re.finditer("the first node before it", text)]
    assert len(said) > 3
    assert [one for one in said if ", in the order of the plan, whose edge was taken" not in one] == []


class TestWhatFoldersAreCheckedAgainst:
    """The page says it of each folder, and by which tests."""

    def test_each_folder_stands_there_with_tests_that_are_there(self) -> None:
        page = (DOCS / "reference" / "checked-against.md").read_text(encoding="utf-8")
        rows = dict(re.findall(r"^\| `(\w+)` \|[^|]+\|([^|]+)\|$", page, re.M))
        assert sorted(rows) == sorted(path.parent.name for path in (ROOT / "integrations").glob("*/__init__.py"))
        for tests in rows.values():
            named = re.findall(r"`([\w/]+\.py)`", tests)
            assert named, tests
            assert [one for one in named if not (ROOT / "tests" / one).is_file()] == []


class TestTheWords:
    """What people look for, by whatever word, leads to a page."""

    @pytest.mark.parametrize("word", ["loop", "if", "logging", "schedule", "environment variable", "Webhook", "cron"])
    def test_a_word_shows_its_page(self, word: str) -> None:
        assert flowbook.documentation.page(word).name == flowbook.documentation.words()[word.lower()]

    def test_every_word_leads_to_one_page_that_is_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(flowbook.documentation, "pages", cache(flowbook.documentation.pages))  # read once for all
        listed = flowbook.documentation.words()
        rows = re.findall(r"^\| ([^|]+) \| \[", (DOCS / "words.md").read_text(encoding="utf-8"), re.M)
        written = [word.strip() for row in rows for word in row.split(",")]
        assert len(written) > 150
        assert sorted(written) == sorted(listed)
        known = {page.name for page in flowbook.documentation.pages()}
        assert {word: target for word, target in listed.items() if target not in known} == {}
        assert [word for word in listed if not flowbook.documentation.page(word)] == []

    @pytest.mark.parametrize(
        ("word", "listed"),
        [
            ("Secrets", "secret"), ("large files", "large file"), ("retries", "retry"), ("Loops", "loop"),
            ("paginating", "paginate"), ("environment-variables", "environment variable"), ("git_hub actions", ""),
            ("scheduled", "schedule"), ("branches", "branch"), ("threads", "threads"), ("sign-in", "sign in"),
        ],
    )  # fmt: skip
    def test_a_word_is_known_in_its_other_forms(self, word: str, listed: str) -> None:
        if listed:
            assert flowbook.documentation.page(word).name == flowbook.documentation.words()[listed]
        else:
            with pytest.raises(NotFound):
                flowbook.documentation.page(word)

    def test_to_every_page_some_word_leads(self) -> None:
        """So that no page is written that only those find who know it."""
        reached = set(flowbook.documentation.words().values())
        assert [
            one.name for one in flowbook.documentation.pages() if one.name not in {*reached, "index", "words"}
        ] == []

    def test_a_page_of_that_name_comes_before_a_word(self) -> None:
        assert flowbook.documentation.page("settings").name == "reference/settings"
        assert flowbook.documentation.page("history").name == "how-to/history"


class TestWhatThePagesName:
    def test_every_task_that_a_page_names_is_there(self, generate: ModuleType) -> None:
        tasks = {folder.name: set(folder.tasks) for folder in generate.built_in()}
        named = re.compile(rf"`({'|'.join(tasks)})\.([a-z_]+)[`( ]")
        for path in [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]:
            for folder, name in named.findall(path.read_text(encoding="utf-8")):
                assert name in {one.rpartition(".")[2] for one in tasks[folder]}, f"{path.name}: {folder}.{name}"

    def test_the_page_on_versions_gives_the_numbers_of_the_formats(self) -> None:
        page = (DOCS / "versioning.md").read_text(encoding="utf-8")
        found = dict(re.findall(r"^\| ([a-z][\w ]+) \| (\d+) \|", page, re.M))
        assert found == {
            "workflow files": str(documents.FORMAT_VERSION),
            "the store": str(storage.FORMAT),
            "the vault": str(slots.FORMAT),
            "the run history": str(SCHEMA_VERSION),
            "runs as JSON": str(document.VERSION),
            "templates of integrations": str(template.FORMAT),
        }

    @pytest.mark.parametrize("page", [ROOT / "CONTRIBUTING.md", DOCS / "architecture.md"], ids=lambda path: path.stem)
    def test_the_arrows_of_a_page_are_those_that_the_linter_holds(self, page: Path) -> None:
        lines = re.findall(r"^(?:\{ records.*\} ←| +← \{).*$", page.read_text(encoding="utf-8"), re.M)
        told = [set(re.findall(r"\w+", layer)) for layer in " ".join(lines).split("←")]
        contract = (ROOT / ".importlinter").read_text(encoding="utf-8")
        layers = re.search(r"^layers =\n((?:    .*\n)+)", contract, re.M)
        assert layers is not None
        held = [set(re.findall(r"\w+", layer)) for layer in layers[1].splitlines()]
        assert told == [layer for layer in reversed(held) if layer != {"__main__"}]

    def test_the_map_of_contributing_has_every_room_of_the_house_and_no_other(self) -> None:
        text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
        shown = text.partition("flowbook/\n")[2].partition("\nintegrations/")[0]
        told = re.findall(r"(?:^  |; )([a-z_0-9]+(?:\.py|/))(?=:? )", shown, re.M)
        rooms = (
            path for path in (ROOT / "flowbook").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
        )
        rooms_there = {path.name if path.suffix else f"{path.name}/" for path in rooms} - {"__main__.py"}
        assert rooms_there - set(told) == set()
        inner = {f"{path.parent.name}/" for path in (ROOT / "flowbook").glob("*/*/__init__.py")}
        named = set(re.findall(r"(?<![\w/.])(?:[\w-]+/)*([\w-]+(?:\.py|/))", shown))
        assert inner - named == set()
        there = {f"{path.name}/" if path.is_dir() else path.name for path in ROOT.iterdir()}
        for top in ("flowbook", "tests"):
            there |= {f"{path.name}/" if path.is_dir() else path.name for path in (ROOT / top).rglob("*")}
        assert named - there == set()

    def test_the_map_of_contributing_has_every_folder_beside_the_house_and_no_other(self) -> None:
        text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
        shown = text.partition("\nintegrations/")[2].partition("```")[0]
        told = {"integrations", *re.findall(r"^([a-z_]+)/ ", shown, re.M)}
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
        there = {path.partition("/")[0] for path in listed.splitlines() if "/" in path and path[0] != "."}
        if not listed:
            pytest.skip("not a checkout of git")
        assert there - told - {"flowbook", "binder"} == set()  # binder/ stands beside notebooks/, which it opens
        assert told - there == set()

    @pytest.mark.parametrize("page", [ROOT / "CONTRIBUTING.md", DOCS / "architecture.md"], ids=lambda path: path.stem)
    def test_every_module_and_folder_that_a_page_names_is_there(self, page: Path) -> None:
        named = set(re.findall(r"`([a-z_0-9]+(?:/[a-z_0-9]+)*(?:\.py|/))`", page.read_text(encoding="utf-8")))
        assert named
        tops = (ROOT, ROOT / "flowbook", ROOT / "flowbook" / "ui")
        made = {"tests/browser/screenshots/"}  # by the tests
        assert [one for one in named - made if not any((top / one).exists() for top in tops)] == []

    def test_the_cookbook_has_its_twelve_recipes(self) -> None:
        page = (DOCS / "how-to" / "cookbook.md").read_text(encoding="utf-8")
        *recipes, end = re.findall(r"^## (.+)", page, re.M)
        assert (len(recipes), end) == (12, "When you are done")


class TestTheFilesKept:
    def test_they_are_what_the_code_gives(self, generate: ModuleType) -> None:
        for path, text in generate.kept_files().items():
            assert (DOCS / path).read_text(encoding="utf-8") == text, f"{path}: run python docs/generate.py"


def flow_files() -> list[Path]:
    folders = (ROOT / "notebooks", ROOT / "flowbook" / "gallery", UNATTENDED)
    tracked = [path for folder in folders for path in sorted(folder.rglob("*.flow.yaml"))]
    return [path for path in tracked if ".flowbook" not in path.parts]


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    """The JSON Schema of workflow files."""
    given = json.loads((DOCS / "flow.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(given)
    return jsonschema.Draft202012Validator(given)


class TestTheSchema:
    """What editors say of a workflow file is what Flowbook says of it."""

    @pytest.mark.parametrize("path", flow_files(), ids=lambda path: path.name)
    def test_it_accepts_the_examples(self, path: Path, schema: Any) -> None:
        assert list(schema.iter_errors(read_document(path)[0])) == []

    def test_it_accepts_a_workflow_with_every_field(self, schema: Any) -> None:
        flow = Workflow(name="every-field", description="All of it")
        flow.set_input("kind", "select", required=True, description="Which", choices=("a", "b"), default="a")
        flow.add(
            "one", "core.set", "Mine", {"values": {"x": [1, None, 2.5]}}, at=(1, 2.5), label="One", notes="n",
            when="true", for_each=[1], max_parallel=3, timeout=1.5, on_error="continue", join="all", disabled=True,
            retry={"attempts": 2, "wait": 0.5, "backoff": 2, "max_wait": 9, "until": "true"}, pinned={"a": 1},
        )  # fmt: skip
        flow.add("two", "core.noop", for_each="range(3)", when=False)
        flow.connect("one", "two", on="always", when="true")
        flow.set_note("n1", "hello", (0, 0))
        assert list(schema.iter_errors(flow.to_document())) == []

    @pytest.mark.parametrize(
        "change",
        [
            {"flowbook": 2},
            {"name": "Not Kebab"},
            {"name": None},
            {"extra": 1},
            {"nodes": {"Bad": {"task": "core.noop"}}},
            {"nodes": {"a": {}}},
            {"nodes": {"a": {"task": "noop"}}},
            {"nodes": {"a": {"task": "core.noop", "retries": 3}}},
            {"nodes": {"a": {"task": "core.noop", "timeout": 0}}},
            {"nodes": {"a": {"task": "core.noop", "max_parallel": 0}}},
            {"nodes": {"a": {"task": "core.noop", "join": "some"}}},
            {"nodes": {"a": {"task": "core.noop", "on_error": "ignore"}}},
            {"nodes": {"a": {"task": "core.noop", "retry": {"attempts": 0}}}},
            {"nodes": {"a": {"task": "core.noop", "retry": {"times": 2}}}},
            {"nodes": {"a": {"task": "core.noop", "params": []}}},
            {"nodes": {"a": {"task": "core.noop"}}, "edges": [{"from": "a"}]},
            {"nodes": {"a": {"task": "core.noop"}}, "edges": [{"from": "a", "to": "b", "on": "error"}]},
            {"inputs": {"x": {"type": "strin"}}},
            {"inputs": {"x": {"name": "x"}}},
            {"inputs": {"X y": {}}},
            {"layout": {"a": [1]}},
        ],
    )
    def test_it_refuses_what_flowbook_refuses(self, change: dict[str, Any], schema: Any) -> None:
        document = {"flowbook": 1, "name": "fine", "nodes": {}, **change}
        assert list(schema.iter_errors({"flowbook": 1, "name": "fine", "nodes": {}})) == []
        assert list(schema.iter_errors(document)) != []
        with pytest.raises(FlowbookError):
            Workflow.from_document(document)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[tuple[Path, FakeService, dict[str, str]]]:
    """A home with ``workflows/`` in it as the page says, a stand-in for Slack, and the environment of a job."""
    home = tmp_path
    folder = home / "workflows"
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    shutil.copy(UNATTENDED / "disk-space.flow.yaml", folder)
    (programs / "flowbook").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m flowbook "$@"\n')
    (programs / "flowbook").chmod(0o755)
    with fake_service() as service:
        service.on("POST", WEBHOOK, body="ok", headers={"Content-Type": "text/html"})
        environment = {
            "HOME": str(home),
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "NO_PROXY": "127.0.0.1",
            "FLOWBOOK_CONFIG_DIR": str(home / "config"),
            "FLOWBOOK_CREDENTIALS__MY_SLACK_WORKSPACE": json.dumps({"webhook_url": service.url + WEBHOOK}),
        }
        yield folder, service, environment


def shell(script: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-e", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def always_telling(folder: Path) -> None:
    """Let the disk be too full already when it is empty."""
    path = folder / "disk-space.flow.yaml"
    path.write_text(path.read_text().replace("default: 80", "default: -1"))


class TestTheFilesForUnattendedRuns:
    """The ready files of docs/unattended/, tried as far as one can without the services that they are for."""

    def test_the_page_shows_them_as_they_are(self) -> None:
        page = (DOCS / "how-to" / "unattended.md").read_text(encoding="utf-8")
        files = sorted(path for path in UNATTENDED.iterdir() if path.is_file())
        assert len(files) == 6
        for path in files:
            assert f"\n{path.read_text(encoding='utf-8')}```" in page, path.name
            assert f"](../unattended/{path.name})" in page

    @pytest.mark.parametrize("name", ["github-actions.yml", "gitlab-ci.yml"])
    def test_a_job_checks_runs_and_leaves_a_report(self, name: str, machine: Any) -> None:
        folder, service, environment = machine
        always_telling(folder)
        environment |= variables_of(name, folder)
        for command in commands_of(name):
            done = shell(command, folder, environment)
            assert done.returncode == 0, f"{command}: {done.stderr}"
        assert "% full" in service.requests[-1].json["text"]
        job = yaml.safe_load((UNATTENDED / name).read_text())
        kept = job["disk-space"]["artifacts"]["paths"] if name == "gitlab-ci.yml" else ["report.html"]
        assert "disk-space" in (folder / kept[0]).read_text()
        assert service.url not in (folder / kept[0]).read_text()

    @pytest.mark.parametrize("name", ["github-actions.yml", "gitlab-ci.yml"])
    def test_a_job_fails_when_its_run_fails(self, name: str, machine: Any) -> None:
        folder, service, environment = machine
        path = folder / "disk-space.flow.yaml"
        path.write_text(path.read_text().replace("shutil.disk_usage(inputs.path)", 'shutil.disk_usage("/not/there")'))
        environment |= variables_of(name, folder)
        codes = [shell(command, folder, environment).returncode for command in commands_of(name)[:2]]
        assert codes == [0, 1]
        assert service.requests == []

    def test_the_credentials_of_the_github_job_are_the_ones_that_its_workflow_uses(self) -> None:
        job = yaml.safe_load((UNATTENDED / "github-actions.yml").read_text())["jobs"]["run"]
        assert list(job["env"]) == ["FLOWBOOK_TRUST", "FLOWBOOK_CREDENTIALS__MY_SLACK_WORKSPACE"]

    def test_the_crontab_says_something_only_when_the_run_failed(self, machine: Any) -> None:
        folder, service, environment = machine
        always_telling(folder)
        (line,) = [one for one in (UNATTENDED / "crontab").read_text().splitlines() if one[:1].isdigit()]
        minute, hour, day, month, weekday, command = line.split(" ", 5)
        assert (minute, hour, day, month, weekday) == ("0", "7", "*", "*", "1-5")
        assert "%" not in command
        home = Path(environment["HOME"])
        assert (shell(command, home, environment).stdout, len(service.requests)) == ("", 1)
        environment.pop("FLOWBOOK_CREDENTIALS__MY_SLACK_WORKSPACE")
        assert "My Slack Workspace" in shell(command, home, environment).stdout
        with Workspace(folder).turn(folder / "disk-space.flow.yaml"):  # the run of the day before goes on
            assert shell(command, home, environment).stdout == ""
        log = (folder / "disk-space.log").read_text(encoding="utf-8").splitlines()
        assert [line for line in log if not re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d", line)] == []
        for said in ("succeeded", "My Slack Workspace", "Skipped:"):  # nothing that was there is cut off
            assert said in "\n".join(log)

    @pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
    def test_systemd_finds_nothing_wrong_with_the_units(self, machine: Any) -> None:
        folder, _, environment = machine
        units = folder / "units"
        units.mkdir()
        for name in ("flowbook-disk-space.service", "flowbook-disk-space.timer"):
            text = (UNATTENDED / name).read_text().replace("%h", environment["HOME"])
            (units / name).write_text(text)
        environment["XDG_RUNTIME_DIR"] = str(folder)
        command = ["systemd-analyze", "verify", "--user", *map(str, sorted(units.iterdir()))]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, [line for line in done.stderr.splitlines() if "disk-space" in line]) == (0, [])

    def test_the_service_runs_the_command_line_in_the_folder_of_the_workflow(self, machine: Any) -> None:
        folder, service, environment = machine
        always_telling(folder)
        unit = (UNATTENDED / "flowbook-disk-space.service").read_text().replace("%h", environment["HOME"])
        started = re.search(r"^ExecStart=(.*)$", unit, re.M)
        place = re.search(r"^WorkingDirectory=(.*)$", unit, re.M)
        assert started
        assert place
        trusted = re.search(r"^Environment=(\w+)=(.*)$", unit, re.M)
        assert trusted
        environment[trusted[1]] = trusted[2]
        assert shell(started[1], Path(place[1]), environment).returncode == 0
        assert len(service.requests) == 1


def variables_of(name: str, folder: Path) -> dict[str, str]:
    """What a CI job sets beside its secrets, in a checkout at ``folder``."""
    job = yaml.safe_load((UNATTENDED / name).read_text())
    given = job["disk-space"]["variables"] if name == "gitlab-ci.yml" else job["jobs"]["run"]["env"]
    places = {"$CI_PROJECT_DIR": str(folder), "${{ github.workspace }}": str(folder)}
    return {variable: places[value] for variable, value in given.items() if value in places}


def commands_of(name: str) -> list[str]:
    """The commands of a CI job in their order, but for the installation of Flowbook."""
    job = yaml.safe_load((UNATTENDED / name).read_text())
    if name == "gitlab-ci.yml":
        found = [*job["disk-space"]["script"], *job["disk-space"]["after_script"]]
        assert job["disk-space"]["before_script"] == ["pip install jupyter-flowbook"]
    else:
        found = [step["run"] for step in job["jobs"]["run"]["steps"] if "run" in step]
        assert found.pop(0) == "pip install jupyter-flowbook"
    return found


def test_the_figures_of_the_performance_page_have_their_place() -> None:
    page = (DOCS / "performance.md").read_text(encoding="utf-8")
    assert page.index("<!-- figures -->\n") < page.index("<!-- /figures -->\n")
