"""Who administers a machine works in somebody else's workspace, and where no workspace should be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flowbook import Workflow, Workspace
from flowbook.errors import InputError
from flowbook.models import Parameter
from flowbook.whole_files import replace_content
from flowbook.workspace.location import find_root

SOMEBODY = 54_321

administrator = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs to be the administrator")


def theirs(folder: Path) -> None:
    for at, folders, files in os.walk(folder):
        for name in (".", *folders, *files):
            os.chown(Path(at, name), SOMEBODY, SOMEBODY, follow_symlinks=False)


def owners(folder: Path) -> dict[str, int]:
    found = (path for path in folder.rglob("*") if not path.is_symlink())
    return {str(path.relative_to(folder)): path.stat().st_uid for path in found}


@administrator
@pytest.mark.parametrize("begun", [False, True], ids=["an empty one", "one in use"])
def test_what_the_administrator_does_in_a_workspace_shuts_nobody_out_of_it(tmp_path: Path, begun: bool) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "exported.flow.yaml").write_text("old")
    (folder / "kept.txt").write_text("old")
    if begun:
        with Workspace(folder) as ws:
            ws.save(Workflow("before"))
            ws.run(Workflow("before"))
    theirs(folder)
    with Workspace(folder) as ws:
        flow = Workflow("now")
        flow.add("kept", "files.write_text", params={"path": "kept.txt", "text": "new"})
        ws.save(flow)
        ws.run("now")
        ws.create_type("http", [Parameter(name="token", type="password")])
        ws.create_integration("Api", "http", {"token": "example-token"})
        replace_content(folder / "exported.flow.yaml", b"new")
        ws.enqueue("now")
        mine = {name for name, owner in owners(folder).items() if owner != SOMEBODY}
    assert mine == set()
    assert set(owners(folder).values()) == {SOMEBODY}


@pytest.mark.parametrize("folder", ["/", "/etc", "/usr", "/proc/self", "/dev", "/home"])
@pytest.mark.skipif(os.name != "posix", reason="names folders of Unix")
def test_no_workspace_is_made_where_it_would_reach_too_much(folder: str) -> None:
    if Path(folder, ".flowbook").exists() or not Path(folder).is_dir():
        pytest.skip("there is one already")
    with pytest.raises(InputError, match=r"no workspace is made in .* flowbook init DIR"):
        Workspace(folder)
    assert not Path(folder, ".flowbook").exists()


def test_no_workspace_is_made_inside_of_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWBOOK_CONFIG_DIR", str(tmp_path / "config"))
    (tmp_path / "outer").mkdir()
    Workspace(tmp_path / "outer").close()
    for inner in ("outer/.flowbook", "outer/.flowbook/live", "outer/integrations/mine", "outer/.git", "config/keys"):
        (tmp_path / inner).mkdir(parents=True, exist_ok=True)
        with pytest.raises(InputError, match="no workspace is made"):
            Workspace(tmp_path / inner)
    (tmp_path / "outer" / "inner").mkdir()
    Workspace(tmp_path / "outer" / "inner").close()  # a folder of the workspace's own may be one


@administrator
def test_a_workspace_of_one_s_own_in_a_folder_that_the_administrator_made_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a project's folder on a server, or a volume of a container, often is."""
    Workspace(tmp_path).close()
    theirs(tmp_path / ".flowbook")
    (tmp_path / "below").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: SOMEBODY)
    for at in (tmp_path, tmp_path / "below"):
        assert find_root(at) == tmp_path
    tmp_path.chmod(0o1777)
    with pytest.raises(InputError, match="belongs to another user"):
        find_root(tmp_path)
    tmp_path.chmod(0o755)
    os.chown(tmp_path, SOMEBODY + 1, 0)
    with pytest.raises(InputError, match="belongs to another user"):
        find_root(tmp_path)


@administrator
def test_a_user_without_a_home_makes_a_workspace_too(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, SOMEBODY, SOMEBODY)
    program = f"""
import os
from pathlib import Path
import platformdirs
from flowbook.workspace.location import make_folder
os.setgroups([])
os.setgid({SOMEBODY})
os.setuid({SOMEBODY})
for name in ("HOME", "XDG_CONFIG_HOME", "FLOWBOOK_CONFIG_DIR"):
    os.environ.pop(name, None)
os.chdir({str(folder)!r})
print(make_folder(Path({str(folder)!r})))
"""
    for above in folder.parents:
        if not above.stat().st_mode & 0o001:
            above.chmod(above.stat().st_mode | 0o001)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ended.stdout, ended.returncode) == ("True\n", 0), ended.stderr
