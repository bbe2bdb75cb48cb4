"""The catalog: where folders are found, what is public, and how edits take effect."""

from __future__ import annotations

import ast
import os
import pickle
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from flowbook.catalog import Catalog, loading, places
from flowbook.errors import CatalogError, InvalidName, NotFound
from flowbook.installing import how_to_install

PLAIN = '''"""Say things."""

def test_connection(credentials):
    """Try it"""
    return {"success": bool(credentials["token"]), "message": "ok"}

def say(credentials, params):
    """Say it"""
    return {"success": True, "message": params["text"]}

def _private(credentials, params): ...
'''


@pytest.fixture(autouse=True)
def nothing_built_in(monkeypatch):
    """Only what a test makes is there."""
    monkeypatch.setattr(places, "built_in_place", lambda: None)


def write(folder: Path, tasks: str | None = PLAIN, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if tasks is not None:
        (folder / "tasks.py").write_text(tasks)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


@pytest.fixture
def workspace(tmp_path) -> Path:
    return tmp_path / "ws"


@pytest.fixture
def catalog(workspace) -> Catalog:
    return Catalog(workspace, environ={})


@pytest.fixture
def talk(workspace) -> Path:
    return write(workspace / "integrations" / "talk")


def says(catalog: Catalog, text: str = "hi", name: str = "talk.say") -> str:
    return catalog.task(name).function({}, {"text": text})["message"]


class TestPlaces:
    def test_names_are_found_without_importing_anything(self, catalog, workspace):
        write(workspace / "integrations" / "bomb", "raise SystemExit('imported')")
        assert catalog.names() == ["bomb"]

    def test_private_folders_and_those_without_code_are_no_integrations(self, catalog, workspace):
        for name in ("_draft", ".hidden", "__pycache__"):
            write(workspace / "integrations" / name)
        (workspace / "integrations" / "empty").mkdir()
        (workspace / "integrations" / "file.py").write_text("")
        assert catalog.folders() == []

    def test_the_workspace_comes_before_the_environment_and_the_hidden_folder_is_noted(self, talk, workspace, tmp_path):
        other = write(tmp_path / "more" / "talk", PLAIN.replace("Say things", "Other"))
        catalog = Catalog(workspace, environ={"FLOWBOOK_INTEGRATIONS": str(tmp_path / "more")})
        folder = catalog.folder("talk")
        assert (folder.source, folder.path, folder.shadows) == ("workspace", talk, (other,))
        assert folder.problem is None
        assert [(p.kind, str(other) in p.what) for p in catalog.problems()] == [("note", True)]

    def test_an_entry_of_the_environment_may_be_an_integration_itself(self, tmp_path):
        holder, itself = tmp_path / "holder", write(tmp_path / "talk")
        write(holder / "walk")
        catalog = Catalog(environ={"FLOWBOOK_INTEGRATIONS": os.pathsep.join([str(itself), "", str(holder)])})
        assert catalog.names() == ["talk", "walk"]
        assert {folder.source for folder in catalog.folders()} == {"environment"}

    def test_the_environment_is_read_at_each_use(self, tmp_path):
        environ: dict[str, str] = {}
        catalog = Catalog(environ=environ)
        environ["FLOWBOOK_INTEGRATIONS"] = str(write(tmp_path / "talk"))
        assert catalog.names() == ["talk"]

    def test_the_same_folder_by_two_ways_is_one(self, talk, workspace, tmp_path):
        (tmp_path / "link").symlink_to(workspace / "integrations")
        catalog = Catalog(workspace, environ={"FLOWBOOK_INTEGRATIONS": str(tmp_path / "link")})
        assert [folder.shadows for folder in catalog.folders()] == [()]

    def test_an_installed_package_with_the_entry_point_is_found_when_it_is_installed(
        self, catalog, tmp_path, monkeypatch
    ):
        monkeypatch.syspath_prepend(str(tmp_path / "site"))
        assert catalog.names() == []
        write(tmp_path / "site" / "acme" / "flowbook_talk")
        (tmp_path / "site" / "acme" / "__init__.py").write_text("raise SystemExit('imported')")
        info = tmp_path / "site" / "acme-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[flowbook.integrations]\ntalk = acme.flowbook_talk\n")
        assert catalog.names() == ["talk"]
        assert catalog.folder("talk").source == "package"
        assert says(catalog) == "hi"

    def test_of_what_packages_say_of_themselves_only_the_heads_are_read(self, catalog, tmp_path, monkeypatch):
        """Each first look at the folders would take a tenth of a second to parse hundreds of READMEs."""
        monkeypatch.setattr("importlib.metadata.Distribution.metadata", property(lambda one: pytest.fail("parsed")))
        for place, head in (("first", "name: ac.me"), ("second", "Name: Ac-Me"), ("third", "Name: other")):
            write(tmp_path / place / place / "flowbook_talk")
            info = tmp_path / place / f"{place}-1.0.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\n{head}\nVersion: 1.0\n\nA README\nName: ac_me\n")
            (info / "entry_points.txt").write_text(f"[flowbook.integrations]\n{place} = {place}.flowbook_talk\n")
        for place in ("third", "second", "first"):
            monkeypatch.syspath_prepend(str(tmp_path / place))
        assert catalog.names() == ["first", "third"]  # the second has the first one's name

    @pytest.mark.parametrize(
        ("value", "part"),
        [
            ("nowhere.flowbook_talk", "'nowhere' cannot be found"),
            ("acme.talk", "no folder for its module 'acme.talk'"),
            ("single", "'single' is a single file"), ("acme.empty", "holds no tasks.py"), ("..", "cannot be found"),
        ],
    )  # fmt: skip
    def test_an_entry_point_that_leads_to_no_folder_is_a_problem_shown(
        self, catalog, tmp_path, monkeypatch, value, part
    ):
        site = tmp_path / "site"
        (site / "acme" / "empty").mkdir(parents=True)
        (site / "acme" / "__init__.py").write_text("raise SystemExit('imported')")
        (site / "single.py").write_text("raise SystemExit('imported')")
        info = site / "acme-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[flowbook.integrations]\ntalk = {value}\n")
        monkeypatch.syspath_prepend(str(site))
        (folder,) = catalog.folders()
        assert (folder.name, folder.source, catalog.names()) == ("talk", "package", [])
        assert "the package 'acme' names it, but" in folder.problem.what
        assert part in folder.problem.what
        with pytest.raises(CatalogError, match="acme"):
            catalog.task("talk.say")

    def test_a_badly_named_folder_is_shown_with_a_better_name(self, catalog, workspace):
        write(workspace / "integrations" / "My-Talk")
        (folder,) = catalog.folders()
        assert catalog.names() == []
        assert "'my_talk'" in folder.problem.remedy
        with pytest.raises(InvalidName):
            folder.integration_type()

    def test_a_missing_folder_suggests_the_nearest(self, catalog, talk):
        with pytest.raises(NotFound, match="Did you mean 'talk'"):
            catalog.folder("talks")

    @pytest.mark.parametrize("name", ["", "../talk", ".", "_x", "/etc"])
    def test_a_name_never_leads_out_of_the_places(self, catalog, talk, name):
        with pytest.raises(NotFound):
            catalog.folder(name)


class TestPublicTasks:
    def test_all_decides_which_functions_are_tasks(self, catalog, talk):
        write(talk, __init__="from .tasks import say, test_connection\nLIMIT = 3\n__all__ = ['say', 'LIMIT']")
        folder = catalog.folder("talk")
        assert list(folder.tasks) == ["say"]
        assert folder.test_connection is None

    def test_without_it_the_public_functions_defined_in_tasks_are(self, catalog, talk):
        write(
            talk,
            "from os.path import join\nfrom .more import helper\nclass Thing: ...\n" + PLAIN,
            more="def helper(a): ...",
        )
        assert list(catalog.folder("talk").tasks) == ["test_connection", "say"]

    def test_a_function_decorated_from_elsewhere_counts_as_defined_there(self, catalog, talk):
        inner = "    def inner(credentials, params):\n        return f(credentials, params)\n"
        decorator = f"def logged(f):\n{inner}    return inner\n"
        write(talk, "from .more import logged\n" + PLAIN.replace("def say", "@logged\ndef say"), more=decorator)
        assert list(catalog.folder("talk").tasks) == ["test_connection", "say"]

    def test_a_package_may_define_its_tasks_in_its_init_file(self, catalog, workspace):
        write(workspace / "integrations" / "talk", None, __init__=PLAIN)
        assert says(catalog) == "hi"

    def test_a_name_in_all_that_is_not_there_is_a_problem_and_the_rest_works(self, catalog, talk):
        write(talk, __init__="from .tasks import say, test_connection\n__all__ = ['say', 'gone', 'test_connection']")
        folder = catalog.folder("talk")
        assert "'gone'" in folder.problem.what
        assert "say" in folder.tasks
        with pytest.raises(CatalogError, match="gone"):
            catalog.task("talk.gone")

    def test_a_function_with_another_signature_is_no_task_and_the_remedy_says_so(self, catalog, talk):
        write(talk, PLAIN + "\ndef build(a, b, c): ...\n")
        folder = catalog.folder("talk")
        assert "build" not in folder.tasks
        assert (folder.problem.kind, folder.problem.task) == ("warning", "build")
        assert "_build" in folder.problem.remedy

    def test_a_missing_test_connection_is_a_warning(self, catalog, workspace):
        write(workspace / "integrations" / "talk", "def say(credentials, params):\n    return params\n")
        folder = catalog.folder("talk")
        assert (folder.problem.kind, list(folder.tasks)) == ("warning", ["say"])
        assert "def test_connection(credentials)" in folder.problem.remedy

    def test_a_missing_task_suggests_the_nearest(self, catalog, talk):
        with pytest.raises(NotFound, match=r"Did you mean 'talk\.say'"):
            catalog.task("talk.sya")
        with pytest.raises(NotFound, match=r"folder\.function"):
            catalog.task("talk")

    def test_types_whose_schema_cannot_be_made_are_a_problem_of_that_task_only(self, catalog, talk):
        model = "\nfrom pydantic import BaseModel\nclass P(BaseModel):\n    x: 'Nowhere'\n"
        write(talk, PLAIN + model + "def odd(credentials, params: P): ...\n")
        folder = catalog.folder("talk")
        assert "say" in folder.tasks
        assert folder.problem.task == "odd"


class TestDescription:
    def test_the_integration_type_fills_itself_in(self, catalog, talk):
        (talk / "icon.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
        folder = catalog.folder("talk")
        made = folder.integration_type()
        assert (made.name, made.description) == ("talk", "Say things.")
        assert [(p.name, p.type, p.required) for p in made.parameters] == [("token", "password", True)]
        assert folder.icon == '<svg xmlns="http://www.w3.org/2000/svg"/>'

    def test_a_credentials_model_wins_over_what_plain_code_reads(self, catalog, talk):
        imports = "from pydantic import BaseModel\nfrom flowbook import Secret\n"
        write(talk, imports + "class Credentials(BaseModel):\n    api_key: Secret\n" + PLAIN)
        assert [(p.name, p.type) for p in catalog.folder("talk").credentials] == [("api_key", "password")]


class TestHotReload:
    def test_an_edit_takes_effect_at_the_next_use(self, catalog, talk):
        for word in ("one", "two", "six"):  # as long as each other, so that only the file's times differ
            write(talk, PLAIN.replace('params["text"]', repr(word)))
            assert says(catalog) == word

    def test_an_edit_with_the_same_time_and_size_is_seen(self, catalog, talk):
        write(talk, PLAIN.replace('params["text"]', "'one'"))
        os.utime(talk / "tasks.py", ns=(10**18, 10**18))
        assert says(catalog) == "one"
        write(talk, PLAIN.replace('params["text"]', "'two'"))
        os.utime(talk / "tasks.py", ns=(10**18, 10**18))
        assert says(catalog) == "two"

    def test_an_edit_within_the_same_tick_of_the_clock_is_seen(self, catalog, talk, monkeypatch):
        """Two edits so soon after each other that the disk gives both the same times, and of the same size."""
        write(talk, PLAIN.replace('params["text"]', "'one'"))
        before = loading.stamp_of(talk)
        monkeypatch.setattr(loading, "stamp_of", lambda path: before)
        assert says(catalog) == "one"
        write(talk, PLAIN.replace('params["text"]', "'two'"))
        assert says(catalog) == "two"

    def test_an_edit_of_a_module_beside_takes_effect_too(self, catalog, talk):
        (talk / "deep").mkdir()
        tasks = "from .deep.words import WORD\n" + PLAIN.replace('params["text"]', "WORD")
        for word in ("one", "two"):
            (talk / "deep" / "words.py").write_text(f"WORD = {word!r}")
            (talk / "deep" / "__init__.py").write_text("")
            write(talk, tasks)
            assert says(catalog) == word

    def test_a_new_task_and_a_new_folder_are_there_at_once(self, catalog, talk, workspace):
        assert list(catalog.folder("talk").tasks) == ["test_connection", "say"]
        write(talk, PLAIN + "\ndef shout(credentials, params): ...\n")
        write(workspace / "integrations" / "walk")
        assert "shout" in catalog.folder("talk").tasks
        assert catalog.names() == ["talk", "walk"]

    def test_a_removed_folder_is_gone(self, catalog, talk):
        catalog.folder("talk")
        shutil.rmtree(talk)
        with pytest.raises(NotFound):
            catalog.task("talk.say")

    def test_without_an_edit_nothing_is_imported_again(self, catalog, talk, workspace):
        first = catalog.task("talk.say").function
        os.utime(talk / "tasks.py")
        assert catalog.task("talk.say").function is first
        assert Catalog(workspace, environ={}).task("talk.say").function is first

    def test_no_bytecode_is_left_behind(self, catalog, talk):
        catalog.folder("talk")
        assert not (talk / "__pycache__").exists()

    def test_a_running_version_keeps_its_own_modules_after_edits(self, catalog, talk):
        tasks = PLAIN.replace('    return {"success": True', '    from .words import WORD\n    return {"success": True')
        write(talk, tasks.replace('params["text"]', "WORD"), words="WORD = 'first'")
        old = catalog.task("talk.say").function
        for word in ("second", "third", "fourth"):
            write(talk, words=f"WORD = {word!r}", tasks=tasks.replace('params["text"]', "WORD"))
            assert says(catalog) == word
        assert old({}, {})["message"] == "first"

    def test_a_version_leaves_sys_modules_when_superseded_twice(self, catalog, talk):
        homes = []
        for number in range(4):
            write(talk, PLAIN + f"\nNUMBER = {number}\n")
            homes.append(catalog.task("talk.say").function.__module__)
        assert [home in sys.modules for home in homes] == [False, False, True, True]

    def test_models_dataclasses_and_pickling_work(self, catalog, talk):
        more = "\nfrom dataclasses import dataclass\n@dataclass\nclass Thing:\n    x: int\n"
        write(talk, "from __future__ import annotations\n" + PLAIN[PLAIN.index("def") :] + more)
        thing = catalog.task("talk.say").function.__globals__["Thing"](3)
        assert pickle.loads(pickle.dumps(thing)) == thing

    def test_use_from_several_threads_gives_one_version(self, catalog, talk):
        found: list[object] = []
        threads = [threading.Thread(target=lambda: found.append(catalog.task("talk.say").function)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 8
        assert len(set(found)) == 1


class TestBrokenFolders:
    def test_the_last_good_version_stays_in_use_and_the_problem_shows_its_traceback(self, catalog, talk):
        catalog.folder("talk")
        write(talk, "\n\n1 / 0\n")
        assert says(catalog) == "hi"
        problem = catalog.folder("talk").problem
        assert "ZeroDivisionError" in problem.what
        assert "last good version" in problem.what
        assert f'{talk / "tasks.py"}", line 3' in problem.traceback
        assert "importlib" not in problem.traceback

    def test_mending_it_takes_the_problem_away(self, catalog, talk):
        catalog.folder("talk")
        write(talk, "1 / 0")
        assert catalog.folder("talk").problem
        write(talk, PLAIN)
        assert catalog.folder("talk").problem is None

    @pytest.mark.parametrize(
        ("tasks", "what", "remedy"),
        [
            ("def x(:", "tasks.py, line 1: invalid syntax", "Mend that line"),
            ("import sys\nsys.exit(3)", "sys.exit(3)", "into a task"),
            ("class E(BaseException): ...\nraise E('odd')", "failed with E: odd", "traceback"),
            (
                "import no_such_package_at_all",
                "'no_such_package_at_all' is not installed",
                "Run: pip install no_such_package_at_all; it is then",
            ),
            ("import words", "as if that were installed", "from .words import"),
            ("from .gone import x", "its own module 'gone'", "Add gone.py"),
            ("from .words import gone", "imports 'gone' from words.py", "Define gone in words.py"),
            ("\0", "null byte", ""),
        ],
    )
    def test_each_kind_of_failure_is_told_in_words_with_its_remedy(self, catalog, workspace, tasks, what, remedy):
        write(workspace / "integrations" / "talk", tasks, words="WORD = 1")
        problem = catalog.folder("talk").problem
        assert what in problem.what
        assert remedy in problem.remedy
        assert problem.kind == "error"
        assert problem.traceback

    def test_a_task_of_a_folder_that_never_worked_says_why(self, catalog, workspace):
        write(workspace / "integrations" / "talk", "1 / 0")
        with pytest.raises(CatalogError, match="ZeroDivisionError"):
            catalog.task("talk.say")
        assert [str(p) for p in catalog.problems() if p.kind == "error"]

    def test_a_stale_name_in_the_init_file_is_named_with_its_file(self, catalog, talk):
        write(talk, __init__="from .tasks import say, gone\n__all__ = ['say', 'gone']")
        assert "'gone' from tasks.py" in catalog.folder("talk").problem.what

    def test_a_broken_folder_does_not_keep_the_others_from_working(self, catalog, talk, workspace):
        write(workspace / "integrations" / "broken", "1 / 0")
        assert [(f.name, f.problem is None) for f in catalog.folders()] == [("broken", False), ("talk", True)]

    def test_a_broken_folder_is_not_imported_again_until_it_changes(self, catalog, workspace):
        write(
            workspace / "integrations" / "talk",
            "import os\nos.environ['COUNT'] = os.environ.get('COUNT', '') + 'x'\n1/0",
        )
        os.environ.pop("COUNT", None)
        for _ in range(3):
            catalog.folder("talk")
        assert os.environ.pop("COUNT") == "x"

    def test_it_is_tried_again_when_the_missing_package_has_been_installed(
        self, catalog, workspace, tmp_path, monkeypatch
    ):
        write(workspace / "integrations" / "talk", "import just_installed_now\n" + PLAIN)
        (tmp_path / "site").mkdir()
        monkeypatch.syspath_prepend(str(tmp_path / "site"))
        assert "not installed" in catalog.folder("talk").problem.what
        (tmp_path / "site" / "just_installed_now.py").write_text("")
        assert catalog.folder("talk").problem is None

    def test_interrupting_an_import_interrupts(self, catalog, workspace):
        write(workspace / "integrations" / "talk", "raise KeyboardInterrupt")
        with pytest.raises(KeyboardInterrupt):
            catalog.folder("talk")


class TestOurOwn:
    def test_the_integrations_of_a_checkout_are_found_beside_the_package(self, monkeypatch):
        monkeypatch.undo()
        place = places.built_in_place()
        assert place is not None
        assert (place.parent / "pyproject.toml").is_file()

    def test_importing_the_catalog_loads_nothing_heavy(self):
        code = (
            "import sys, flowbook.catalog; print([m for m in ('requests', 'boto3', 'ipywidgets') if m in sys.modules])"
        )
        shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        assert ast.literal_eval(shown) == []


NEEDING = (
    PLAIN
    + '''
def draw(credentials, params):
    """Draw it"""
    return _drawn(params)

def _drawn(params):
    from .pictures import Picture
    return Picture().draw(params)

def guess(credentials, params):
    """Guess it"""
    try:
        import no_such_accelerator
    except ImportError:
        no_such_accelerator = None
    return {"success": True, "message": "ok"}

def frame(credentials, params):
    """Frame it"""
    try:
        import no_such_yaml.loader as y
    except ModuleNotFoundError as error:
        raise RuntimeError("not there") from error
    return {"success": True, "message": "ok"}
'''
)
PICTURES = """
class Picture:
    def draw(self, params):
        import json
        from no_such_drawer import pen
        return {}
"""


class TestLibraries:
    def test_a_library_that_is_imported_only_when_needed_is_missed_before(self, catalog, workspace):
        write(workspace / "integrations" / "talk", NEEDING, pictures=PICTURES)
        problems = catalog.folder("talk").problems
        assert [(p.kind, p.library, p.needed_by) for p in problems] == [
            ("warning", "no_such_drawer", ("draw",)), ("warning", "no_such_yaml", ("frame",)),
        ]  # fmt: skip
        assert str(problems[0]).endswith("Run: pip install no_such_drawer.")

    def test_once_installed_it_is_no_problem(self, catalog, workspace, tmp_path, monkeypatch):
        write(workspace / "integrations" / "talk", NEEDING, pictures=PICTURES)
        assert len(catalog.folder("talk").problems) == 2
        write(tmp_path / "site" / "no_such_drawer")
        write(tmp_path / "site" / "no_such_yaml")
        monkeypatch.syspath_prepend(str(tmp_path / "site"))
        assert catalog.folder("talk").problems == ()

    @pytest.mark.parametrize(
        ("module", "command"),
        [
            ("psycopg2", "pip install psycopg2-binary"), ("yaml", "pip install PyYAML"), ("httpx", "pip install httpx"),
            ("pandas", "pip install 'jupyter-flowbook[data]'"),
        ],
    )  # fmt: skip
    def test_the_command_names_the_package_and_not_the_module(self, module, command):
        assert how_to_install(module) == f"Run: {command}"
