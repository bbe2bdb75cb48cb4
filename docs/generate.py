"""Makes the reference of the documentation out of the code.

MkDocs calls it as a hook: most pages under ``reference/`` exist only in the built site. ``python docs/generate.py``
writes the files that are kept beside the pages, because editors, code hosts and ``flowbook docs`` read them there: the
JSON Schema of workflow files, the pages that errors name, the settings, and the drawings; and what lists show of the
integrations, beside the code that reads it. ``python docs/generate.py --check`` says which of them are not true.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from generating.briefs import stale_briefs, write_briefs  # noqa: E402
from generating.gallery import gallery_drawings, gallery_page  # noqa: E402
from generating.integrations import built_in, folder_page, overview_page  # noqa: E402
from generating.pictures import drawings  # noqa: E402
from generating.python import internal_names, public_classes, python_page  # noqa: E402
from generating.reference import (  # noqa: E402
    command_line_page,
    commands,
    error_classes,
    errors_page,
    file_format_page,
    functions_page,
)
from generating.schema import flow_schema, schema_text  # noqa: E402
from generating.settings import settings_page  # noqa: E402
from generating.shipped import shipped_text  # noqa: E402

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

__all__ = ["built_in", "commands", "error_classes", "errors_page", "flow_schema", "internal_names", "kept_files",
           "on_files", "on_page_markdown", "pages", "public_classes", "shipped_text"]  # fmt: skip

_OUTWARD = re.compile(r"\]\(((?:\.\./)+[^)#\s]+)(#[^)\s]*)?\)")


def pages() -> dict[str, str]:
    """Every generated page: its path in the documentation → its Markdown."""
    folders = built_in()
    made = {
        "reference/command-line.md": command_line_page(),
        "reference/python.md": python_page(),
        "reference/gallery.md": gallery_page(),
        "reference/integrations/index.md": overview_page(folders),
    }
    return made | {f"reference/integrations/{folder.name}.md": folder_page(folder) for folder in folders}


def kept_files() -> dict[str, str]:
    """The generated files that are kept in the repository: their path in ``docs/`` → their content."""
    kept = {
        "flow.schema.json": schema_text(),
        "errors.md": errors_page(),
        "reference/expression-functions.md": functions_page(),
        "reference/file-format.md": file_format_page(),
        "reference/settings.md": settings_page(),
    }
    return kept | {f"pictures/{name}.svg": text for name, text in drawings().items()}


# -- what MkDocs calls -------------------------------------------------------------------------------------------------


def on_files(files: Files, config: MkDocsConfig, **kwargs: Any) -> Files:
    """Add the generated pages, and the repository's files that pages link to."""
    from mkdocs.structure.files import File

    for path, text in (pages() | gallery_drawings()).items():
        files.append(File.generated(config, path, content=text))
    for target in sorted(linked_files()):
        place = _in_site(target)
        if files.get_file_from_path(place) is None:
            files.append(File.generated(config, place, abs_src_path=str(target)))
    return files


def on_page_markdown(markdown: str, page: Any, **kwargs: Any) -> str:
    """Lead links to files outside of ``docs/`` to their copies in the site; those to folders become plain text."""
    here = (HERE / page.file.src_uri).parent
    ups = "../" * page.file.src_uri.count("/")

    def lead(found: re.Match[str]) -> str:
        target = (here / found[1]).resolve()
        if target.is_relative_to(HERE) or not target.is_file():
            return found[0]
        return f"]({ups}{_in_site(target)})"

    return _OUTWARD.sub(lead, markdown)


def linked_files() -> set[Path]:
    """The files outside of ``docs/`` that its pages link to."""
    found = set()
    for page in HERE.rglob("*.md"):
        for link in _OUTWARD.finditer(page.read_text(encoding="utf-8")):
            target = (page.parent / link[1]).resolve()
            if target.is_file() and not target.is_relative_to(HERE) and target.is_relative_to(HERE.parent):
                found.add(target)
    return found


def _in_site(target: Path) -> str:
    # Not as a page, whatever it is: a README's own links would lead nowhere in the site.
    return "files/" + target.relative_to(HERE.parent).as_posix() + (".txt" if target.suffix == ".md" else "")


def main() -> None:
    """Write the files that are kept."""
    for path, text in kept_files().items():
        (HERE / path).parent.mkdir(parents=True, exist_ok=True)
        (HERE / path).write_text(text, encoding="utf-8")
        print(HERE.name + "/" + path)
    shipped = HERE.parent / "flowbook" / "trust" / "shipped.txt"
    shipped.write_text(shipped_text(), encoding="ascii")
    print(shipped.relative_to(HERE.parent).as_posix())
    write_briefs()
    print("flowbook/catalog/shipped/")


def check() -> None:
    """Say what is kept and is not true any more; exit 1 then."""
    stale = [
        f"docs/{path} is not what the code says any more: run python docs/generate.py"
        for path, text in kept_files().items()
        if not (HERE / path).is_file() or (HERE / path).read_text(encoding="utf-8") != text
    ]
    sys.exit("\n".join(stale_briefs() + stale) or 0)


if __name__ == "__main__":
    check() if sys.argv[1:] == ["--check"] else main()
