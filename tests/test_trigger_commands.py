"""``flowbook schedule``, ``flowbook hooks`` and ``flowbook run --queue``: what each prints, keeps and refuses."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from flowbook.workspace import Workspace
from tests.test_cli import SECRET, Commands, flowbook

__all__ = ["flowbook"]

ASKING = "flowbook: 1\nname: asking\ninputs:\n  key: {type: password, required: true}\nnodes:\n  a: {task: core.wait}\n"
LATER = ("--cron", "0 7 * * 1-5", "--zone", "Europe/Berlin")


class TestSchedules:
    def test_one_is_added_listed_paused_resumed_and_removed(self, flowbook: Commands) -> None:
        assert "Added the schedule hello: 0 7 * * 1-5 (Europe/Berlin), next at" in flowbook(
            "schedule", "add", "hello", *LATER, "-i", "times=2", "--if-running", "wait", "--catch-up", "all"
        )
        (one,) = flowbook.json("schedule", "list")
        assert len(one["next"]) == 5
        assert all("T07:00+0" in time for time in one["next"])
        assert (one["inputs"], one["if_running"], one["catch_up"]) == ({"times": 2}, "wait", "all")
        listed = flowbook("schedule", "list")
        assert re.search(r"hello: next at \d{4}-\d\d-\d\d 07:00 CES?T, ", listed), listed
        assert "T07:00" not in listed  # as adding it says
        flowbook("schedule", "pause", "hello")
        assert "paused" in flowbook("schedule", "list", "-w", "hello")
        flowbook("schedule", "resume", "hello")
        flowbook("schedule", "remove", "hello")
        assert "no schedules yet" in flowbook("schedule", "list")

    def test_what_cannot_run_is_refused_when_it_is_added(self, flowbook: Commands, folder: Path) -> None:
        assert "Did you mean 'hello'" in flowbook.fails("schedule", "add", "helo", *LATER)
        assert "no five fields" in flowbook.fails("schedule", "add", "hello", "--cron", "daily")
        assert "time zone" in flowbook.fails("schedule", "add", "hello", "--cron", "0 7 * * *", "--zone", "Nowhere")
        assert "times" in flowbook.fails("schedule", "add", "hello", *LATER, "-i", "times=often")
        (folder / "asking.flow.yaml").write_text(ASKING)
        flowbook("workflows", "import", "asking.flow.yaml")
        said = flowbook.fails("schedule", "add", "asking", *LATER, "-i", f"key={SECRET}")
        assert "kept in clear" in said
        assert "no schedules" in flowbook("schedule", "list")
        assert "no schedule 'other'" in flowbook.fails("schedule", "pause", "other")


class TestHooks:
    def test_the_secret_is_shown_once_and_kept_nowhere_in_clear(self, flowbook: Commands, folder: Path) -> None:
        address = flowbook("hooks", "add", "hello").split("/hooks/")[1].strip()
        form = flowbook("hooks", "add", "hello", "--form").split("key=")[1].strip()
        signed = flowbook("hooks", "add", "hello", "--as", "from-github", "--signed", "github").split(": ")[-1].strip()
        theirs = "whsec_" + "0123456789abcdef"
        flowbook("hooks", "add", "hello", "--as", "paid", "--signed", "stripe", "--secret", "-", stdin=theirs + "\n")
        listed = flowbook("hooks", "list") + str(flowbook.json("hooks", "list"))
        kept = b"".join(file.read_bytes() for file in (folder / ".flowbook").rglob("*") if file.is_file())
        for secret in (address, form, signed, theirs):
            assert len(secret) > 20
            assert secret not in listed
            assert secret.encode() not in kept
        assert {one["id"] for one in flowbook.json("hooks", "list")} == {"hello", "hello-form", "from-github", "paid"}

    def test_the_secrets_that_sign_outlive_a_new_key(self, flowbook: Commands, folder: Path) -> None:
        flowbook("hooks", "add", "hello", "--signed", "slack", "--secret", "-", stdin="slack-signing-secret\n")
        flowbook("key", "rotate")
        with Workspace(folder) as ws:
            assert ws.hook_secret(ws.hooks.find("hello")) == "slack-signing-secret"

    def test_bad_input_is_a_sentence(self, flowbook: Commands) -> None:
        assert "Slack makes the secret itself" in flowbook.fails("hooks", "add", "hello", "--signed", "slack")
        assert "never an argument" in flowbook.fails("hooks", "add", "hello", "--signed", "slack", "--secret", "abc")
        assert "name of a hook" in flowbook.fails("hooks", "add", "hello", "--as", "../x")
        assert "no hooks yet" in flowbook.fails("hooks", "remove", "hello")


class TestQueue:
    def test_a_run_is_handed_over_and_its_id_printed(self, flowbook: Commands, folder: Path) -> None:
        said = flowbook.json("run", "hello", "--queue", "-i", "who=you")
        with Workspace(folder) as ws:
            (one,) = ws.queue.all()
        assert (one.run, one.inputs, one.source) == (said["run"], {"who": "you"}, "queue")

    def test_what_a_server_cannot_run_is_refused(self, flowbook: Commands) -> None:
        assert "Store it first" in flowbook.fails("run", "hello.flow.yaml", "--queue")
        assert "cannot be given both" in flowbook.fails("run", "hello", "--queue", "--fresh")
        assert "there is no such input" in flowbook.fails("run", "hello", "--queue", "-i", "x=1")


def test_a_run_by_hand_loads_nothing_of_it(folder: Path) -> None:
    code = (
        "import sys, flowbook; from flowbook.cli import run; run(['run', 'hello']);"
        "print([m for m in sys.modules if m.startswith(('tornado', 'cronsim', 'flowbook.triggers', 'flowbook.serv'))])"
    )
    with Workspace(folder) as ws:
        (folder / "hello.flow.yaml").write_text("flowbook: 1\nname: hello\nnodes:\n  a: {task: demo.echo}\n")
        ws.import_workflow(ws.read(folder / "hello.flow.yaml"))
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
