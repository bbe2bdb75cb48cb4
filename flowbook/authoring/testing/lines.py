"""Tries every task of a folder over a connection that fails, in front of a real server."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flowbook.authoring.testing.enduring import problem_of, quick_context, secrets_of, unclear
from flowbook.authoring.testing.examples import Examples, put_files
from flowbook.authoring.testing.line import Failing, FaultyLine, faulty_line
from flowbook.authoring.testing.running import Outcome, load_folder, run_in
from flowbook.catalog import Folder, FolderProblem
from flowbook.tasks.context import Context
from flowbook.tasks.spec import TaskSpec
from flowbook.tasks.stop import Stop

_KINDS: tuple[Failing, ...] = ("broken off", "cut off", "silent")


def check_line_faults(
    folder: Folder | str | Path,
    port: int,
    credentials: Callable[[int], Mapping[str, Any]],
    *,
    params: Mapping[str, Mapping[str, Any]] | None = None,
    root: Path | None = None,
    share: float = 1.0,
    seed: int = 0,
    patience: float = 20.0,
) -> list[FolderProblem]:
    """What the tasks of a folder do wrong when the line to their server, which is a real one at ``port``, fails.

    For protocols that are not HTTP, as :func:`check_faults` is for those that are. Each task is called once as it is,
    then with the line refused, and then with the line broken off, cut off and silent after some of what the server
    said (at a place of each that ``seed`` draws; ``share`` tries a part of these). It owes a failed result in words,
    no unexpected exception, no secret, an end within ``patience`` seconds of the run's being cancelled, and no
    ``permanent``: a line may be there again. A write whose last answer is cut says in its ``data`` that it
    ``may_have_taken_effect``.
    ``credentials`` makes those for a port of 127.0.0.1; ``root`` is the workspace's folder; ``params`` maps tasks to
    theirs, else the examples of the README are taken. Each problem names its ``task``, ``what`` is wrong and the
    ``remedy``. Raises NotFound when there is no folder.
    """
    loaded = folder if isinstance(folder, Folder) else load_folder(folder)
    examples = Examples(loaded, params)
    problems: list[FolderProblem] = []
    with faulty_line(port) as line:
        for spec in loaded.tasks.values():
            chosen = examples.params_of(spec)
            if chosen is None:
                remedy = "Show it as a node in README.md, or give them: params={…}."
                problems.append(problem_of(spec, "cannot be tried: no params for it are known", remedy))
                continue
            if root is not None:
                put_files(root, spec, chosen)
            trial = _Trial(spec, dict(credentials(line.port)), chosen, line, root, patience)
            secrets = secrets_of(loaded, trial.credentials)
            problems += trial.problems(secrets, random.Random(f"{seed} {spec.name}"), share)  # noqa: S311
    return problems


class _Trial:
    """One task, and the line to its server."""

    def __init__(
        self, spec: TaskSpec, credentials: dict[str, Any], params: dict[str, Any], line: FaultyLine, root: Path | None,
        patience: float,
    ) -> None:  # fmt: skip
        self.spec = spec
        self.credentials = credentials
        self._params = params
        self._line = line
        self._root = root
        self._patience = patience

    def problems(self, secrets: Sequence[str], draw: random.Random, share: float) -> Iterator[FolderProblem]:
        """Each said once, with the faults that show it."""
        whole = self._called("", 0)
        said = self._line.passed
        tries: list[tuple[Failing, int]] = [("refused", 0)]
        tries += [(kind, draw.randrange(said)) for kind in _KINDS if said and draw.random() < share]
        tries += [("cut off", said - 1)] if said else []
        shown: dict[tuple[str, str], list[str]] = {}
        for kind, after in tries:
            done = after and after == said - 1
            for told in self._judged(whole, kind, self._called(kind, after), secrets, bool(done)):
                shown.setdefault(told, []).append(f"{kind} after {after} of {said} bytes")
        if not said:
            words = "nothing" if whole is None else whole.message
            yield problem_of(self.spec, f"asks its server nothing: {words}", "Give params that it takes.")
        for (what, remedy), where in shown.items():
            yield problem_of(self.spec, f"{what} (the line: {'; '.join(where)})", remedy)

    def _judged(
        self, whole: Outcome | None, kind: Failing, outcome: Outcome | None, secrets: Sequence[str], done: bool
    ) -> Iterator[tuple[str, str]]:
        if outcome is None:
            yield "does not end when it is cancelled", "Use current().on_cancel, and give what it waits for a timeout."
            return
        yield from unclear(outcome, secrets)
        if outcome.success and (kind == "refused" or whole is None or not whole.success):
            yield "calls it a success", "Take for a success only what the server has said."
        if outcome.permanent and (whole is None or outcome.message != whole.message):
            yield "says that another try would fail too", "Leave permanent out: a line may be there again."
        changed = done and whole is not None and whole.success and self.spec.effects == "write"
        warned = isinstance(outcome.data, Mapping) and outcome.data.get("may_have_taken_effect")
        if changed and not outcome.success and not warned:
            yield (
                "does not say that it may have been done",
                'Put "may_have_taken_effect": True into data, and say so, when the last answer does not come.',
            )

    def _called(self, kind: Failing, after: int) -> Outcome | None:
        self._line.set(kind, after)
        stop = Stop()
        context: Context = quick_context(self._root, stop)
        outcomes: list[Outcome] = []
        worker = threading.Thread(
            target=lambda: outcomes.append(run_in(context, self.spec, self.credentials, self._params)), daemon=True
        )
        worker.start()
        end = time.monotonic() + self._patience
        while kind == "silent" and worker.is_alive() and time.monotonic() < end:
            if self._line.failed:
                stop.set()
                break
            time.sleep(0.005)
        worker.join(self._patience)
        stop.set()
        return outcomes[0] if outcomes else None
