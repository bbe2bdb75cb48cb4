"""How what is not installed is installed: the package, or the extra of Flowbook, that a library belongs to.

Flowbook comes in two distributions: ``jupyter-flowbook``, and ``jupyter-flowbook-core``, which is without the studio.
What is to be installed is said for the one that is here.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

from flowbook.errors import FlowbookError

_EXTRAS = {
    "azure": "azure",
    "bs4": "html",
    "cronsim": "serve",
    "duckdb": "duckdb",
    "distributed": "dask",
    "feedparser": "rss",
    "imapclient": "imap",
    "jmespath": "jmespath",
    "keyring": "keyring",
    "lxml": "html",
    "markdownify": "html",
    "matplotlib": "notebooks",
    "mcp": "mcp",
    "nbclient": "notebooks",
    "oauthlib": "oauth2",
    "openpyxl": "spreadsheets",
    "pandas": "data",
    "paramiko": "ssh",
    "pyarrow": "data",
    "pymongo": "mongodb",
    "pymysql": "mysql",
    "pypdf": "pdf",
    "quickjs": "javascript",
    "re2": "patterns",
    "redis": "redis",
    "tornado": "serve",
    "tree_sitter": "n8n",
    "tree_sitter_javascript": "n8n",
    "voila": "app",
}
# Where the package's name on the index is not the module's.
_PACKAGES = {
    "psycopg2": "psycopg2-binary", "yaml": "PyYAML", "PIL": "pillow",
    "sklearn": "scikit-learn", "markdown_it": "markdown-it-py",
    "cv2": "opencv-python", "dateutil": "python-dateutil", "dotenv": "python-dotenv", "docx": "python-docx",
    "pptx": "python-pptx", "jwt": "PyJWT", "fitz": "PyMuPDF", "serial": "pyserial", "git": "GitPython",
    "MySQLdb": "mysqlclient", "OpenSSL": "pyOpenSSL", "Crypto": "pycryptodome", "ldap": "python-ldap",
    "attr": "attrs", "win32com": "pywin32", "zmq": "pyzmq", "google": "google-api-python-client",
}  # fmt: skip
_WHOLE = "jupyter-flowbook"
_CORE = "jupyter-flowbook-core"
_ONLY_WHOLE = frozenset({"app", "notebooks"})


def how_to_install(module: str) -> str:
    """The command that installs what ``module``, as it is imported, belongs to: ``Run: pip install …``."""
    extra = _EXTRAS.get(module)
    if extra is None:
        return f"Run: pip install {_PACKAGES.get(module, module)}"
    return f"Run: pip install '{distribution(extra)}[{extra}]'"


def is_installed(library: str) -> bool:
    """Whether a package can be imported, by its name and without importing it."""
    try:
        return library in sys.modules or find_spec(library) is not None
    except (ImportError, ValueError):
        return False


def remedy_for(error: BaseException) -> str:
    """The command that installs what an import did not find; empty for every other error."""
    library = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if not library or library in sys.stdlib_module_names or is_installed(library):
        return ""
    return f"{how_to_install(library)}."


def distribution(extra: str = "") -> str:
    """The distribution that is installed; for an extra that only the whole has, that one."""
    return _WHOLE if extra in _ONLY_WHOLE or has_studio() else _CORE


def has_studio() -> bool:
    """Whether the studio is installed."""
    return find_spec("flowbook.ui") is not None


def check_studio(what: str) -> None:
    """Raise FlowbookError, in which ``what`` needs it, where the studio is not installed."""
    if not has_studio():
        raise FlowbookError(f"{what} needs the studio, which is not installed.", f"Run: pip install {_WHOLE}")
