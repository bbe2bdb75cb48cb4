"""What everything on screen is built from: one stylesheet, the frame that carries it, buttons and messages."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any, Literal

import traitlets

from flowbook.errors import FlowbookError
from flowbook.ui.parts.catching_up import Beginnings
from flowbook.ui.parts.files import text_of, widget
from flowbook.ui.parts.ordering import Button, OwnWidget
from flowbook.ui.parts.plain import Column, Row, hidden_layout, is_shared, plain_layout
from flowbook.view.statuses import appearance

OUTPUT = "application/vnd.flowbook+json"
Tone = Literal["info", "busy", "success", "error", "warning"]
_NAME_MARKS = frozenset("./\\_:")
_STATUS_TONES: dict[str, Tone] = {"success": "success", "error": "error", "warn": "warning"}


def stylesheet() -> str:
    """The stylesheet of the studio; colours are JupyterLab's variables, with the light theme's as fallbacks."""
    return text_of("parts/studio.css")


class _Frame(OwnWidget):
    """Invisible: brings the stylesheet into the page and keeps keys from the notebook's shortcuts.

    ← {"kind": "begun", "page": …, "seconds": …}    a page has all that is in the frame; how long ago it was loaded
    """

    _esm = widget("parts/frame.js")
    _css = stylesheet()

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._beginnings = Beginnings()
        self.on_msg(self._heard)

    def _heard(self, _: object, content: Any, buffers: object) -> None:
        if isinstance(content, dict) and content.get("kind") == "begun":
            self._beginnings.begun(content.get("page"), content.get("seconds"))


def framed(*children: Any) -> Any:
    """A box with the studio's look around ``children``: what is displayed on its own is framed once, outermost."""
    return Column([_Frame(_dom_classes=["fb-unseen"]), *children], _dom_classes=["flowbook"])


def displayed(widget: Any, still: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """What a notebook keeps of a framed widget: the widget while its kernel lives, and what stands ``still`` after it.

    JupyterLab would look for the widget alone, and not find it in the next kernel; OUTPUT is for ``labextensions/``,
    which shows whichever there is.
    """
    bundle: dict[str, Any] = dict(widget._repr_mimebundle_(**kwargs) or {})
    return {**bundle, **still, OUTPUT: {"version": 1}}


def status_tone(status: str) -> Tone:
    """The tone of what is said about a node or a run of that status."""
    return _STATUS_TONES.get(appearance(status).tone, "info")


def column(*children: Any, name: str = "") -> Any:
    """Children below each other; ``name`` are classes of the stylesheet."""
    return Column(list(children), _dom_classes=["fb-column", *name.split()])


def row(*children: Any, name: str = "") -> Any:
    """Children beside each other; ``name`` are classes of the stylesheet."""
    return Row(list(children), _dom_classes=["fb-row", *name.split()])


def button(
    label: str,
    on_click: Callable[[], object] | None = None,
    *,
    kind: Literal["plain", "primary", "danger", "quiet"] = "plain",
    tooltip: str = "",
    name: str = "",
) -> Any:
    """A compact button. ``on_click`` is called without arguments; ``name`` are classes of the stylesheet."""
    # said at once: each class that is added later is a message
    classes = ["fb-button", f"fb-{kind}", *name.split()]
    made = Button(description=label, tooltip=tooltip or None, _dom_classes=classes)
    if on_click is not None:
        made.on_click(lambda _: on_click())
    return made


def show(widget: Any, visible: bool) -> None:
    """Show a widget or hide it; a hidden one keeps its state."""
    if is_shared(widget.layout):
        widget.layout = plain_layout() if visible else hidden_layout()
    else:
        widget.layout.display = None if visible else "none"


class Message(OwnWidget):
    """One line that says how something went. Its text is shown as text, whatever is in it.

    With ``reveal`` the page scrolls to what is new, as far as it takes. With ``page`` **Learn more** opens that page of
    the documentation over the notebook. A ``closable`` one can be taken away by the person who has read it.
    """

    _esm = widget("parts/message.js")

    text = traitlets.Unicode().tag(sync=True)
    tone = traitlets.Unicode("info").tag(sync=True)
    page = traitlets.Unicode().tag(sync=True)
    reveal = traitlets.Bool(False).tag(sync=True)
    closable = traitlets.Bool(False).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.on_msg(self._asked)

    def say(self, text: str, tone: Tone = "info") -> None:
        """Show ``text``; an empty one shows nothing."""
        with self.hold_sync():
            self.text, self.tone, self.page = text, tone, ""

    def fail(self, error: FlowbookError) -> None:
        """Show an error: what happened, what to do, and where to read on."""
        with self.hold_sync():
            self.text, self.tone, self.page = told(error), "error", error.page

    def _asked(self, _: object, content: Any, buffers: object) -> None:
        from flowbook.ui.parts.explaining import explanation

        if isinstance(content, dict) and isinstance(content.get("explain"), str):
            self.send({"explained": explanation(content["explain"])})

    def clear(self) -> None:
        """Show nothing."""
        self.say("")


class Heading(OwnWidget):
    """A heading with a line that explains it; ``columns`` name the fields of the compact forms below.

    Where it is that of a panel, which came because somebody asked for it, the panel comes into sight, once.
    """

    _esm = widget("parts/heading.js")

    text = traitlets.Unicode().tag(sync=True)
    detail = traitlets.Unicode().tag(sync=True)
    columns = traitlets.List(traitlets.Unicode()).tag(sync=True)
    opened = traitlets.Unicode().tag(sync=True)  # another one for each

    def __init__(self, **traits: Any) -> None:
        super().__init__(opened=uuid.uuid4().hex, **traits)


class Value(OwnWidget):
    """A text in a box, shown as text; without ``wrap`` its lines stay whole, as those of a table must.

    ``label`` is what a screen reader calls it; ``headed`` shows it above the box, too.
    """

    _esm = widget("parts/value.js")

    text = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    wrap = traitlets.Bool(True).tag(sync=True)
    headed = traitlets.Bool(False).tag(sync=True)


class ShownOnce(OwnWidget):
    """A secret in a box. It is sent to the page that shows it when that asks, and is in no state that can be saved."""

    _esm = widget("parts/shown_once.js")

    label = traitlets.Unicode().tag(sync=True)

    def __init__(self, secret: str, label: str) -> None:
        super().__init__(label=label)
        self.secret = secret
        self.on_msg(self._asked)

    def _asked(self, _: object, content: Any, buffers: object) -> None:
        self.send({"text": self.secret})


class Link(OwnWidget):
    """A link to a page of another server, which opens in a tab of its own; nothing as long as it has no address."""

    _esm = widget("parts/link.js")

    url = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)


class TabBar(OwnWidget):
    """The top bar. ``selected`` is the name of the open tab, ``label`` what a screen reader calls all of them."""

    _esm = widget("parts/tabs.js")

    tabs = traitlets.List(traitlets.Unicode()).tag(sync=True)
    selected = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode("Flowbook").tag(sync=True)


def sentence(text: str) -> str:
    """``text`` as it stands on its own: with a capital, as error messages that follow a colon have none.

    What begins with the name of a file or a task stays as it is: a capital would make another name of it.
    """
    first = text.partition(" ")[0].rstrip(":,.")
    return text if _NAME_MARKS.intersection(first) else text[:1].upper() + text[1:]


def told(error: FlowbookError) -> str:
    """An error for people: what happened and what to do."""
    return sentence(str(error))


def listed(names: Sequence[str], limit: int = 6) -> str:
    """Names in a sentence, the first few of many."""
    shown = ", ".join(f"“{name}”" for name in names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"
