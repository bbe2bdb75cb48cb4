"""The environment variables that Flowbook reads. A test holds this list against the code."""

from __future__ import annotations

from generating.text import table

SETTINGS: dict[str, str] = {
    "FLOWBOOK_WORKSPACE": (
        "The workspace's folder. Without it: the nearest folder upward that holds `.flowbook/`, else the current one. "
        "`-C DIR` and `Workspace(DIR)` win over it."
    ),
    "FLOWBOOK_INTEGRATIONS": (
        "More integration folders: a list of paths, separated as in `PATH`. Each is an integration folder, or a folder "
        "that holds some. They come after the workspace's own `integrations/` and before the built-in ones."
    ),
    "FLOWBOOK_CREDENTIALS__<NAME>": (
        "The credentials of one integration, as a JSON object, with its type as `integration_type`. "
        "`<NAME>` is the integration's name in capitals, every "
        "other character an underscore: `My Slack Workspace` is `FLOWBOOK_CREDENTIALS__MY_SLACK_WORKSPACE`. They win "
        "over the stored ones, and are taken out of the process's environment at its start."
    ),
    "FLOWBOOK_KEY": (
        "The key that opens the stored credentials: 44 characters of url-safe base64. It is taken out of the process's "
        "environment at its start."
    ),
    "FLOWBOOK_KEY_FILE": (
        "A file that holds such a key, for example a secret that Docker, Kubernetes or systemd mounted. Removed from "
        "the environment as well."
    ),
    "FLOWBOOK_CONFIG_DIR": (
        "The folder for key files, in place of the user's configuration folder (Linux: `~/.config/flowbook`)."
    ),
    "FLOWBOOK_TRUST": (
        "Folders (absolute paths; with `/*` at the end, all below) whose workflow files, code and stored workflows are "
        "trusted for everything. For unattended runs."
    ),
    "FLOWBOOK_MEMORY_ONLY": (
        "`1`, `true`, `yes` or `on`: a workspace writes nothing, and its key too is only in memory. For demonstrations "
        "on someone else's machine, such as Binder."
    ),
    "FLOWBOOK_STORE": (
        "The [PostgreSQL database](../how-to/postgresql.md) that the workspace is in, `postgresql://…`, which may hold "
        "a password: it is taken out of the process's environment at its start."
    ),
    "FLOWBOOK_APP_WORKSPACE": "Set by `flowbook app` itself: it tells the page that it serves which workspace to open.",
    "FLOWBOOK_MCP_TOKEN": "The token that `flowbook mcp --http` asks for; by default a new one, which is printed.",
    "FLOWBOOK_DEBUG": "When it is set, an unexpected error of the command line shows its traceback.",
}


def settings_page() -> str:
    """The page of settings."""
    rows = [(f"`{name}`", what) for name, what in SETTINGS.items()]
    return f"""# Settings

Flowbook needs no configuration file. What differs from machine to machine is set by environment variables. What is set
for a workspace, in `.flowbook/settings.json`, is which [places outside](../security.md#where-tasks-read-and-write) its
tasks may use, [how much of the history](../how-to/history.md#how-much-is-kept) it keeps, and in
[which database](../how-to/postgresql.md) it is, if in any.

{table(("variable", "what it does"), rows)}

The command line has one option that holds for every command: `-C DIR` chooses the workspace.

The HTTP integrations also follow the usual variables of the `requests` library: `HTTPS_PROXY`, `HTTP_PROXY`,
`NO_PROXY` and `REQUESTS_CA_BUNDLE`.
"""
