"""Whose credentials are used: keys of their own, or those that boto3 finds as Amazon's own tools do; and taking a role.

Facts: https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html (where they are looked for) and
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html.
"""

from __future__ import annotations

import functools
import getpass
import re
from collections.abc import Callable
from typing import Any

from flowbook import current

from .models import Credentials

DEFAULT_REGION = "us-east-1"
ROLE_MINUTES = 60


def open_session(credentials: Credentials, client: Callable[[Any, str, str | None], Any]) -> Any:
    """A boto3 session that signs as the credentials say; ``client(session, service, address)`` makes a client of it.

    Raises botocore's errors: for a profile that is not there, a sign-in that has expired, a role that is refused.
    """
    import boto3

    given = credentials.secret_key
    session = boto3.session.Session(
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=given.reveal() if given else None,
        aws_session_token=credentials.session_token.reveal() if credentials.session_token else None,
        profile_name=credentials.profile,
        region_name=credentials.region,
    )
    _share_descriptions(session)
    if credentials.role_arn:
        session = _as_role(session, credentials, client)
        _share_descriptions(session)
    _hide(session)
    return session


def _share_descriptions(session: Any) -> None:
    """Read Amazon's descriptions of its services once a process: that takes most of the time of making a client."""
    inner = session._session
    inner.register_component("data_loader", _descriptions(inner.get_config_variable("data_path")))


@functools.lru_cache(maxsize=4)
def _descriptions(folders: str | None) -> Any:
    from botocore.loaders import create_loader

    return create_loader(folders)


def _as_role(session: Any, credentials: Credentials, client: Callable[[Any, str, str | None], Any]) -> Any:
    """A session with the role's temporary keys: got once in a run, and again when they have run out."""
    import boto3
    from botocore.credentials import RefreshableCredentials
    from botocore.session import get_session

    def renew() -> dict[str, str]:
        sts = client(session, "sts", credentials.sts_endpoint_url)
        asked: dict[str, Any] = {"RoleArn": credentials.role_arn, "RoleSessionName": _session_name()}
        if credentials.external_id:
            asked["ExternalId"] = credentials.external_id
        got = sts.assume_role(**asked, DurationSeconds=ROLE_MINUTES * 60)["Credentials"]
        return {
            "access_key": got["AccessKeyId"],
            "secret_key": got["SecretAccessKey"],
            "token": got["SessionToken"],
            "expiry_time": got["Expiration"].isoformat(),
        }

    def make() -> Any:
        return RefreshableCredentials.create_from_metadata(renew(), refresh_using=renew, method="flowbook-assume-role")

    inner: Any = get_session()
    inner._credentials = current().keep(f"role {credentials.role_arn}", make)
    return boto3.session.Session(botocore_session=inner, region_name=session.region_name)


def _session_name() -> str:
    """What the account's log (CloudTrail) shows as who it was."""
    try:
        who = getpass.getuser()
    except (OSError, KeyError):
        who = "user"
    return re.sub(r"[^\w+=,.@-]", "-", f"flowbook-{who}", flags=re.ASCII)[:64]


def _hide(session: Any) -> None:
    """Keep the secret key that was found somewhere out of what the run shows."""
    found = session.get_credentials()
    if found is not None:
        current().hide(found.get_frozen_credentials().secret_key)
