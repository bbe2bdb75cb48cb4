"""What every store does with its documents, wherever it keeps them."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from flowbook.errors import AlreadyExists, InputError, InUse, StoreError, WrongKey
from flowbook.models import Integration, IntegrationType, Workflow, check_integration_name, check_workflow_name
from flowbook.records import NamedTuple
from flowbook.store.protocol import Revision, WorkflowSummary

if TYPE_CHECKING:
    from flowbook.store.records import Contents, Meta, Record, Records

HEADER = "vault"
"""Under what key the vault's header is kept."""


class Tables(NamedTuple):
    """Where the documents are."""

    meta: Meta
    types: Records
    integrations: Records
    workflows: Records


class DocumentStore(ABC):
    """The part of a :class:`~flowbook.store.protocol.WorkspaceStore` that is alike for all of them.

    Each method that changes something is one :meth:`transaction`; several of them within one are one together.
    """

    place: str

    @abstractmethod
    def transaction(self, *, replace_backup: bool = False) -> AbstractContextManager[Self]:
        """Everything within is one atomic write; an exception leaves all as it was. May be nested."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[object]:
        """Several reads, safe from writers in other threads."""

    @abstractmethod
    def _tables(self) -> Tables:
        """The tables; nothing is read before they are used."""

    # -- integration types -----------------------------------------------------------------------------------------

    def types(self) -> list[IntegrationType]:
        """Every integration type, by name."""
        with self.reading():
            return [self._types.read(record, IntegrationType.model_validate) for record in self._types.all()]

    def type(self, name: str) -> IntegrationType:
        """The integration type of that name, else NotFound."""
        with self.reading():
            return self._types.read(self._types.get(name), IntegrationType.model_validate)

    def type_revision(self, name: str) -> int:
        """Its revision, else NotFound."""
        with self.reading():
            return self._types.get(name).revision

    def save_type(self, type_: IntegrationType, *, revision: Revision = None) -> int:
        """Create or replace an integration type; returns its new revision."""
        from flowbook.store.records import plain, type_document

        document = plain(type_document(type_), f"the integration type {type_.name!r}")
        with self.transaction():
            existing = self._types.find(type_.name)
            self._types.check_revision(type_.name, existing, revision)
            return self._types.put(type_.name, document, existing)

    def delete_type(self, name: str) -> None:
        """Delete an integration type. Raises InUse, naming the integrations of that type."""
        with self.transaction():
            record = self._types.get(name)
            users = [user.name for user in self._integrations.all() if user.document.get("type") == name]
            if users:
                raise InUse(
                    f"the integration type {name!r} is used by: {', '.join(users)}.", "Delete these integrations first."
                )
            self._types.remove(record)

    # -- integrations ----------------------------------------------------------------------------------------------

    def integrations(self) -> list[Integration]:
        """Every integration, by name; secrets stay sealed."""
        with self.reading():
            return [self._integrations.read(record, Integration.model_validate) for record in self._integrations.all()]

    def integration(self, name_or_id: str) -> Integration:
        """The integration of that name or id, else NotFound."""
        with self.reading():
            return self._integrations.read(self._integration_record(name_or_id), Integration.model_validate)

    def integration_revision(self, name_or_id: str) -> int:
        """Its revision, else NotFound."""
        with self.reading():
            return self._integration_record(name_or_id).revision

    def save_integration(self, integration: Integration, *, revision: Revision = None) -> int:
        """Create or replace the integration of that id; returns its new revision.

        With another name than before it is renamed, and workflows follow. Raises AlreadyExists when another has that
        name (in whatever case), NotFound for an unknown type, StoreError for a secret in clear, WrongKey for one that
        another key than this store's sealed.
        """
        from flowbook.store.records import plain

        document = plain(integration.model_dump(), f"the integration {integration.name!r}")
        with self.transaction():
            self._check_fields(integration)
            existing = self._integrations.find_id(integration.id)
            self._check_name_free(integration.name, integration.id)
            self._integrations.check_revision(integration.name, existing, revision)
            if existing is not None and existing.name != integration.name:
                self._refer(existing.name, integration.name)
            return self._integrations.put(integration.name, document, existing, id=integration.id)

    def delete_integration(self, name: str) -> list[str]:
        """Delete an integration, by name or id; returns the names of the workflows that used it."""
        with self.transaction():
            record = self._integration_record(name)
            users = self.integration_users(record.name)
            self._integrations.remove(record)
            return users

    def rename_integration(self, old: str, new: str) -> list[str]:
        """Rename an integration; returns the names of the workflows whose references followed, in the same write."""
        new = check_integration_name(new)
        with self.transaction():
            integration = self.integration(old)
            users = self.integration_users(integration.name)
            renamed = Integration.model_validate({**integration.model_dump(), "name": new})
            if renamed != integration:
                self.save_integration(renamed)
            return users

    def integration_users(self, name: str) -> list[str]:
        """The names of the workflows with a node that uses the integration of that name."""
        with self.reading():
            return [record.name for record in self._workflows.all() if _nodes_using(record, name)]

    # -- workflows -------------------------------------------------------------------------------------------------

    def workflows(self) -> list[WorkflowSummary]:
        """A summary of every workflow, by name."""
        with self.reading():
            return [
                WorkflowSummary(
                    name=record.name,
                    description=record.document.get("description", ""),
                    nodes=len(record.document.get("nodes", {})),
                    revision=record.revision,
                    saved_at=record.saved_at,
                )
                for record in self._workflows.all()
            ]

    def workflow_names(self) -> list[str]:
        """The names of all workflows, sorted."""
        with self.reading():
            return self._workflows.names()

    def workflow(self, name: str) -> Workflow:
        """The workflow of that name, else NotFound."""
        return self.workflow_with_revision(name)[0]

    def workflow_text(self, name: str) -> str:
        """The stored document as JSON text, to be compared with another time's; else NotFound."""
        with self.reading():
            return json.dumps(self._workflows.get(name).document)

    def workflow_revision(self, name: str) -> int:
        """Its revision, else NotFound."""
        with self.reading():
            return self._workflows.get(name).revision

    def workflow_with_revision(self, name: str) -> tuple[Workflow, int]:
        """The workflow and the revision it is, for an editor that will save it again; else NotFound."""
        with self.reading():
            record = self._workflows.get(name)
            workflow, revision = self._workflows.read(record, Workflow.from_document), record.revision
        workflow.remember(self.place, revision)
        return workflow, revision

    def save_workflow(self, workflow: Workflow, *, revision: Revision = None) -> int:
        """Create or replace a workflow; returns its new revision.

        ``revision`` None or "any" overwrites whatever is there; 0 creates only (AlreadyExists otherwise); another
        number must be the one that is there (Conflict otherwise). The workflow remembers its new revision.
        """
        from flowbook.store.records import plain

        document = plain(workflow.to_document(), f"the workflow {workflow.name!r}")
        with self.transaction():
            existing = self._workflows.find(workflow.name)
            self._workflows.check_revision(workflow.name, existing, revision)
            saved = self._workflows.put(workflow.name, document, existing)
        workflow.remember(self.place, saved)
        return saved

    def delete_workflow(self, name: str) -> None:
        """Delete a workflow, else NotFound."""
        with self.transaction():
            self._workflows.remove(self._workflows.get(name))

    def rename_workflow(self, old: str, new: str) -> int:
        """Rename a workflow; returns its new revision. Raises NotFound, AlreadyExists, InvalidName."""
        check_workflow_name(new)
        with self.transaction():
            record = self._workflows.get(old)
            if new == old:
                return record.revision
            if self._workflows.find(new) is not None:
                raise AlreadyExists(f"there is a workflow {new!r} already.", "Choose another name.")
            return self._workflows.put(new, {**record.document, "name": new}, record)

    # -- the rest --------------------------------------------------------------------------------------------------

    def meta(self, key: str, default: Any = None) -> Any:
        """A copy of the document kept under ``key`` ("vault": the vault's header)."""
        with self.reading():
            return self._meta.get(key, default)

    def set_meta(self, key: str, value: Any) -> None:
        """Keep ``value`` (plain JSON) under ``key``; None removes it."""
        with self.transaction():
            self._meta.set(key, value)

    def contents(self) -> Contents:
        """All that is kept, as it is kept."""
        from flowbook.store.records import Contents

        with self.reading():
            meta, *tables = self._tables()
            return Contents({table.kind: table.all() for table in tables}, meta.all())

    def fill(self, contents: Contents) -> None:
        """Keep what was kept elsewhere, with its ids and revisions. Raises InputError when there is something here."""
        with self.transaction():
            meta, *tables = self._tables()
            if meta.all() or any(table.names() for table in tables):
                raise InputError(
                    f"there is something in {self.place} already.", "Choose a place that holds nothing yet."
                )
            for table in tables:
                for record in contents.records[table.kind]:
                    table.write(record, new=True)
            for key, value in contents.meta.items():
                meta.write(key, value)

    # -- inside ----------------------------------------------------------------------------------------------------

    @property
    def _meta(self) -> Meta:
        return self._tables().meta

    @property
    def _types(self) -> Records:
        return self._tables().types

    @property
    def _integrations(self) -> Records:
        return self._tables().integrations

    @property
    def _workflows(self) -> Records:
        return self._tables().workflows

    def _integration_record(self, name_or_id: str) -> Record:
        return (
            self._integrations.find(name_or_id)
            or self._integrations.find_id(name_or_id)
            or self._integrations.get(name_or_id)
        )

    def _check_name_free(self, name: str, id: str) -> None:
        for record in self._integrations.all():
            if record.id != id and name.casefold() in (record.name.casefold(), record.id.casefold()):
                raise AlreadyExists(
                    f"there is an integration {record.name!r} already.", "Choose another name, or change that one."
                )

    def _check_fields(self, integration: Integration) -> None:
        """Refuse secrets in clear, and such as this store's key does not open."""
        from flowbook.store.records import is_sealed

        type_ = self.type(integration.type)
        key_id = (self._meta.get(HEADER) or {}).get("key_id")
        for name, value in integration.fields.items():
            parameter = type_.parameter(name)
            if not is_sealed(value):
                if parameter is not None and parameter.secret:
                    raise StoreError(
                        f"the credential {name!r} of {integration.name!r} is not sealed, so it was not saved.",
                        "Save integrations through the workspace, which seals secrets first.",
                    )
            elif value.get("key") != key_id:
                raise WrongKey(
                    f"the credential {name!r} of {integration.name!r} was sealed with the key {value.get('key')}, but "
                    + (f"this store uses the key {key_id}." if key_id else "this store has no key yet."),
                    "Another process may have rotated the key: open the workspace again and repeat the change.",
                )

    def _refer(self, old: str, new: str) -> None:
        """Make every workflow refer to the integration ``old`` as ``new``."""
        for record in self._workflows.all():
            using = _nodes_using(record, old)
            if using:
                nodes = record.document["nodes"]
                changed = {id: {**node, "integration": new} if id in using else node for id, node in nodes.items()}
                document = {**record.document, "nodes": changed}
                self._workflows.put(record.name, document, record)


def _nodes_using(record: Record, integration: str) -> set[str]:
    nodes = record.document.get("nodes", {})
    return {id for id, node in nodes.items() if isinstance(node, dict) and node.get("integration") == integration}
