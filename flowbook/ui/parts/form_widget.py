"""The widget of a form: what the kernel and the pages that show it have in common."""

from __future__ import annotations

import traitlets

from flowbook.ui.parts.files import widget
from flowbook.ui.parts.ordering import OwnWidget


class FormWidget(OwnWidget):
    """The state of a :class:`~flowbook.ui.parts.forms.Form`, as its page (``form.js``) reads and shows it."""

    _esm = widget("parts/form.js")

    fields = traitlets.List(traitlets.Dict()).tag(sync=True)
    values = traitlets.Dict().tag(sync=True, echo_update=False)  # told with `heard`: what was typed since stays
    heard = traitlets.Dict().tag(sync=True)
    secrets = traitlets.Dict().tag(sync=True)
    modes = traitlets.Dict().tag(sync=True)
    empties = traitlets.Dict().tag(sync=True)
    errors = traitlets.Dict().tag(sync=True)
    notes = traitlets.Dict().tag(sync=True)
    marks = traitlets.Dict().tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    compact = traitlets.Bool(False).tag(sync=True)
    live = traitlets.Bool(False).tag(sync=True)
    focus_on = traitlets.Dict().tag(sync=True)
    submits = traitlets.Unicode().tag(sync=True)
    enters = traitlets.Bool(False).tag(sync=True)
    patient = traitlets.Bool(False).tag(sync=True)
    takes = traitlets.Unicode().tag(sync=True)
    scope_turn = traitlets.Int(0).tag(sync=True)
    library = traitlets.Unicode().tag(sync=True)
