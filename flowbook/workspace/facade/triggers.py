"""What a workspace offers for runs that nobody starts by hand: schedules, hooks, forms and the queue."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from flowbook.errors import InputError, NotFound, VaultError, WrongKey
from flowbook.internal import internal
from flowbook.json_text import parse_json
from flowbook.models import Workflow
from flowbook.validation import bind_inputs, read_already
from flowbook.workspace.backends import Triggered, open_triggers
from flowbook.workspace.facade.running import RunningFacade
from flowbook.workspace.options import RunOptions
from flowbook.workspace.run import Run
from flowbook.workspace.said import NOTHING_SAID
from flowbook.workspace.starting import new_run_id

if TYPE_CHECKING:
    from flowbook.triggers import Hook, Queue, Queued, Schedule, Schedules
    from flowbook.triggers.hooks import Hooks
    from flowbook.vault import SlotKind, Vault

_TYPE, _FIELD = "hook", "secret"
"""As what the secret of a hook is sealed."""


class TriggersFacade(RunningFacade):
    """What starts runs by the clock, by requests and by the queue; a server (``flowbook serve``) carries them out."""

    @functools.cached_property
    def _triggered(self) -> Triggered:
        return open_triggers(self.folder, self.address)

    def _close_triggers(self) -> None:
        if "_triggered" in vars(self):
            self._triggered.rows.close()
            self._triggered.holder.release()

    # -- by the clock ----------------------------------------------------------------------------------------------

    def add_schedule(
        self, workflow: str, cron: str, *, zone: str | None = None, inputs: Mapping[str, Any] | None = None,
        if_running: str = "skip", catch_up: str = "last",
    ) -> Schedule:  # fmt: skip
        """Have a stored workflow run by the clock: ``cron`` is five fields, such as "0 7 * * 1-5".

        ``zone`` is a time zone such as "Europe/Berlin"; without one it is this machine's. A time that comes while the
        last run goes on is skipped, or waits ("wait"); of those that came while no server was there, none, the "last"
        one or "all" are caught up on. Its ``next_at`` is in seconds since the epoch. Raises NotFound for the workflow,
        a zone or a choice that there is not, InputError for what is no cron expression or an input that is a secret,
        and InvalidInputs.
        """
        from flowbook.triggers.cron import zone_here
        from flowbook.triggers.schedules import CATCH_UP, IF_RUNNING

        _check_choice("if_running", if_running, IF_RUNNING)
        _check_choice("catch_up", catch_up, CATCH_UP)
        given = kept_inputs(self.store.workflow(workflow), inputs or {})
        return self.schedules.add(workflow, cron, zone or zone_here(), given, if_running, catch_up, time.time())

    @property
    def schedules(self) -> Schedules:
        """What runs by the clock: ``all()`` of them, each to ``pause``, ``resume`` and ``remove`` by its id."""
        from flowbook.triggers import Schedules

        return Schedules(self._triggered.rows, new_run_id)

    # -- by requests -----------------------------------------------------------------------------------------------

    def add_hook(
        self, workflow: str, *, name: str = "", kind: str = "secret", secret: str = "", respond: str = "at-once"
    ) -> tuple[Hook, str]:
        """Have a stored workflow run by requests to an address; with it comes the secret, which is shown only now.

        ``kind`` is "secret" (the address is one), who signs: "github", "stripe" or "slack", with ``secret`` (without
        one a new one is made, where the sender takes one), or "form". Raises NotFound, AlreadyExists and InputError.
        """
        from flowbook.triggers.hooks import FORM, KINDS, RESPOND, SIGNED, Hook, digest, new_secret

        _check_choice("kind", kind, KINDS)
        _check_choice("respond", respond, RESPOND)
        _check_no_secret(self.store.workflow(workflow))
        if secret and kind not in SIGNED:
            raise InputError("a secret that signs is only for requests that are signed.", "Leave it out.")
        if kind in ("stripe", "slack") and not secret:
            raise InputError(
                f"{kind.capitalize()} makes the secret itself.", "Give the one that it shows, on standard input."
            )
        id, known = name or (f"{workflow}-form" if kind == FORM else workflow), secret or new_secret()
        _check_hook_name(id)
        if kind not in SIGNED:
            return self.hooks.add(Hook(id, workflow, kind, respond, digest(known), "")), known
        return self._add_signed(Hook(id, workflow, kind, respond, "", ""), known), known

    @property
    def hooks(self) -> Hooks:
        """The addresses at which requests ask for runs: ``all()`` of them; ``find`` and ``remove`` take an id."""
        from flowbook.triggers import Hooks

        return Hooks(self._triggered.rows, new_run_id)

    @internal
    def hook_secret(self, hook: Hook) -> str:
        """The secret that the requests of a hook are signed with. Raises VaultError, and NotFound when it is gone."""
        key = self.credentials.key
        try:
            return _opened(key.vault(), hook)
        except VaultError:  # the key may have changed since the hook was read
            return key.steadily(lambda: _opened(key.vault(), self.hooks.find(hook.id)))

    def _add_signed(self, hook: Hook, secret: str) -> Hook:
        """Keep one whose requests are signed. Raises AlreadyExists.

        It is sealed and kept under the lock under which the key changes: whoever changes that sees this hook, or had
        done so before.
        """
        key = self.credentials.key
        key.make()
        with self.store.transaction():
            return self.hooks.add(hook._replace(sealed=json.dumps(_sealed(key.vault(), hook.id, secret))))

    def rotate_key(self, *, drop: Collection[SlotKind] = (), without: Collection[str] = ()) -> dict[str, Any]:
        """Encrypt every credential, and what hooks are signed with, with a new key; survives being killed half-way.

        Neither the key slots of the kinds ``drop`` ("file", "environment", "passphrase", "keyring") nor those of the
        persons ``without`` open the new one. The old key stays on this machine, for copies of the workspace: see
        :meth:`remove_old_keys`. Returns the new one's status (:meth:`key_status`, without "problem"). Raises NotFound
        for a kind that there is not or a person without a slot, VaultLocked or WrongKey when the credentials are locked
        here, and VaultError when one does not open; nothing has changed then.
        """
        status = self.credentials.key.rotate(drop, without, self._seal_for_both)
        self._seal_for_one()
        return status

    def _seal_for_both(self, old: Vault, new: Vault) -> None:
        """Keep what hooks are signed with by both keys: whichever the store's is after a crash opens it."""
        for hook in self.hooks.all():
            if hook.sealed:
                self.hooks.reseal(hook.id, json.dumps([*_records(hook), _sealed(new, hook.id, _opened(old, hook))]))

    def _seal_for_one(self) -> None:
        """Keep of that only what the key opens which is the store's now: another may have changed it once more."""
        key = self.credentials.key
        with self.store.transaction():
            now = key.vault().key_id
            for hook in self.hooks.all():
                found = [one for one in _records(hook) if one.get("key") == now] if hook.sealed else []
                if found:
                    self.hooks.reseal(hook.id, json.dumps(found[-1]))

    # -- the queue -------------------------------------------------------------------------------------------------

    def enqueue(self, workflow: str, inputs: Mapping[str, Any] | None = None, **more_inputs: Any) -> str:
        """Ask the servers of this workspace for a run of a stored workflow; the id that it will have.

        When it returns it is on the disk: a server that is killed, or not there yet, loses nothing. Raises NotFound,
        InvalidInputs, and InputError for an input that is a secret, which would be kept in clear.
        """
        given = kept_inputs(self.store.workflow(workflow), {**(inputs or {}), **more_inputs})
        run = new_run_id()
        self.queue.put(run, workflow, given, "queue", time.time())
        return run

    @property
    def queue(self) -> Queue:
        """The runs that were asked for: ``all()`` of them, ``find`` one by its id, and ``counts()`` by their state."""
        from flowbook.triggers import Queue

        return Queue(*self._triggered)

    @internal
    def start_queued(self, queued: Queued) -> Run:
        """Begin a run that was taken from the queue. Raises as :meth:`start`, and nothing has run then."""
        return self._begin(queued.workflow, read_already(queued.inputs), RunOptions(id=queued.run), NOTHING_SAID, None)


def _records(hook: Hook) -> list[dict[str, Any]]:
    """What its secret is sealed as: by one key, and by several while the key changes, the newest last.

    Raises VaultError.
    """
    try:
        kept = parse_json(hook.sealed)
    except ValueError:
        raise VaultError(f"the secret of the hook {hook.id!r} cannot be read.", "Add the hook again.") from None
    records = kept if isinstance(kept, list) and kept else [kept]
    return [record if isinstance(record, dict) else {} for record in records]


def _sealed(vault: Vault, id: str, secret: str) -> dict[str, Any]:
    return vault.seal(secret, integration_id=id, type_name=_TYPE, field=_FIELD)


def _opened(vault: Vault, hook: Hook) -> str:
    """The secret of a hook. Raises VaultError."""
    *older, newest = _records(hook)
    for record in older:
        with suppress(WrongKey):
            return vault.unseal(record, integration_id=hook.id, type_name=_TYPE, field=_FIELD)
    return vault.unseal(newest, integration_id=hook.id, type_name=_TYPE, field=_FIELD)


def kept_inputs(workflow: Workflow, given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given for a run that begins later, checked; only what is given, so that defaults are those of then.

    Raises InvalidInputs, and InputError for a secret: it would be kept in clear.
    """
    _check_no_secret(workflow, given)
    bound = bind_inputs(workflow, given)
    return {name: bound[name] for name in given}


def _check_no_secret(workflow: Workflow, given: Mapping[str, Any] | None = None) -> None:
    for name, parameter in workflow.inputs.items():
        if parameter.secret and (parameter.required if given is None else name in given or parameter.required):
            raise InputError(
                f"the input {name!r} of {workflow.name} is a secret: it would be kept in clear until the run begins.",
                "Use an integration for it: credentials are kept encrypted.",
            )


def _check_choice(what: str, given: str, choices: tuple[str, ...]) -> None:
    if given not in choices:
        raise NotFound(f"choice of {what}", given, choices)


def _check_hook_name(name: str) -> None:
    if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
        raise InputError(
            f"{name!r} cannot be the name of a hook.", "Use letters, digits, - and _: it is in its address."
        )
