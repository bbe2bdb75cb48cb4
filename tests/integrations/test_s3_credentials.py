"""Whose credentials S3 is asked with: keys, a profile, the environment, a sign-in (SSO), and a role that is taken.

The answers of the sign-in are those of https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/; roles are
handed out by moto.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import moto
import pytest
from botocore.credentials import SSOProvider

from flowbook.tasks import Context, running_as
from flowbook.testing import Answer, FakeService
from integrations import s3
from tests.ports import free_port

BUCKETS = "<ListAllMyBucketsResult><Buckets><Bucket><Name>a</Name></Bucket></Buckets></ListAllMyBucketsResult>"
SSO_START = "https://example.awsapps.com/start"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with no credentials but those that a test gives it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(SSOProvider, "_SSO_TOKEN_CACHE_DIR", str(tmp_path / "sso"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return tmp_path


def asked(service: FakeService, credentials: dict[str, Any]) -> tuple[Any, str]:
    """What came of listing the buckets there, and the Authorization that it was asked with."""
    service.on("GET", "/", Answer(200, body=BUCKETS))
    result = s3.list_buckets({"endpoint_url": service.url, **credentials})
    return result, service.requests[-1].headers.get("Authorization", "") if service.requests else ""


def test_the_environment_s_keys_are_used_when_none_are_given(
    machine: Path, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ENVKEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "env-secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    result, authorization = asked(service, {"access_key": "", "secret_key": ""})
    assert result["success"], result["message"]
    assert "Credential=ENVKEY/" in authorization
    assert "/eu-west-1/s3/" in authorization
    _, own = asked(service, {"access_key": "MYKEY", "secret_key": "x", "region": "eu-central-1"})
    assert "Credential=MYKEY/" in own
    assert "/eu-central-1/s3/" in own


def test_a_profile_names_keys_and_a_region_but_no_address(machine: Path, service: FakeService) -> None:
    (machine / "config").write_text(
        "[profile work]\nregion = eu-north-1\nendpoint_url = http://elsewhere.invalid\n"
        "aws_access_key_id = WORKKEY\naws_secret_access_key = work-secret\n"
    )
    result, authorization = asked(service, {"profile": "work"})
    assert result["success"], result["message"]
    assert "Credential=WORKKEY/" in authorization
    assert "/eu-north-1/s3/" in authorization


def _sign_in(machine: Path, valid: timedelta) -> None:
    """A profile that signs in, and the token that 'aws sso login' left."""
    (machine / "config").write_text(
        f"[profile sso]\nsso_start_url = {SSO_START}\nsso_region = eu-central-1\n"
        "sso_account_id = 123456789012\nsso_role_name = Reader\nregion = eu-central-1\n"
    )
    cache = machine / "sso"
    cache.mkdir()
    until = (datetime.now(timezone.utc) + valid).strftime("%Y-%m-%dT%H:%M:%SZ")
    token = {"startUrl": SSO_START, "region": "eu-central-1", "accessToken": "sso-token", "expiresAt": until}
    name = hashlib.sha1(SSO_START.encode(), usedforsecurity=False).hexdigest()
    (cache / f"{name}.json").write_text(json.dumps(token))


def test_a_profile_that_signs_in_is_asked_for_keys(
    machine: Path, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    _sign_in(machine, timedelta(hours=1))
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSO", service.url)
    until = int((datetime.now(timezone.utc) + timedelta(hours=1)).timestamp() * 1000)
    keys = {"accessKeyId": "SSOKEY", "secretAccessKey": "sso-secret", "sessionToken": "t", "expiration": until}
    service.on("GET", "/federation/credentials", json={"roleCredentials": keys})
    result, authorization = asked(service, {"profile": "sso"})
    assert result["success"], result["message"]
    assert "Credential=SSOKEY/" in authorization
    assert service.requests[0].query == {"role_name": "Reader", "account_id": "123456789012"}


def test_a_service_that_gives_keys_and_cannot_be_reached_is_named(
    machine: Path, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    _sign_in(machine, timedelta(hours=1))
    place = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSO", f"http://{place}")
    result, _ = asked(service, {"profile": "sso"})
    assert result["data"]["kind"] == "unreachable"
    assert f"{place} cannot be reached" in result["message"]
    assert service.requests == []


def test_a_sign_in_that_has_expired_is_said_with_the_command_that_renews_it(
    machine: Path, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    _sign_in(machine, -timedelta(hours=1))
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSO", service.url)
    refused = {"message": "Session token not found or invalid", "__type": "UnauthorizedException"}
    kind = {"x-amzn-ErrorType": "UnauthorizedException"}
    service.on("GET", "/federation/credentials", Answer(401, json=refused, headers=kind))
    result, _ = asked(service, {"profile": "sso"})
    assert (result["data"]["kind"], result["permanent"]) == ("unauthorized", True)
    assert "aws sso login --profile sso" in result["message"]
    assert "sso-token" not in str(result)
    assert [one.path for one in service.requests if one.path != "/federation/credentials"] == []  # old boto3s ask that


@pytest.mark.parametrize(
    ("credentials", "says"),
    [
        ({}, "none were found on this machine"),
        ({"profile": "gone"}, "this machine has no profile 'gone'"),
        ({"access_key": "a"}, "access_key and secret_key belong together"),
        ({"access_key": "a", "secret_key": "very-secret", "profile": "p"}, "or a profile, not both"),
        ({"session_token": "very-secret"}, "session_token belongs to access_key"),
        ({"external_id": "x"}, "external_id belongs to a role"),
    ],
)
def test_what_is_missing_is_told_before_anything_is_asked(
    machine: Path, service: FakeService, credentials: dict[str, Any], says: str
) -> None:
    result, _ = asked(service, credentials)
    assert says in result["message"]
    assert "very-secret" not in str(result)
    assert service.requests == []


@pytest.fixture
def role_keys(machine: Path) -> dict[str, Any]:
    role = "arn:aws:iam::123456789012:role/reports"
    return {"access_key": "AKIAEXAMPLE", "secret_key": "example", "role_arn": role, "external_id": "outside"}


def test_a_role_is_taken_with_the_keys_and_its_own_are_used(
    machine: Path, service: FakeService, role_keys: dict[str, Any]
) -> None:
    """Answer as https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html has it."""
    until = (datetime.now(timezone.utc) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = (
        '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>'
        "<AccessKeyId>ROLEKEY</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey>"
        f"<SessionToken>role-token</SessionToken><Expiration>{until}</Expiration></Credentials>"
        "</AssumeRoleResult></AssumeRoleResponse>"
    )
    service.on("POST", "/", Answer(200, body=answer, headers={"Content-Type": "text/xml"}))
    result, authorization = asked(service, {**role_keys, "sts_endpoint_url": service.url})
    assert result["success"], result["message"]
    assert "Credential=AKIAEXAMPLE/" in service.requests[0].headers["Authorization"]
    form = service.requests[0].form
    assert (form["RoleArn"], form["ExternalId"]) == (role_keys["role_arn"], "outside")
    assert form["RoleSessionName"].startswith("flowbook-")
    assert "Credential=ROLEKEY/" in authorization
    assert service.requests[1].headers["X-Amz-Security-Token"] == "role-token"


def test_a_role_that_is_refused_says_why(machine: Path, service: FakeService, role_keys: dict[str, Any]) -> None:
    words = "User: arn:aws:iam::123456789012:user/me is not authorized to perform: sts:AssumeRole"
    error = f"<ErrorResponse><Error><Code>AccessDenied</Code><Message>{words}</Message></Error></ErrorResponse>"
    service.on("POST", "/", Answer(403, body=error, headers={"Content-Type": "text/xml"}))
    result, _ = asked(service, {**role_keys, "sts_endpoint_url": service.url})
    assert (result["data"]["kind"], result["permanent"]) == ("forbidden", True)
    assert "sts:AssumeRole" in result["message"]
    assert "The role" in result["message"]
    assert [one.method for one in service.requests] == ["POST"]


def test_on_amazon_the_region_s_own_service_hands_out_the_role(machine: Path, role_keys: dict[str, Any]) -> None:
    """Its server is among those that the folder names, and it is asked nothing else in a dry run either."""
    with moto.mock_aws(), running_as(Context("run")):
        made = s3.create_bucket({**role_keys, "region": "eu-central-1"}, {"bucket": "of-the-role"})
        link = s3.presign_url({**role_keys, "region": "eu-central-1"}, {"bucket": "of-the-role", "key": "k"})
    assert made["success"], made["message"]
    assert "X-Amz-Security-Token=" in link["data"]["url"]
    assert "AKIAEXAMPLE" not in link["data"]["url"]


def test_the_time_for_an_answer_is_the_credentials(service: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    import integrations.s3.client as client

    monkeypatch.setattr(client, "ATTEMPTS", 1)
    service.on("GET", "/", Answer(200, body=BUCKETS, delay=20))
    keys = {"access_key": "KEY", "secret_key": "x", "endpoint_url": service.url, "timeout": 0.2}
    assert s3.list_buckets(keys)["data"]["kind"] == "timeout"
