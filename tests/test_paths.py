"""Paths that a workflow names stay inside their folder."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook import contents, paths, whole_files
from flowbook.errors import InputError, TaskFailed

PARTS = st.sampled_from(["a", "b", "..", ".", "", "link", "deep", "/", "~"])


def test_a_relative_path_starts_at_the_root(tmp_path: Path) -> None:
    assert paths.inside(tmp_path, "a/b.txt") == tmp_path.resolve() / "a" / "b.txt"


def test_an_absolute_path_counts_only_inside(tmp_path: Path) -> None:
    assert paths.inside(tmp_path, str(tmp_path / "a.txt")) == tmp_path.resolve() / "a.txt"
    with pytest.raises(InputError, match="outside"):
        paths.inside(tmp_path, "/etc/passwd")


@pytest.mark.parametrize("path", ["..", "../x", "a/../../x", "/"])
def test_no_path_leads_out(tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError, match="outside"):
        paths.inside(tmp_path, path)


def test_a_sibling_whose_name_begins_alike_is_outside(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="outside"):
        paths.inside(tmp_path / "data", "../database/x")


@pytest.mark.parametrize("root", ["/", "//", "/tmp/..", "link"])
def test_the_whole_file_system_is_no_folder_to_stay_inside_of(tmp_path: Path, root: str) -> None:
    (tmp_path / "link").symlink_to("/")
    with pytest.raises(InputError, match="whole file system"):
        paths.inside(tmp_path / root, "etc/passwd")
    (tmp_path / ".flowbook").mkdir()
    (tmp_path / ".flowbook" / "settings.json").write_text(f'{{"places": ["{root}"]}}')
    with pytest.raises(InputError, match="whole file system"):
        paths.inside(tmp_path, "/etc/passwd")


def test_links_are_followed_before_the_check(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "out").symlink_to(outside)
    (root / "here").symlink_to(root / "real")
    assert paths.inside(root, "here") == root.resolve() / "real"
    for path in ("out", "out/x.txt", "out/../x.txt"):
        with pytest.raises(InputError, match="outside"):
            paths.inside(root, path)


def test_a_link_itself_can_be_meant(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "out").symlink_to(tmp_path)
    assert paths.inside(root, "out", follow=False) == root.resolve() / "out"
    with pytest.raises(InputError, match="outside"):
        paths.inside(root, "out/..", follow=False)


@pytest.mark.parametrize("path", [".flowbook", ".flowbook/flowbook.json", "sub/.Flowbook/x", "a/../.flowbook/x"])
def test_the_workspace_s_own_folder_is_out_of_reach(tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError, match=r"own folder \.flowbook"):
        paths.inside(tmp_path, path)


def test_integrations_may_be_read_but_not_written(tmp_path: Path) -> None:
    assert paths.inside(tmp_path, "integrations/x/tasks.py").name == "tasks.py"
    with pytest.raises(InputError, match="whose code runs workflows"):
        paths.inside(tmp_path, "integrations/x/tasks.py", writing=True)
    assert paths.inside(tmp_path, "reports/integrations/x.md", writing=True).name == "x.md"


@pytest.mark.parametrize("path", [".bashrc", ".git/hooks/x", "a/.envrc", "a/.b/c"])
def test_hidden_files_may_be_read_but_not_written(tmp_path: Path, path: str) -> None:
    assert paths.inside(tmp_path, path) == tmp_path / path
    with pytest.raises(InputError, match="hidden"):
        paths.inside(tmp_path, path, writing=True)


@pytest.mark.parametrize(
    ("path", "found"),
    [("a.py", True), ("a/__init__.py", True), ("pack/a.py", True), ("pack/b/__init__.py", True), ("a/b.py", False),
     ("a/b/__init__.py", False), ("pack/b/c.py", False), ("a.txt", False)],
)  # fmt: skip
def test_a_module_is_not_written_where_python_would_find_it(tmp_path: Path, path: str, found: bool) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").touch()
    if found:
        with pytest.raises(InputError, match="where Python looks"):
            paths.inside(tmp_path, path, writing=True)
    else:
        assert paths.inside(tmp_path, path, writing=True) == tmp_path / path


def test_integrations_are_not_written_wherever_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a workspace below the folder, and where FLOWBOOK_INTEGRATIONS says."""
    (tmp_path / "ws" / ".flowbook").mkdir(parents=True)
    monkeypatch.setenv("FLOWBOOK_INTEGRATIONS", str(tmp_path / "mine"))
    for path in ("ws/integrations/x/tasks.py", "mine/x/tasks.txt", "Integrations/x"):
        with pytest.raises(InputError, match="whose code runs workflows"):
            paths.inside(tmp_path, path, writing=True)


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"places": "/x"}', '{"places": [1]}', '{"places": [{"path": "/x", "write": "no"}]}', "\xff"]
)
def test_settings_that_are_not_understood_are_said_to_be_so(tmp_path: Path, text: str) -> None:
    (tmp_path / ".flowbook").mkdir()
    (tmp_path / ".flowbook" / "settings.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=r"settings .*settings\.json"):
        paths.inside(tmp_path, "/x")
    assert paths.inside(tmp_path, "a") == tmp_path / "a"


@pytest.mark.parametrize("path", ["", "  ", "a\0b"])
def test_what_is_no_path_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError, match="path"):
        paths.inside(tmp_path, path)


@given(parts=st.lists(PARTS, min_size=1, max_size=8), follow=st.booleans())
def test_whatever_is_asked_for_the_answer_is_inside_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str], follow: bool
) -> None:
    root = _tree(tmp_path_factory)
    try:
        found = paths.inside(root, "/".join(parts), follow=follow)
    except InputError:
        return
    assert found == root or root in found.parents
    assert found.parent.resolve() == found.parent or found == root


def _tree(factory: pytest.TempPathFactory) -> Path:
    """A folder with a link out of it, a link inside it and a folder; made once."""
    base = factory.getbasetemp() / "paths-tree"
    root = base / "root"
    if not root.exists():
        (root / "deep" / "a").mkdir(parents=True)
        (root / "link").symlink_to(base)
        (root / "deep" / "link").symlink_to(root / "deep" / "a")
    return root.resolve()


def test_a_home_folder_that_is_none_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no home folder '~nobody-of-that-name'"):
        paths.expanded("~nobody-of-that-name/x")
    monkeypatch.setenv("HOME", "/somewhere")
    assert paths.expanded("~/x") == Path("/somewhere/x")


def test_a_circle_of_links_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert not paths.real(tmp_path / "loop").exists()


def test_a_folder_of_integrations_in_the_home_folder_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd expands no ``~`` in a variable: the catalog does, and so does what guards its folders."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FLOWBOOK_INTEGRATIONS", " ~/mine ")
    with pytest.raises(InputError, match="whose code runs workflows"):
        paths.inside(tmp_path, "mine/x.txt", writing=True)


def test_what_a_person_names_is_replaced_as_a_whole_and_a_device_or_pipe_never(tmp_path: Path) -> None:
    """As root ``-o /dev/null`` made a file of the machine's ``/dev/null``."""
    file = tmp_path / "file"
    file.write_bytes(b"old")
    file.chmod(0o640)
    (tmp_path / "link").symlink_to("file")
    whole_files.replace_content(tmp_path / "link", None)
    assert file.read_bytes() == b"old"
    whole_files.replace_content(tmp_path / "link", b"new")
    assert (file.read_bytes(), file.stat().st_mode & 0o777, (tmp_path / "link").is_symlink()) == (b"new", 0o640, True)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match=r"No such device"):  # nobody reads
        whole_files.replace_content(tmp_path / "pipe", b"x")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    whole_files.replace_content(tmp_path / "pipe", b"x")
    assert (os.read(reader, 9), stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)) == (b"x", True)
    os.close(reader)
    for folder in ("", ".", "/", tmp_path):
        with pytest.raises(IsADirectoryError):
            whole_files.replace_content(folder, b"x")
    assert sorted(os.listdir(tmp_path)) == ["file", "link", "pipe"]


def test_only_one_module_replaces_what_a_person_names() -> None:
    """``-o``, ``--report`` and ``--record`` go by it, so that all of them spare devices."""
    house = Path(paths.__file__).parent
    rooms = [house / room for room in ("cli", "reports", "sharing", "formats", "cassettes")]
    found = [path.name for room in rooms for path in room.rglob("*.py") if "os.replace(" in path.read_text()]
    assert found == []


def test_the_folder_of_the_keys_is_out_of_reach_in_a_workspace_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever starts JupyterLab at home has a workspace there."""
    monkeypatch.setenv("FLOWBOOK_CONFIG_DIR", str(tmp_path / ".config" / "flowbook"))
    keys = tmp_path / ".config" / "flowbook" / "keys"
    keys.mkdir(parents=True)
    (keys / "a.key").write_text("secret")
    (tmp_path / "link").symlink_to(keys)
    for named in (".config/flowbook", ".config/flowbook/keys/a.key", keys / "a.key", "link/a.key", "x/../link"):
        with pytest.raises(InputError, match="where your keys are"):
            paths.inside(tmp_path, named)
    assert paths.inside(tmp_path, ".config/other") == tmp_path.resolve() / ".config" / "other"


@pytest.mark.parametrize("name", ["n" * 255, "日" * 85, "🎉" * 63, "a." + "日" * 84, "a." + "x" * 253])
def test_a_file_of_the_longest_name_that_there_is_can_be_replaced(tmp_path: Path, name: str) -> None:
    """Names are as long as their bytes, of which a file system takes 255."""
    target = tmp_path / name
    for content in (b"old", b"new"):
        with contents.beside(target) as unfinished:
            unfinished.write_bytes(content)
    assert target.read_bytes() == b"new"
    whole_files.replace_content(target, b"newer")
    assert target.read_bytes() == b"newer"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [ConnectionResetError(104, "reset"), TimeoutError(), OSError("Socket is closed")])
def test_a_line_that_breaks_while_a_file_is_written_is_not_the_file_s_fault(tmp_path: Path, error: OSError) -> None:
    with pytest.raises(type(error)) as raised, contents.replacing(tmp_path / "x"):
        raise error
    assert raised.value is error
    with pytest.raises(TaskFailed, match="cannot be written: No space left"), contents.replacing(tmp_path / "x"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert list(tmp_path.iterdir()) == []
