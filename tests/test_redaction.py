"""What the redactor promises: no form of a secret that libraries write gets through."""

from __future__ import annotations

import base64
import copy
import html
import json
import pickle
import re
import threading
from urllib.parse import quote, quote_plus, urlencode

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from flowbook.redaction import HIDDEN, TOO_DEEP, Redactor

SECRET = "s3cr&t/pass+wörd='\"\\x"
# Characters that neither the replacement nor the JSON around it is made of, so that "not in" means what it says.
texts = st.text(st.characters(exclude_characters="*", exclude_categories=["Cs"]), max_size=30)
secrets = st.text(st.characters(exclude_characters="*", exclude_categories=["Cs"]), min_size=6, max_size=40)


def as_basic_auth(secret: str) -> str:
    return base64.b64encode(f"user:{secret}".encode()).decode()


FORMS = {
    "as it is": lambda s: s,
    "in a query": lambda s: urlencode({"token": s}),
    "percent-encoded": lambda s: quote(s, safe=""),
    "as a path": quote,
    "plus-encoded": quote_plus,
    "in lowercase percent codes": lambda s: re.sub("%..", lambda code: code[0].lower(), quote(s, safe="")),
    "in a prepared request": lambda s: requests.Request("GET", "http://x/", params={"k": s}).prepare().url,
    "in base64": lambda s: base64.b64encode(s.encode()).decode(),
    "in url-safe base64": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "as Basic auth": as_basic_auth,
    "in JSON": json.dumps,
    "in JSON with its own letters": lambda s: json.dumps(s, ensure_ascii=False),
    "in JSON within JSON": lambda s: json.dumps(json.dumps(s)),
    "by repr": repr,
    "by repr beside quotes": lambda s: repr(f"it's \"{s}"),
    "by repr of bytes": lambda s: repr(s.encode()),
    "in HTML": html.escape,
}  # fmt: skip


@pytest.mark.parametrize("written", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("secret", [SECRET, "plainsecret", "ключ-доступа", "tok en?&#"])
def test_a_secret_is_hidden_however_it_is_written(written, secret):
    before = written(secret)
    after = Redactor([secret])(f"before {before} after")
    assert before not in after
    assert "***" in after
    assert after.startswith("before ")
    assert after.endswith(" after")


@given(secret=secrets, before=texts, after=texts)
def test_no_text_around_a_secret_makes_it_readable(secret, before, after):
    redacted = Redactor([secret])(before + secret + after)
    assert secret not in redacted
    assert "***" in redacted


@given(secret=secrets, before=st.binary(max_size=20), after=st.binary(max_size=20))
def test_a_secret_inside_longer_base64_is_found_at_every_alignment(secret, before, after):
    written = base64.b64encode(before + secret.encode() + after).decode()
    redacted = Redactor([secret])(written)
    shown = redacted.split("***")
    assert len(shown) > 1
    # What is left beside the replacement decodes to what stood around the secret, and at most one of its end bytes.
    assert secret.encode() not in base64.b64decode(shown[0][: len(shown[0]) // 4 * 4] or "")


@given(secret=secrets)
def test_json_with_a_secret_in_keys_and_values_comes_out_without_it(secret):
    value = {"a": [secret, {"b" + secret: (1, "x" + secret)}], secret: None}
    redacted = Redactor([secret]).redact_json(value)
    flat = repr(redacted)
    assert secret not in flat
    assert repr(secret)[1:-1] not in flat
    assert list(redacted) == ["a", "***"]


def test_keys_that_become_equal_keep_their_values():
    redacted = Redactor(["secret-one", "secret-two"]).redact_json({"secret-one": 1, "secret-two": 2})
    assert sorted(redacted.values()) == [1, 2]


def test_values_of_fewer_than_six_characters_are_left_alone():
    redactor = Redactor(["short", ""])
    assert not redactor
    assert redactor.longest == 0
    assert redactor("a short text") == "a short text"


def test_each_line_of_a_secret_of_several_lines_is_hidden():
    redactor = Redactor(["-----BEGIN-----\n  MIIEvQIBADANBg\nab\n-----END-----\n"])
    assert redactor("line: MIIEvQIBADANBg, ab") == "line: ***, ab"


def test_a_secret_that_lies_within_another_or_overlaps_it_leaves_nothing_readable():
    redactor = Redactor(["abcdefgh", "efghijkl", "abcdefghXYZ"])
    assert redactor("<abcdefghijkl> <abcdefghXYZ>") == "<***> <***>"


def test_a_number_whose_digits_are_a_secret_is_hidden_in_json():
    redactor = Redactor(["12345678"])
    assert redactor.redact_json({"pin": 12345678, "n": 5, "yes": True}) == {"pin": "***", "n": 5, "yes": True}


def test_what_holds_no_secret_is_handed_back_as_the_same_object():
    redactor = Redactor([SECRET])
    value = {"rows": [[1, "a"], (2, "b")], "none": None}
    assert redactor.redact_json(value) is value
    text = "nothing here"
    assert redactor(text) is text


def test_what_is_nested_too_deeply_is_hidden_as_a_whole():
    value: list = [SECRET]
    for _ in range(100_000):
        value = [value]
    assert Redactor([SECRET]).redact_json(value) == TOO_DEEP
    while value and isinstance(value[0], list):  # taken apart by hand: Python's own clean-up recurses
        value = value[0]


def test_longest_is_the_length_of_the_longest_form():
    redactor = Redactor(["ünï/cödé"])
    form = json.dumps(json.dumps("ünï/cödé"))[3:-3]
    assert redactor.longest >= len(form)
    assert redactor(form) == "***"


def test_the_redactor_itself_shows_no_secret_and_cannot_be_pickled_or_copied():
    redactor = Redactor([SECRET])
    assert "s3cr" not in repr(redactor)
    with pytest.raises(TypeError):
        pickle.dumps(redactor)
    with pytest.raises(TypeError):
        copy.deepcopy(redactor)


def test_secrets_added_by_several_threads_are_all_hidden():
    redactor = Redactor()
    secrets_ = [f"secret-number-{i}" for i in range(40)]

    def add(part: list[str]) -> None:
        for secret in part:
            redactor.add(secret)

    threads = [threading.Thread(target=add, args=(secrets_[i::4],)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert redactor(" ".join(secrets_)) == " ".join(["***"] * 40)


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("https://hooks.slack.com/services/T0000/B0000/abcXYZ123", "with url: /services/T0000/B0000/abcXYZ123 (Caused"),
        ("https://hooks.slack.com/services/T0000/B0000/abcXYZ123", "the hook abcXYZ123 is gone"),
        ("https://h.example/in/T0000/abcXYZ123/", "POST in/T0000/abcXYZ123 failed"),
        ("https://h.example/in?code=abcXYZ123&v=1", "the code abcXYZ123 is not valid"),
        ("https://h.example/in?code=abc%2FXYZ123", "the code abc/XYZ123 is not valid"),
        ("https://abcXYZ123@sentry.example/7", "the key abcXYZ123 is unknown"),
        ("https://api.example/bot4711:abcXYZ-123/send", "POST /bot4711:abcXYZ-123/get failed"),
        ("https://api.example/bot4711:abcXYZ-123/send", "the token abcXYZ-123 is unknown"),
        ("https://hooks.example/webhook/one@two/Incoming/abcXYZ123/9", "no hook abcXYZ123 at Incoming"),
        ("https://h.example/in;session=abcXYZ123", "the session abcXYZ123 is over"),
        ("https://h.example/back#access_token=abcXYZ123&state=1", "the token abcXYZ123 is over"),
        ("Bearer abcXYZ123.def", "the token abcXYZ123.def is over"),
        ("https://me:abcXYZ123@h.example/", "basic me:abcXYZ123"),
        ("postgresql://app:abcXYZ123@db.example/shop?sslmode=require", "password abcXYZ123 refused"),
        ("postgresql://app:abc%40XYZ123@db.example/shop", "password abc@XYZ123 refused"),
        ("amqp://db.example/shop?sslpassword=abcXYZ123", "abcXYZ123 opens no key"),
        ("host=db user=app password=abcXYZ123 sslmode=require", "password abcXYZ123 refused"),
        (r"host=db password='abc\'XYZ 123'", "password abc'XYZ 123 refused"),
        ("Server=db;User Id=app;Password=abc XYZ123;", "password abc XYZ123 refused"),
        ("Endpoint=sb://q.example/;SharedAccessKey=abcXYZ123==;EntityPath=q", "the key abcXYZ123== is wrong"),
        ('{"type": "service", "inner": [{"private_key": "abcXYZ123\\nline2-xyz"}]}', "key abcXYZ123 broken"),
    ],
)
def test_the_parts_of_a_secret_that_give_access_are_hidden_on_their_own(secret: str, said: str) -> None:
    """Errors name the path of a webhook, the password of a connection string, not the whole."""
    hidden = Redactor([secret])(said)
    assert HIDDEN in hidden
    assert "XYZ" not in hidden


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("https://hooks.example.com/services/T0000/B0000/abcXYZ123", "hooks.example.com does not resolve"),
        ("https://hooks.example.com/services/v2/webhooks/abcXYZ123", "services/v2/webhooks answered 500"),
        ("postgresql://app:abcXYZ123@db.example/postgres?sslmode=require", "postgres on db.example: sslmode=require"),
        ("host=db.example user=postgres password=abcXYZ123", "user postgres at db.example"),
        ("{not json", "not json"),
        ("http://[broken/path-of-it", "path-of-it"),
    ],
)
def test_the_parts_of_a_secret_that_give_no_access_are_shown(secret: str, said: str) -> None:
    """Host, database and user are what a message needs to be of use."""
    assert Redactor([secret])(said) == said
