"""What the tasks are given: the credentials, and the params of each task."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints

from flowbook import ssh, typed

_FILE: dict[str, Any] = {"flowbook_type": "file"}
_TEXT: dict[str, Any] = {"flowbook_type": "text"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}


def _numbers(value: Any) -> Any:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value if isinstance(value, list) else [value]


Path = Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\x00]+$")]
OptionalPath = Annotated[Path | None, typed.BlankIsNone]
Seconds = Annotated[Annotated[float, Field(gt=0)] | None, typed.BlankIsNone]
Mode = Annotated[Annotated[str, StringConstraints(pattern=r"^[0-7]{3,4}$")] | None, typed.BlankIsNone]


class Credentials(ssh.Machine):
    """A machine, how it is known for sure, and who signs in to it."""


class TestConnection(typed.Params):
    """Nothing: the credentials are all that is tried."""


class RunCommand(typed.Params):
    """A command, and what goes with it."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["command", "input", "timeout"]})

    command: str | list[str] = Field(
        min_length=1,
        description="The command, as the user's shell takes it; a list is a program and its arguments, each quoted",
        json_schema_extra={"flowbook_type": "text", "flowbook_language": "shell"},
    )
    input_: str | bytes = Field("", alias="input", description="What the command reads", json_schema_extra=_TEXT)
    folder: OptionalPath = Field(None, description="Folder on that machine to run it in; else the user's home")
    timeout: Seconds = Field(None, description="Seconds after which it is ended; empty: as long as it takes")
    accept: Annotated[list[int], BeforeValidator(_numbers)] = Field(
        default_factory=lambda: [0], description="Exit codes that count as success", json_schema_extra=_JSON
    )
    max_output: int = Field(10_000_000, ge=1, description="Most bytes kept of what it writes; the rest is let go")


class UploadFile(typed.Params):
    """A file, and where it goes."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["remote_path", "file_path", "content"]})

    remote_path: Path = Field(description="Its path there; a relative one starts at the user's home")
    file_path: OptionalPath = Field(None, description="The file here", json_schema_extra=_FILE)
    content: str | bytes | None = Field(
        None, description="A text, or bytes, in place of a file", json_schema_extra=_TEXT
    )
    mode: Mode = Field(None, description="Its permissions, as 640; empty: as those there are, or the machine's own")
    make_folders: bool = Field(True, description="Make the folders that are missing")


class DownloadFile(typed.Params):
    """A file, and where it goes."""

    remote_path: Path = Field(description="Its path there; a relative one starts at the user's home")
    file_path: OptionalPath = Field(
        None, description="Where it is saved here; empty: its content is the data", json_schema_extra=_FILE
    )
    max_bytes: int = Field(1_000_000_000, ge=1, description="Largest file that is fetched, in bytes")


class ListFiles(typed.Params):
    """Which files."""

    remote_path: Path = Field(".", description="Folder there; a relative one starts at the user's home")
    pattern: Path = Field("*", description="What names are like, as *.csv")
    recursive: bool = Field(False, description="What is in folders inside of it, too; links are not followed")
    limit: int = Field(10_000, ge=1, description="Most entries; the message says when there were more")


class OnePath(typed.Params):
    """A file or a folder there."""

    remote_path: Path = Field(description="Its path there; a relative one starts at the user's home")


class MoveFile(OnePath):
    """A file or a folder, and its new path."""

    to_path: Path = Field(description="Its new path there")
    overwrite: bool = Field(False, description="Replace a file that has that path already")
