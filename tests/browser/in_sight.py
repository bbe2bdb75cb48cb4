"""What a person could not see or reach, though a browser's script could: looked for in any view of the studio."""

from __future__ import annotations

from playwright.sync_api import Page

# What is not shown has no place; what only screen readers get has one pixel; the map of a canvas is drawn.
PARTS = """
const SHOWN = ".jp-OutputArea .flowbook, body > .flowbook";
const CONTROLS = "button, a[href], input, select, textarea, summary, [tabindex='0']";
const shownIn = (root) => [...root.querySelectorAll(CONTROLS)]
    .filter((one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
    .filter((one) => one.getBoundingClientRect().width > 2)
    .filter((one) => !one.closest(".flowbook-canvas, .fb-unseen, .cm-editor"));
const clips = (value) => value === "hidden" || value === "clip";
const scrolls = (value) => value === "auto" || value === "scroll";
/** What of a box is cut off by something around it that clips and that nobody can scroll. */
function cut(one, box) {
    let [across, down] = [true, true];
    for (let at = one.parentElement; at && (across || down); at = at.parentElement) {
        const look = getComputedStyle(at), around = at.getBoundingClientRect();
        if (across && clips(look.overflowX) && (box.left < around.left - 1 || box.right > around.right + 1)) return at;
        if (down && clips(look.overflowY) && (box.top < around.top - 1 || box.bottom > around.bottom + 1)) return at;
        across &&= !scrolls(look.overflowX);
        down &&= !scrolls(look.overflowY);
        if (at.matches(".flowbook")) return null;
    }
    return null;
}
/** Whether something else lies over the middle of a control that is in sight. */
function covered(one) {
    const box = one.getBoundingClientRect();
    const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    for (let at = one.parentElement; at; at = at.parentElement) {
        const around = at.getBoundingClientRect();
        const shown = getComputedStyle(at).overflow === "visible"
            || (x > around.left && x < around.right && y > around.top && y < around.bottom);
        if (!shown) return false; // scrolled out of sight
    }
    const met = document.elementFromPoint(x, y);
    return met !== null && !one.contains(met) && !met.contains(one) && !one.labels?.[0]?.contains(met);
}
const named = (one) => one.outerHTML.slice(0, 140);
"""
CUT = (
    "() => {"
    + PARTS
    + """
    const wrong = [];
    for (const root of document.querySelectorAll(SHOWN)) {
        for (const one of shownIn(root)) {
            const around = cut(one, one.getBoundingClientRect());
            if (around) wrong.push(`cut off by ${around.className}: ${named(one)}`);
            else if (covered(one)) wrong.push(`something lies over ${named(one)}`);
        }
        for (const cell of root.querySelectorAll("td, th")) {
            const isCell = getComputedStyle(cell).display === "table-cell";
            if (cell.offsetWidth && !isCell) wrong.push(`no cell: ${named(cell)}`);
        }
    }
    return wrong;
}"""
)
RINGS = (
    "() => {"
    + PARTS
    + """
    const wrong = [];
    document.activeElement?.blur(); // what was clicked has the focus without a ring
    // How it looks is the stylesheet's; what the page does about each of the hundreds that get the focus takes long.
    const kinds = ["focus", "focusin", "blur", "focusout"], keep = (event) => event.stopImmediatePropagation();
    for (const kind of kinds) addEventListener(kind, keep, true);
    for (const root of document.querySelectorAll(SHOWN)) for (const one of shownIn(root)) {
        if (one.disabled) continue;
        one.focus({ focusVisible: true, preventScroll: true });
        if (document.activeElement !== one) continue;
        const look = getComputedStyle(one), wide = parseFloat(look.outlineWidth);
        const out = Math.max(0, wide + parseFloat(look.outlineOffset));
        if (look.outlineStyle === "none" || wide < 1) wrong.push(`no ring: ${named(one)}`);
        else if (out > 2) wrong.push(`a ring outside of what has the focus, where it may be cut: ${named(one)}`);
    }
    document.activeElement?.blur();
    for (const kind of kinds) removeEventListener(kind, keep, true);
    return wrong;
}"""
)


def cut_off(page: Page) -> list[str]:
    """Controls that something lies over, or clips though nobody can scroll it, and cells that lie in no table."""
    found: list[str] = page.evaluate(CUT)
    return found


def rings_not_seen(page: Page) -> list[str]:
    """Controls whose focus, once a key leads there, is not drawn inside of them. It moves the focus."""
    found: list[str] = page.evaluate(RINGS)
    return found
