"""Where the lists of n8n's nodes come from in a workflow of ours, and which item of one belongs to which of another.

:class:`Out` says of each output the expression of its list, and how places in it follow from those in the node's own
list: so ``$('x').item`` is found without n8n's pairing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from flowbook.formats.n8n.source import Edge
from flowbook.models import kebab

NOTHING = "[{}]"
"""The list of a node that nothing leads to: one empty item, as in n8n."""
_DEEPEST = 60
_LONGEST_PLACE = 500


@dataclass
class Out:
    """An output. ``kind`` says how a place in it comes from one in the node's list: the same, by the list ``index``,
    the one item of all, or unknown. ``may_be_empty`` though the node's list was not.
    """

    text: str
    kind: Literal["same", "index", "one", "unknown"] = "same"
    index: str = ""
    may_be_empty: bool = False


class Ways:
    """The edges between n8n's nodes, the ids of ours, and what each output is; ``entries`` are those of a loop."""

    def __init__(self, names: Iterable[str], edges: list[Edge], entries: Iterable[str]) -> None:
        self.names = list(names)
        self.edges: list[Edge] = []
        self.connect(edges)
        self.entries = set(entries)
        self._taken = {"result"}
        self.ids = {one: self.identify(one) for one in self.names}
        self.outs: dict[tuple[str, int | str], Out] = {}
        self._ancestors: dict[str, set[str]] = {}
        self._places: dict[tuple[str, str], str | None] = {}

    def identify(self, words: str) -> str:
        """An id for a node, which no other has."""
        plain = kebab(words).replace("-", "_")[:50]
        plain = plain if plain[0].isalpha() else f"n_{plain}"
        id, number = plain, 2
        while id in self._taken:
            id, number = f"{plain}_{number}", number + 1
        self._taken.add(id)
        return id

    def connect(self, edges: list[Edge]) -> None:
        """Take these edges in place of those there were."""
        self.edges = edges
        self._into: dict[str, list[Edge]] = {}
        for edge in edges:
            self._into.setdefault(edge.target, []).append(edge)

    def into(self, name: str, input: int | None = None) -> list[Edge]:
        """The edges that lead to a node, or to one of its inputs."""
        return [edge for edge in self._into.get(name, ()) if input is None or edge.input == input]

    def list_into(self, name: str, input: int | None = None) -> str:
        """The expression of the list that arrives."""
        found = [self.out(edge).text for edge in self.into(name, input)]
        if name in self.entries and not input:
            found.insert(0, "inputs.items")
        found = list(dict.fromkeys(found))
        if len(found) <= 1:
            return found[0] if found else NOTHING
        return f"({' + '.join(f'default({one}, [])' for one in found)})"

    def out(self, edge: Edge) -> Out:
        """What an edge carries."""
        return self.out_of(edge.source, edge.output)

    def out_of(self, name: str, output: int | str) -> Out:
        """What an output of a node is; the first one's where it is not known."""
        found = self.outs.get((name, output)) or self.outs.get((name, 0))
        return found or Out(f"nodes.{self.ids[name]}.data", "unknown")

    def ancestors(self, name: str) -> set[str]:
        """The nodes from which edges lead to one."""
        if name not in self._ancestors:
            found: set[str] = set()
            waiting = [name]
            while waiting:
                for edge in self.into(waiting.pop()):
                    if edge.source not in found:
                        found.add(edge.source)
                        waiting.append(edge.source)
            self._ancestors[name] = found
        return self._ancestors[name]

    def place_in(self, name: str, source: str, depth: int = 0) -> str | None:
        """As :meth:`_place_in`, asked once of two nodes: where branches meet again and again, ways are many."""
        if (name, source) not in self._places:
            self._places[name, source] = self._place_in(name, source, depth)
        return self._places[name, source]

    def _place_in(self, name: str, source: str, depth: int) -> str | None:
        """The place in ``source``'s list for the item at ``§`` in that of ``name``, as an expression; None: unknown."""
        edges = list({self.out(edge).text: edge for edge in self.into(name)}.values())
        if not edges or depth > _DEEPEST or name in self.entries:
            return None
        if len(edges) == 1:
            return self._place_by(edges[0], source, depth)
        lists = []
        for edge in edges:
            place = self._place_by(edge, source, depth)
            if place is None or len(place) > _LONGEST_PLACE:
                return None
            places = f"range(len(default({self.out(edge).text}, [])))"
            lists.append(f"[{place.replace('§', 'place')} for place in {places}]")
        return f"({' + '.join(lists)})[§]"

    def _place_by(self, edge: Edge, source: str, depth: int) -> str | None:
        out = self.out(edge)
        here = {"same": "§", "index": f"{out.index}[§]", "one": "0"}.get(out.kind)
        if edge.source == source:
            return "§" if (source, 1) not in self.outs else here
        above = self.place_in(edge.source, source, depth + 1) if source in self.ancestors(edge.source) else None
        return None if here is None or above is None else above.replace("§", here)

    def place_in_entry(self, name: str) -> str | None:
        """The expression of the place in the loop's items, for the item at hand in a node; None: unknown."""
        place = "index"
        for _ in range(_DEEPEST):
            edges = self.into(name)
            if name in self.entries and not edges:
                return place
            if len(edges) != 1 or name in self.entries:
                return None
            out = self.out(edges[0])
            if out.kind not in ("same", "index", "one"):
                return None
            place = {"same": place, "index": f"{out.index}[{place}]", "one": "0"}[out.kind]
            name = edges[0].source
        return None

    def is_single(self, name: str, depth: int = 0) -> bool:
        """Whether a node surely gives one item."""
        out, edges = self.outs.get((name, 0)), self.into(name)
        if out is None or depth > _DEEPEST:
            return False
        if out.kind == "one":
            return True
        return out.kind == "same" and len(edges) == 1 and self.is_single(edges[0].source, depth + 1)
