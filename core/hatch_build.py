"""What the core consists of, read from the checkout around it: all of Flowbook but its studio.

The names, bounds and extras of packages are those of the checkout's pyproject.toml, so each stands in one place. The
source distribution carries the checkout's part in ``checkout/``.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# What only the studio needs, and what can be left out: of these, an extra, of an integration with its name.
# Without rich, a fifth of all together, terminals show runs and pages in plain lines.
STUDIO = frozenset({"anywidget", "ipycytoscape", "ipywidgets", "jupyterlab"})
EXTRAS = {"boto3": "s3", "psycopg2-binary": "postgres", "rich": "terminal"}
# Extras of the checkout that are about notebooks, or about working on Flowbook itself.
APART = frozenset({"notebooks", "app", "test", "bench", "docs", "dev"})
# Packages of flowbook/ that the core is without.
WITHOUT = ("ui",)
_CARRIED = {".py", ".json", ".yaml", ".md", ".svg", ".txt"}
LICENCES = ("LICENSE", "NOTICE")
_PYTHON = "Programming Language :: Python"
CLASSIFIERS = (
    "Development Status :: 4 - Beta",
    "Environment :: Console",
    "Intended Audience :: Developers",
    "Intended Audience :: System Administrators",
)


def checkout(root: str) -> Path:
    """The folder of the whole: around this one in a repository, below it in a source distribution."""
    packed = Path(root) / "checkout"
    return packed if packed.is_dir() else Path(root).parent


def whole(root: str) -> dict[str, Any]:
    """The checkout's pyproject.toml."""
    return tomllib.loads((checkout(root) / "pyproject.toml").read_text(encoding="utf-8"))


def name_of(requirement: str) -> str:
    """``boto3>=1.36`` → ``boto3``."""
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]


class Metadata(MetadataHookInterface):
    """Version, Python, packages and extras as the checkout says them."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Fill in what pyproject.toml leaves open."""
        project = whole(self.root)["project"]
        needed = {name_of(each): each for each in project["dependencies"]}
        extras = {
            extra: [each.replace("jupyter-flowbook[", "jupyter-flowbook-core[") for each in packages]
            for extra, packages in project["optional-dependencies"].items()
            if extra not in APART
        }
        metadata["version"] = project["version"]
        metadata["requires-python"] = project["requires-python"]
        metadata["classifiers"] = [*CLASSIFIERS, *(one for one in project["classifiers"] if one.startswith(_PYTHON))]
        metadata["scripts"] = project["scripts"]
        metadata["dependencies"] = [each for name, each in needed.items() if name not in {*STUDIO, *EXTRAS}]
        metadata["optional-dependencies"] = {**extras, **{extra: [needed[name]] for name, extra in EXTRAS.items()}}
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


class Files(BuildHookInterface[Any]):
    """The checkout's files, in a wheel where they are imported and in a source distribution as they lie there."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name them to the builder. An editable install is not offered: the checkout itself is one."""
        if version == "editable":
            raise ValueError("The core has no editable install: install the checkout around it with pip install -e .")
        home = checkout(self.root)
        moved: dict[str, str] = whole(self.root)["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
        places = {"flowbook": "flowbook", **moved}
        packed = self.target_name == "sdist"
        found = {
            str(file): str(
                Path("checkout", start, file.relative_to(home / start))
                if packed
                else Path(to, file.relative_to(home / start))
            )
            for start, to in places.items()
            for file in files_below(home / start)
        }
        beside = "checkout" if packed else f"jupyter_flowbook_core-{self.metadata.version}.dist-info/licenses"
        found |= {str(home / name): f"{beside}/{name}" for name in (*LICENCES, *(["pyproject.toml"] if packed else []))}
        build_data["force_include"] = {**build_data.get("force_include", {}), **found}


def files_below(start: Path) -> list[Path]:
    """The files that are carried: of a folder all but the studio's and what running leaves behind."""
    if start.is_file():
        return [start]
    apart = {start / each for each in WITHOUT}
    return sorted(
        file
        for file in start.rglob("*")
        if file.suffix in _CARRIED and file.is_file() and "__pycache__" not in file.parts
        and not apart.intersection(file.parents)
    )  # fmt: skip
