"""Signing in with OAuth 2.0, against a real provider (Authlib's) on this machine."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
import time
from types import SimpleNamespace

import pytest
import requests

from flowbook import Workflow, Workspace
from flowbook.authoring.openapi import operations_in, parse_description
from flowbook.authoring.testing.grants import new_account
from flowbook.errors import Conflict, InputError, SignInFailed, SignInNeeded, StoreError, TaskFailed
from flowbook.oauth2 import accounts
from flowbook.oauth2 import device as devices
from flowbook.oauth2.faults import Refused, account_refused
from flowbook.oauth2.tokens import Tokens
from flowbook.tasks.oauth2 import OAuth2
from flowbook.testing import SignInProvider
from tests import forks
from tests.waiting import until

NAME = "My Cloud"
FOLDER = '''"""A cloud that one signs in to."""

from typing import Annotated, Optional

from flowbook import Result, Secret, http, typed


class Credentials(typed.Credentials):
    base_url: str
    client_id: Optional[str] = None
    client_secret: Optional[Secret] = None
    key: Optional[Secret] = None
    subject: Optional[str] = None
    oauth2: Annotated[
        Secret,
        typed.OAuth2(
            authorize="{base_url}/authorize",
            token="{base_url}/token",
            device="{base_url}/device",
            revoke="{base_url}/revoke",
            account="{base_url}/me",
            scopes=["files.read", "files.write"],
            service_account="key",
            subject="subject",
        ),
    ]


def test_connection(credentials: Credentials):
    return me(credentials)


def me(credentials: Credentials):
    token = credentials.oauth2.reveal()
    print("token:", token)
    headers = {"Authorization": f"Bearer {token}"}
    with http.Session(credentials.base_url, service="Cloud", headers=headers) as session:
        return Result.ok("It is me", session.get("me").json)
'''


@pytest.fixture(scope="module")
def running():
    with SignInProvider(interval=0.02) as provider:
        yield provider


@pytest.fixture
def provider(running):
    yield running
    running.lifetime, running.device_lifetime, running.delay = 3600.0, 600.0, 0.0
    running.rotates, running.down, running.slow_down, running.account_key = True, False, 0, ""
    running.kept.tokens.clear()
    running.calls.clear()


@pytest.fixture
def ws(tmp_path, provider):
    folder = tmp_path / "integrations" / "cloud"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(
        "from .tasks import me, test_connection\n\n__all__ = ['me', 'test_connection']\n"
    )
    (folder / "tasks.py").write_text(FOLDER)
    made = Workspace(tmp_path)
    made.create_type("cloud")
    made.create_integration(NAME, "cloud", credentials(provider))
    flow = Workflow("who")
    flow.add("me", "cloud.me", integration=NAME)
    made.save(flow)
    return made


def credentials(provider):
    return {"base_url": provider.url, "client_id": provider.client_id, "client_secret": provider.client_secret}


def signed_in(ws, provider):
    """The workspace, signed in as a person does it."""
    ws.sign_in(NAME, show=lambda begun: provider.answer(begun.url))
    return ws


def kept(ws) -> Tokens:
    opened = ws.credentials.opened(ws.integration(NAME))
    return Tokens.of_text(opened["oauth2"])


def age(ws, **changes) -> Tokens:
    """Have the access token be over, as after an hour."""
    tokens = kept(ws)._replace(**{"expires_at": 1.0, **changes})
    ws.credentials.keep_sign_in(ws.integration(NAME).id, tokens.text())
    return tokens


def renewals(provider) -> int:
    return sum(call["grant_type"] == "refresh_token" for call in provider.calls)


# -- in a browser -----------------------------------------------------------------------------------------------------


def test_whoever_allows_it_in_the_browser_is_signed_in_and_runs_go_with_their_token(ws, provider):
    with pytest.raises(SignInNeeded, match=r"nobody has signed in yet.*integrations sign-in 'My Cloud'"):
        ws.run("who")
    found = ws.sign_in(NAME, show=lambda begun: provider.answer(begun.url))
    assert (found.state, found.account, found.renews) == ("signed_in", "ada@example.com", True)
    assert found.scopes == ("files.read", "files.write")
    run = ws.run("who")
    assert run["me"].data["email"] == "ada@example.com"
    assert ws.test_integration(NAME).success


def test_the_question_has_pkce_and_a_state_and_the_page_tells_that_it_worked(ws, provider):
    begun = ws.begin_sign_in(NAME)
    assert "code_challenge_method=S256" in begun.url
    assert begun.asked.verifier not in begun.url
    page = provider.answer(begun.url)
    assert "Signed in." in page
    ws.end_sign_in(NAME, begun)
    assert provider.calls[-1]["code_verifier"] == begun.asked.verifier


def test_an_answer_with_another_state_is_refused_and_the_right_one_is_still_taken(ws, provider):
    begun = ws.begin_sign_in(NAME)
    good = provider.answer(begun.url, follow=False)
    for wrong in (
        good.replace(begun.asked.state, "other"),
        good.partition("?")[0] + "?code=x",
        good.replace("/?", "/elsewhere?"),
    ):
        assert requests.get(wrong, timeout=10).status_code in (400, 404)
    assert provider.calls == []
    assert requests.get(good, timeout=10).status_code == 200
    assert ws.end_sign_in(NAME, begun).state == "signed_in"


def test_a_code_is_exchanged_once_however_often_it_comes(ws, provider):
    begun = ws.begin_sign_in(NAME)
    good = provider.answer(begun.url, follow=False)
    for _ in range(3):
        requests.get(good, timeout=10)
    assert len(provider.calls) == 1
    with pytest.raises(Refused, match="it was used before"):
        begun._provider.exchange(provider.calls[0]["code"], begun.asked)
    ws.end_sign_in(NAME, begun)


def test_where_the_browser_is_elsewhere_the_address_it_was_led_to_is_pasted(ws, provider):
    begun = ws.begin_sign_in(NAME)
    with pytest.raises(SignInFailed, match="no answer to this sign-in"):
        begun.paste("http://127.0.0.1/?code=1&state=2")
    begun.paste(provider.answer(begun.url, follow=False))
    assert ws.end_sign_in(NAME, begun).account == "ada@example.com"


def test_consent_that_is_not_given_is_said_and_nothing_is_stored(ws, provider):
    begun = ws.begin_sign_in(NAME)
    page = provider.answer(begun.url, allow=False)
    assert "Not signed in." in page
    with pytest.raises(SignInFailed, match="consent was not given"):
        ws.end_sign_in(NAME, begun)
    assert ws.signed_in(NAME).state == "signed_out"


def test_a_provider_that_is_down_when_the_code_comes_is_said(ws, provider):
    begun = ws.begin_sign_in(NAME)
    good = provider.answer(begun.url, follow=False)
    provider.down = True
    assert requests.get(good, timeout=10).status_code == 400
    with pytest.raises(TaskFailed, match="503"):
        ws.end_sign_in(NAME, begun)
    assert ws.signed_in(NAME).state == "signed_out"


def test_a_cancelled_sign_in_says_so_and_listens_no_more(ws, provider):
    begun = ws.begin_sign_in(NAME)
    begun.cancel()
    with pytest.raises(SignInFailed, match="cancelled"):
        ws.end_sign_in(NAME, begun)
    with pytest.raises(requests.ConnectionError):
        requests.get(begun.asked.redirect, timeout=2)


# -- with a code ------------------------------------------------------------------------------------------------------


def test_a_code_that_is_entered_on_another_machine_signs_in_and_slow_down_is_obeyed(ws, provider, monkeypatch):
    monkeypatch.setattr(devices, "SLOWER_SECONDS", 0.05)
    provider.slow_down = 2
    begun = ws.begin_sign_in(NAME, device=True)
    assert begun.url == f"{provider.url}/activate"

    def enter() -> None:
        until(lambda: provider.slow_down <= 0)
        provider.enter(begun.code)

    threading.Thread(target=enter).start()
    assert ws.end_sign_in(NAME, begun).account == "ada@example.com"
    assert begun._interval == pytest.approx(0.02 + 2 * 0.05)


@pytest.mark.parametrize(
    ("happens", "words"),
    [
        (lambda provider, begun: provider.enter(begun.code, allow=False), "consent was not given"),
        (lambda provider, begun: provider.kept.devices[begun._device_code].update(expires_at=1), "not entered in time"),
        (lambda provider, begun: begun.cancel(), "cancelled"),
    ],
)
def test_a_code_that_comes_to_nothing_says_why(ws, provider, happens, words):
    begun = ws.begin_sign_in(NAME, device=True)
    happens(provider, begun)
    with pytest.raises(SignInFailed, match=words):
        ws.end_sign_in(NAME, begun)
    assert ws.signed_in(NAME).state == "signed_out"


def test_a_provider_that_is_down_for_a_while_is_asked_again_while_the_code_is_good(ws, provider):
    begun = ws.begin_sign_in(NAME, device=True)
    provider.down = True
    provider.enter(begun.code)
    threading.Timer(0.3, setattr, [provider, "down", False]).start()
    assert ws.end_sign_in(NAME, begun).state == "signed_in"


# -- renewing ---------------------------------------------------------------------------------------------------------


def test_a_token_that_is_over_is_renewed_and_the_rotated_one_is_kept(ws, provider):
    signed_in(ws, provider)
    before = age(ws)
    for _ in range(2):
        assert ws.run("who")["me"].data["email"] == "ada@example.com"
    assert renewals(provider) == 1
    assert kept(ws).refresh != before.refresh
    assert kept(ws).account == "ada@example.com"


def test_a_rotated_token_is_stored_before_it_is_used_and_not_lost_when_it_cannot_be(ws, provider, monkeypatch):
    signed_in(ws, provider)
    age(ws)

    def full(*_):
        raise StoreError("the disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(ws.credentials, "keep_sign_in", full)
        run = ws.start("who")
        run.wait()
        assert "the disk is full" in run["me"].message
    assert ws.run("who")["me"].success
    assert renewals(provider) == 1


RENEW = """
import sys
from flowbook import Workspace
print(Workspace(sys.argv[1]).run("who")["me"].data["email"])
"""


def other_process(ws) -> subprocess.Popen:
    return subprocess.Popen(
        forks.python("-c", RENEW, str(ws.root)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_two_processes_that_need_a_new_token_at_once_get_one_between_them(ws, provider):
    signed_in(ws, provider)
    age(ws)
    provider.delay = 1.0
    ended = [(one.communicate(timeout=100), one.returncode) for one in [other_process(ws), other_process(ws)]]
    assert [code for _, code in ended] == [0, 0], ended
    assert renewals(provider) == 1


def test_a_process_that_is_killed_while_it_renews_leaves_all_as_it_was(ws, provider):
    signed_in(ws, provider)
    age(ws)
    provider.rotates, provider.delay = False, 3.0
    killed = other_process(ws)
    deadline = time.monotonic() + 60
    while not renewals(provider) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    provider.delay = 0.0
    assert ws.run("who")["me"].success


def test_what_was_revoked_is_said_and_not_asked_for_again(ws, provider):
    signed_in(ws, provider)
    age(ws)
    provider.end_all()
    for _ in range(2):
        run = ws.start("who")
        run.wait()
        assert "has expired or was revoked (invalid_grant)" in run["me"].message
        assert "flowbook integrations sign-in 'My Cloud'" in run["me"].message
    assert renewals(provider) == 1
    assert ws.signed_in(NAME).state == "ended"
    signed_in(ws, provider)
    assert ws.run("who")["me"].success


def test_a_refresh_token_that_was_used_elsewhere_ends_the_sign_in_in_words(ws, provider):
    signed_in(ws, provider)
    before = age(ws)
    ws.run("who")
    age(ws, refresh=before.refresh)
    run = ws.start("who")
    run.wait()
    assert "has expired or was revoked" in run["me"].message


def test_a_provider_that_is_down_matters_only_once_the_token_is_over(ws, provider):
    signed_in(ws, provider)
    age(ws, expires_at=time.time() + 100)  # due, and good yet
    name = ws.integration(NAME).name
    provider.down = True
    assert ws.credentials.of(name, "cloud")[0]["oauth2"] == kept(ws).access
    age(ws)
    flow = Workflow("who-again")
    flow.add("me", "cloud.me", integration=NAME, retry={"attempts": 5, "wait": 0.3})
    run = ws.start(flow)
    threading.Timer(0.5, setattr, [provider, "down", False]).start()
    run.wait()
    assert run["me"].success, run["me"].message


def test_a_run_that_is_replayed_asks_for_no_token(ws, provider, tmp_path):
    signed_in(ws, provider)
    ws.run("who", record=tmp_path / "tape.json")
    age(ws)
    provider.down = True
    assert ws.run("who", replay=tmp_path / "tape.json")["me"].data["email"] == "ada@example.com"
    assert renewals(provider) == 0


# -- ended before its time --------------------------------------------------------------------------------------------


def ended(ws, name="who"):
    """A run that came to its end, well or not."""
    run = ws.start(name)
    run.wait()
    return run


def ended_early(ws, provider):
    signed_in(ws, provider)
    provider.expire_access()
    return kept(ws)


@pytest.mark.parametrize("where", [None, "processes=1", "dask"])
def test_a_token_that_the_service_ended_early_is_renewed_within_the_call(ws, provider, where):
    before = ended_early(ws, provider)
    assert not before.due()
    options = {} if where is None else {"executor": where}
    run = ws.run("who", **options)
    assert run["me"].data["email"] == "ada@example.com"
    assert renewals(provider) == 1
    assert (kept(ws).access, kept(ws).refresh) == (provider.kept.tokens[-1].access, provider.kept.tokens[-1].refresh)
    assert kept(ws).refresh != before.refresh
    shown = "".join(piece.text for piece in run.output("me")) + str(run["me"])
    assert kept(ws).access not in shown


def test_calls_at_the_same_time_get_one_renewal_between_them(ws, provider):
    ended_early(ws, provider)
    provider.delay = 0.3
    flow = Workflow("many")
    for number in range(4):
        flow.add(f"me{number}", "cloud.me", integration=NAME)
    ws.save(flow)
    run = ws.run("many", max_workers=4)
    assert [run[f"me{number}"].data["email"] for number in range(4)] == ["ada@example.com"] * 4
    assert renewals(provider) == 1


def test_processes_that_are_refused_at_once_get_one_renewal_between_them(ws, provider):
    ended_early(ws, provider)
    provider.delay = 0.5
    others = [other_process(ws) for _ in range(2)]
    came = [(one.communicate(timeout=100), one.returncode) for one in others]
    assert [code for _, code in came] == [0, 0], came
    assert renewals(provider) == 1


def test_a_new_token_that_is_refused_too_is_told_as_wrong_credentials_and_no_others_are_got(ws, provider):
    ended_early(ws, provider)
    provider.lifetime = 0.0  # the service takes none of them, whatever it says of their time
    flow = Workflow("each")
    flow.add("me", "cloud.me", integration=NAME, on_error="continue")
    flow.add("then", "cloud.me", integration=NAME, on_error="continue")
    flow.connect("me", "then")
    ws.save(flow)
    run = ended(ws, "each")
    for node in ("me", "then"):
        assert not run[node].success
        assert run[node].data["kind"] == "unauthorized"
    assert renewals(provider) == 1


def test_a_token_of_a_person_s_own_is_refused_as_ever(ws, provider):
    signed_in(ws, provider)
    ws.update_integration(NAME, {"oauth2": "made-by-hand"})
    assert ended(ws)["me"].data["kind"] == "unauthorized"
    assert renewals(provider) == 0


def test_a_refresh_token_that_was_revoked_meanwhile_says_to_sign_in_again(ws, provider):
    signed_in(ws, provider)
    provider.end_all()
    for _ in range(2):
        message = ended(ws)["me"].message
        assert "has expired or was revoked (invalid_grant)" in message
        assert "flowbook integrations sign-in 'My Cloud'" in message
    assert renewals(provider) == 1


def test_a_test_of_the_connection_renews_it_too(ws, provider):
    ended_early(ws, provider)
    assert ws.test_integration(NAME).success
    assert renewals(provider) == 1


def test_a_service_account_gets_another_token_for_one_that_was_ended_early(ws, provider):
    key = new_account(provider)
    ws.create_integration("Robot", "cloud", {"base_url": provider.url, "key": json.dumps(key)})
    flow = Workflow("robot")
    flow.add("me", "cloud.me", integration="Robot")
    assert ws.run(flow)["me"].success
    provider.expire_access()
    assert ws.run(flow)["me"].success
    assert len(provider.calls) == 2


def test_a_recording_holds_the_answer_and_no_refusal_and_no_renewal(ws, provider, tmp_path):
    ended_early(ws, provider)
    tape = tmp_path / "tape.json"
    assert ws.run("who", record=tape)["me"].success
    text = tape.read_text()
    assert "401" not in text
    assert "refresh_token" not in text
    assert kept(ws).access not in text
    provider.expire_access()
    assert ws.run("who", replay=tape)["me"].success
    assert renewals(provider) == 1


def test_an_edit_that_was_begun_before_a_renewal_does_not_bring_the_old_token_back(ws, provider):
    signed_in(ws, provider)
    stale = ws.integration(NAME)
    before = age(ws)
    ws.run("who")
    after = kept(ws)
    ws.credentials.safe.put(stale.model_copy(update={"tested_ok": True}))
    assert (kept(ws), ws.integration(NAME).tested_ok) == (after, True)
    with pytest.raises(Conflict):
        ws.update_integration(NAME, {"client_secret": "x"}, revision=1)
    ws.update_integration(NAME, {"client_secret": provider.client_secret})
    assert kept(ws).refresh == after.refresh != before.refresh


def test_a_sign_in_outlives_a_new_key(ws, provider):
    signed_in(ws, provider)
    before = kept(ws)
    ws.rotate_key()
    assert kept(ws) == before


# -- what tokens may reach --------------------------------------------------------------------------------------------


def test_tokens_go_to_no_server_that_the_integration_may_not_be_used_with(ws, provider):
    signed_in(ws, provider)
    age(ws)
    asked = len(provider.calls)
    ws.set_integration_hosts(NAME, ["other.example.com"])
    run = ws.start("who")
    run.wait()
    assert "is not among the hosts" in run["me"].message
    with pytest.raises(TaskFailed, match="not among the hosts"):
        ws.begin_sign_in(NAME)
    assert len(provider.calls) == asked


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"client_id": "another"}, "client ID has changed"),
        ({"base_url": "http://localhost:9"}, "address of the service"),
    ],
)
def test_tokens_are_not_sent_for_another_client_nor_to_another_service(ws, provider, change, words):
    signed_in(ws, provider)
    age(ws)
    ws.update_integration(NAME, change)
    with pytest.raises(SignInNeeded, match=words):
        ws.run("who")
    assert renewals(provider) == 0


def test_an_address_that_is_not_encrypted_is_asked_for_nothing(ws, provider):
    ws.update_integration(NAME, {"base_url": "http://cloud.example.com"})
    with pytest.raises(SignInFailed, match="no https address"):
        ws.begin_sign_in(NAME)


def test_neither_old_nor_new_tokens_are_seen_anywhere(ws, provider, tmp_path, capfd):
    signed_in(ws, provider)
    old = kept(ws)
    age(ws)
    run = ws.run("who")
    new = kept(ws)
    shown = json.dumps([str(run["me"]), [str(one) for one in ws.runs()], capfd.readouterr().out])
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in (old.access, old.refresh, new.access, new.refresh, provider.client_secret):
        assert secret not in shown
        assert secret.encode() not in files
    assert {new.access, new.refresh} <= set(ws.credentials.all_secrets()[NAME])


def test_a_copy_of_an_integration_is_signed_in_by_itself(ws, provider):
    signed_in(ws, provider)
    ws.duplicate_integration(NAME, "Copy")
    assert ws.signed_in("Copy").state == "signed_out"


# -- signing out, and runs that nobody watches ------------------------------------------------------------------------


def test_signing_out_revokes_the_tokens_and_forgets_them(ws, provider):
    signed_in(ws, provider)
    access = kept(ws).access
    assert ws.sign_out(NAME) == ""
    assert requests.get(provider.api, headers={"Authorization": f"Bearer {access}"}, timeout=10).status_code == 401
    assert ws.signed_in(NAME).state == "signed_out"


def test_signing_out_of_a_provider_that_is_down_forgets_them_all_the_same_and_says_what_is_left(ws, provider):
    signed_in(ws, provider)
    provider.down = True
    assert "take the app's access away there" in ws.sign_out(NAME)
    assert ws.signed_in(NAME).state == "signed_out"


def test_a_service_account_needs_nobody_to_sign_in(ws, provider):
    key = new_account(provider)
    ws.create_integration(
        "Robot", "cloud", {"base_url": provider.url, "key": json.dumps(key), "subject": "grace@example.com"}
    )
    flow = Workflow("robot")
    flow.add("me", "cloud.me", integration="Robot")
    for _ in range(2):
        assert ws.run(flow)["me"].data["email"] == "grace@example.com"
    assert len(provider.calls) == 1
    assert ws.signed_in("Robot").state == "account"
    assert key["private_key"] in ws.credentials.all_secrets()["Robot"]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("no json", "client_email and private_key are not in it"),
        (json.dumps({"client_email": "a@b"}), "private_key is not in it"),
        (json.dumps({"client_email": "a@b", "private_key": "x"}), "private_key that cannot be used"),
    ],
)
def test_a_service_account_that_is_none_is_said(ws, provider, key, words):
    ws.create_integration("Robot", "cloud", {"base_url": provider.url, "key": key})
    with pytest.raises(SignInFailed, match=words):
        ws.test_integration("Robot")


def test_a_service_account_that_is_refused_is_told_of_its_key_and_clock_and_of_no_code(ws, provider, monkeypatch):
    key = new_account(provider)
    ws.create_integration("Robot", "cloud", {"base_url": provider.url, "key": json.dumps(key)})
    monkeypatch.setattr(accounts, "time", SimpleNamespace(time=lambda: time.time() - 7200))
    with pytest.raises(SignInFailed, match="the service account of 'Robot' got no token: ") as slow:
        ws.test_integration("Robot")
    monkeypatch.undo()
    new_account(provider)  # the service knows another key from now on
    with pytest.raises(SignInFailed, match="the service account of 'Robot' got no token: ") as old:
        ws.test_integration("Robot")
    for told in (slow.value, old.value):
        assert "Check that its key was not deleted" in told.hint
        assert "this machine's clock" in told.hint
        assert not re.search("[Ss]ign in|code", f"{told.message} {told.hint}")


@pytest.mark.parametrize("code", ["access_denied", "invalid_scope", "unauthorized_client", "invalid_client", "new_one"])
def test_what_a_service_says_of_a_service_account_asks_nobody_to_sign_in(code):
    told = account_refused("Robot", Refused(code, "the words of the service"))
    assert f"{code}: the words of the service" in told.message
    assert not re.search("[Ss]ign in|take the code|your app", f"{told.message} {told.hint}")


def test_an_access_token_of_the_environment_is_used_as_it_is(ws, provider, monkeypatch):
    signed_in(ws, provider)
    given = {**credentials(provider), "oauth2": kept(ws).access, "integration_type": "cloud"}
    monkeypatch.setenv("FLOWBOOK_CREDENTIALS__CI", json.dumps(given))
    ws = Workspace(ws.root)
    flow = Workflow("ci")
    flow.add("me", "cloud.me", integration="CI")
    assert ws.run(flow)["me"].data["email"] == "ada@example.com"


# -- what a folder says -----------------------------------------------------------------------------------------------


def test_the_credential_that_is_signed_in_for_is_no_required_field(ws):
    parameter = ws.type("cloud").parameter("oauth2")
    assert (parameter.secret, parameter.required) == (True, False)


def test_the_servers_of_a_sign_in_are_among_those_that_its_integration_may_be_used_with():
    said = OAuth2(authorize="https://login.example.com/{tenant}/authorize", token="{base_url}/token", scopes="a b")
    assert (said.hosts, said.scopes) == (("login.example.com",), ("a", "b"))
    filled = said.filled(said.authorize, {"tenant": "../x?y"})
    assert filled == "https://login.example.com/..%2Fx%3Fy/authorize"


def test_who_has_no_sign_in_is_told(ws):
    ws.create_type("sendgrid")
    ws.create_integration("Mail", "sendgrid", {"api_key": "SG.x"})
    assert ws.signed_in("Mail") is None
    with pytest.raises(InputError, match="nobody signs in to"):
        ws.begin_sign_in("Mail")


# -- on the command line ----------------------------------------------------------------------------------------------


def command(ws, *words: str, **options) -> subprocess.Popen:
    call = forks.python("-m", "flowbook", "-C", str(ws.root), "integrations", *words)
    pipes = dict.fromkeys(("stdout", "stderr", "stdin"), subprocess.PIPE)
    return subprocess.Popen(call, text=True, **pipes, **options)


def told(process: subprocess.Popen, pattern: str) -> re.Match:
    """What the command tells a person on its error output, as soon as it is there."""
    read = ""
    while not (found := re.search(pattern, read)):
        line = process.stderr.readline()
        assert line, read
        read += line
    return found


def test_the_command_signs_in_by_browser_and_out_again(ws, provider):
    process = command(ws, "sign-in", NAME, "--no-open")
    provider.answer(told(process, r"(http\S+/authorize\S+)")[1])
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, f"Signed {NAME!r} in as ada@example.com. It is renewed by itself.\n")
    listed = json.loads(command(ws, "list", "--json").communicate(timeout=60)[0])
    assert listed[0]["signed_in"]["account"] == "ada@example.com"
    out, _ = command(ws, "sign-out", NAME).communicate(timeout=60)
    assert out == f"Signed {NAME!r} out.\n"


def test_the_command_signs_in_by_a_code(ws, provider):
    process = command(ws, "sign-in", NAME, "--device", "--json")
    provider.enter(told(process, r"enter the code (\S+):")[1])
    out, _ = process.communicate(timeout=60)
    assert json.loads(out)["state"] == "signed_in"


def test_the_command_takes_the_address_that_was_led_to(ws, provider):
    process = command(ws, "sign-in", NAME, "--paste")
    answer = provider.answer(told(process, r"(http\S+/authorize\S+)")[1], follow=False)
    out, errors = process.communicate(f"http://127.0.0.1/\n{answer}\n", timeout=60)
    assert "no answer to this sign-in" in errors
    assert out.strip().startswith(f"Signed {NAME!r} in as ada@example.com.")  # older clicks put blanks before it


def test_the_command_says_why_it_came_to_nothing(ws, provider):
    process = command(ws, "sign-in", NAME, "--no-open")
    provider.answer(told(process, r"(http\S+/authorize\S+)")[1], allow=False)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "consent was not given" in errors


# -- a folder made of a description, and a refresh token that was got elsewhere ---------------------------------------

SHOP = "My Shop"


@pytest.fixture
def shop(ws, provider):
    """A workspace with a folder made of a description with OAuth 2.0, and an integration with a refresh token."""
    signed_in(ws, provider)
    given = kept(ws)
    flows = {"authorizationCode": {"authorizationUrl": provider.authorize, "tokenUrl": provider.token, "scopes": {}}}
    described = {
        "openapi": "3.0.0",
        "info": {"title": "Shop"},
        "servers": [{"url": provider.url}],
        "paths": {"/me": {"get": {"operationId": "me", "responses": {"200": {"description": "Who"}}}}},
        "components": {"securitySchemes": {"login": {"type": "oauth2", "flows": flows}}},
    }
    description = parse_description(json.dumps(described).encode(), "shop.json")
    ws.make_integration_folder("shop", description, operations_in(description))
    ws.create_type("shop")
    ws.create_integration(
        SHOP,
        "shop",
        {
            "base_url": provider.url,
            "token_url": provider.token,
            "client_id": provider.client_id,
            "client_secret": provider.client_secret,
            "refresh_token": given.refresh,
        },
    )
    flow = Workflow("shops")
    flow.add("me", "shop.me", integration=SHOP)
    ws.save(flow)
    provider.calls.clear()
    return ws


def kept_of_shop(ws) -> Tokens:
    return Tokens.of_text(ws.credentials.opened(ws.integration(SHOP))["oauth2"])


def test_a_refresh_token_that_was_given_begins_a_sign_in_and_the_rotated_one_is_kept(shop, provider):
    """In runs of their own: the provider takes each refresh token once."""
    assert shop.signed_in(SHOP).state == "signed_in"
    for _ in range(3):
        assert shop.run("shops")["me"].data["email"] == "ada@example.com"
        tokens = kept_of_shop(shop)._replace(expires_at=1.0)
        shop.credentials.keep_sign_in(shop.integration(SHOP).id, tokens.text())
    assert renewals(provider) == 3
    assert Workspace(shop.root).run("shops")["me"].success
    assert shop.test_integration(SHOP).success


def test_a_token_that_ended_early_is_renewed_by_the_rotated_one(shop, provider):
    assert shop.run("shops")["me"].success
    provider.expire_access()
    assert shop.run("shops")["me"].success
    assert renewals(provider) == 2


def test_one_that_cannot_be_stored_is_not_lost(shop, provider, monkeypatch):
    def full(*_):
        raise StoreError("the disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(shop.credentials, "keep_sign_in", full)
        run = shop.start("shops")
        run.wait()
        assert "the disk is full" in run["me"].message
    assert shop.run("shops")["me"].success
    assert renewals(provider) == 1


def test_two_processes_begin_it_once(shop, provider):
    code = RENEW.replace('"who"', '"shops"')
    provider.delay = 1.0
    both = [
        subprocess.Popen(forks.python("-c", code, str(shop.root)), stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    assert [one.communicate(timeout=100)[0].strip() for one in both] == ["ada@example.com"] * 2
    assert renewals(provider) == 1


def test_one_that_was_used_elsewhere_is_said_once_and_another_one_begins_anew(shop, provider):
    signed_in(shop, provider)
    fresh = kept(shop).refresh
    shop.update_integration(SHOP, {"refresh_token": "used-elsewhere"})
    for _ in range(2):
        run = shop.start("shops")
        run.wait()
        assert "expired or was revoked" in run["me"].message
    assert renewals(provider) == 1
    assert shop.signed_in(SHOP).state == "ended"
    shop.update_integration(SHOP, {"refresh_token": fresh})
    assert shop.run("shops")["me"].success


def test_a_person_signs_in_instead_and_out_again(shop, provider):
    shop.sign_in(SHOP, show=lambda begun: provider.answer(begun.url))
    assert shop.run("shops")["me"].data["email"] == "ada@example.com"
    assert renewals(provider) == 0
    shop.sign_out(SHOP)
    assert {"oauth2", "refresh_token"} & set(shop.integration(SHOP).fields) == set()


def test_a_copy_has_no_refresh_token_and_one_is_tried_only_once_it_is_saved(shop, provider):
    shop.duplicate_integration(SHOP, "Copy")
    assert "refresh_token" not in shop.integration("Copy").fields
    given = {**credentials(provider), "token_url": provider.token, "refresh_token": "new"}
    with pytest.raises(InputError, match="once it is saved"):
        shop.try_credentials("shop", given)
    assert provider.calls == []


def test_no_token_is_seen_anywhere(shop, provider, capfd):
    given = shop.credentials.opened(shop.integration(SHOP))["refresh_token"]
    run = shop.run("shops")
    tokens = kept_of_shop(shop)
    seen = json.dumps(run.to_dict()) + str(capfd.readouterr())
    seen += "".join(
        path.read_bytes().decode("latin-1") for path in (shop.root / ".flowbook").rglob("*") if path.is_file()
    )
    assert [one for one in (given, tokens.access, tokens.refresh) if one in seen] == []


def test_in_the_environment_the_folder_uses_it_itself(shop, provider, monkeypatch):
    given = {**shop.credentials.opened(shop.integration(SHOP)), "integration_type": "shop"}
    monkeypatch.setenv("FLOWBOOK_CREDENTIALS__MY_SHOP", json.dumps(given))
    assert Workspace(shop.root).run("shops")["me"].success


def test_without_a_refresh_token_the_clients_own_credentials_do(shop, provider):
    """RFC 6749, 4.4: the provider does not offer it, and is asked for just that."""
    shop.update_integration(SHOP, {}, clear=["refresh_token"])
    run = shop.start("shops")
    run.wait()
    assert not run["me"].success
    assert [call["grant_type"] for call in provider.calls] == ["client_credentials"]
