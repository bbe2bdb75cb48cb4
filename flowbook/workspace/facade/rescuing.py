"""What a workspace offers to mend a node in a cell."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from flowbook.workspace.facade.parts import Parts
from flowbook.workspace.runs_given import GivenRun, id_of

if TYPE_CHECKING:
    from flowbook.workspace.cell import Cell
    from flowbook.workspace.rescuing import Rescue


class RescuingFacade(Parts):
    """Nodes that did not succeed, as cells."""

    def rescue(self, run: GivenRun, node: str, inputs: Mapping[str, Any] | None = None, **more_inputs: Any) -> Rescue:
        """A node of a run that did not succeed, to be worked on in a cell: ``run`` as for :meth:`resume`.

        It has the node's ``inputs`` and ``nodes``, as its own code has them, and ``give(data)`` for what it comes to.
        Give the inputs that the history does not hold, where they are needed. Raises NotFound, and InputError for a
        node that succeeded.
        """
        from flowbook.workspace.rescuing import Rescue

        record, workspace = self.journal.run(id_of(run)), self
        stand = partial(self._starter.stand_in, record, node)
        return Rescue(workspace, record, node, {**(inputs or {}), **more_inputs}, stand)  # type: ignore[arg-type]

    def as_cell(self, run: GivenRun, node: str) -> Cell:
        """A node of a run that did not succeed, as a cell with its real inputs and its code or call.

        A notebook puts the cell below the one that this is the last value of; elsewhere its ``code`` is the text. When
        it was mended and has run, **Continue** goes on with the run. Raises as :meth:`rescue`.
        """
        from flowbook.workspace.cell import cell_of

        return cell_of(self.rescue(run, node))

    def may_be_given(self, run: GivenRun) -> Mapping[str, str]:
        """What ``results`` of :meth:`resume` can be given for, each with how it ended: nodes, items (``NODE[3]``) and
        nodes inside of runs that nodes made (``SUB/NODE``) that did not succeed. Empty when nothing can. Raises as
        :meth:`resume`, but for RunHeld.
        """
        return self._starter.may_be_given(id_of(run))
