"""A curl command as a node: what curl itself sends is what the node has to send, and no secret stands in its params."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from flowbook import Workflow, Workspace
from flowbook.cli.main import cli
from flowbook.errors import FileFormatError
from flowbook.formats.curl import read_curl
from flowbook.formats.curl.options import FLAGS, QUIET, TAKES, WHY
from flowbook.testing import FakeService
from interop.curl import TOKEN, differing, made_up, place, sent_by_curl, sent_by_node

SECRET = "verysecret-4711"


@pytest.fixture(scope="module")
def service() -> Iterator[FakeService]:
    with place() as service:
        yield service


def params(command: str) -> dict[str, object]:
    return read_curl(command).node.params


# -- what curl sends --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(0, 1200, 40))
def test_the_node_sends_what_curl_sends(service: FakeService, number: int) -> None:
    """Commands by chance; ``python -m interop curl`` tries more of them."""
    command = made_up(random.Random(number), service.url)
    found = read_curl(command)
    by_curl, by_node = sent_by_curl(command, service), sent_by_node(found, service)
    if by_curl and by_node and "-T" in command:
        by_node["type"] = by_curl["type"]
    assert by_curl is not None
    assert by_curl == by_node, f"{command}: {differing(by_curl, by_node)}"
    assert TOKEN not in json.dumps(found.node.params)


@pytest.mark.parametrize(
    "command",
    [
        'curl {url}/a -d @- <<EOF\n{{"item": "$ITEM"}}\nEOF\n',
        "curl {url}/a --data-binary @- <<'EOF'\none\n$ITEM\nEOF\n",
        "curl {url}/a -d @- <<< 'from here' 2>/dev/null | cat",
        "curl -sXPOST {url}/a --url-query 'q=a b' -d '' > /dev/null",
        "TOKEN=x; curl {url}/{{one}}/[3-3] -H 'A: b' # and a comment",
        'curl \\\n  {url}/a \\\n  -F \'file=@"data.txt"\' -F \'a="x\\"y"\'',
        "curl --refer http://y.org/ {url}/a 2>&1",
        "cd . && curl -I {url}/a?b#c",
        "curl -u 'ada:p:w' -H 'Authorization: Token abc' {url}",
        "curl -A '' -e 'http://x.org/;auto' {url}/a",
        "curl -C 400 {url}/big",
        "curl {url}/a -F 'a=one ; two' -F 'b= spaces  ' -F 'c=\"x;y\" ;type=text/plain' -F 'd=x;y=z;type=a/b' -F e=",
        "curl {url}/a -F 'f= @x' -F 'g=;' -F 'h=a;b;c'",
        "echo '{{\"a\": 1}}' | curl -H 'Content-Type: application/json' -d @- {url}/a",
        "echo -n 'a=1&b=2' | curl -d @- {url}/a",
        'echo "x $ITEM" | curl --data-binary @- -H "Content-Type: text/plain" {url}/a',
        "printf 'one\\ntwo' | curl --data-binary @- -H 'Content-Type: text/plain' {url}/a",
        "printf '%s\\n' '[1]' | curl --json @- {url}/a",
        "cat data.json | curl --json @- {url}/a",
        "cat <<'EOF' | curl --json @- {url}/a\n{{}}\nEOF\n",
        "curl --data-binary @- {url}/a < image.png",
        "cat image.png | curl -F 'f=@-;filename=image.png' {url}/a",
        "echo hi | curl --data-urlencode 'q@-' {url}/a",
        "echo hi | curl -F 'q=<-' {url}/a",
        "echo one; cat data.txt && curl {url}/a",
        "curl -F 'a=@data.txt' -F 'a=@image.png' -F b=1 {url}/a",
        "curl -z '06-Nov-1994 08:49' {url}/a",
        "curl -z 'Sunday, 06-Nov-1994 08:49:37 +0200' {url}/a",
        "curl -z -20250101 {url}/a",
        "curl -z =20250101 {url}/a",
        "curl -z -20250101 -z 20250102 {url}/a",
        "curl -z 2025-01-01 {url}/a",
        "curl -H 'If-Modified-Since: x' -z 20250101 {url}/a",
        "curl -X PROPFIND -H 'Depth: 1' {url}/dav/",
        "curl -X LIST {url}/v1/secret",
        "curl -X MOVE -H 'Destination: http://x/y' {url}/dav/a",
    ],
)
def test_the_shell_is_read_as_the_shell_reads_it(service: FakeService, command: str) -> None:
    """Here-documents, pipes, redirections, comments, what stands before; the same as curl sends in each."""
    command = command.format(url=service.url)
    by_curl = sent_by_curl(command, service)
    assert by_curl is not None
    assert by_curl == sent_by_node(read_curl(command), service)


@pytest.mark.parametrize("where", ["", "/", "/in/", "/in/?a=b", "?a=b", "/in/#x", "/in", "/in/other?a=/"])
def test_a_file_that_is_put_into_a_folder_keeps_its_name(service: FakeService, where: str) -> None:
    command = f"curl -T data.txt '{service.url}{where}'"
    by_curl, by_node = sent_by_curl(command, service), sent_by_node(read_curl(command), service)
    assert by_curl is not None
    assert by_node is not None
    assert {**by_node, "type": ""} == by_curl


# -- other shells -----------------------------------------------------------------------------------------------------

COPIED = r"""curl ^"https://api.example.com/items?q=a^%^20b^" ^
  -X ^"POST^" ^
  -H ^"content-type: application/json^" ^
  --data-raw ^"^{^\^"name^\^":^\^"it's ^%^TEMP^% 50^%^\^",^

^\^"n^\^":1^}^"
"""


def test_a_command_that_a_browser_copied_for_windows_is_read() -> None:
    """As Chromium writes it: devtools_frontend, NetworkLogView.ts, generateCurlCommand for "win"."""
    found = read_curl(COPIED)
    assert found.node.params == {
        "url": "https://api.example.com/items", "method": "POST", "query": {"q": "a b"},
        "body": {"name": "it's %TEMP% 50%", "n": 1},
    }  # fmt: skip
    assert found.notes == ()


@pytest.mark.parametrize(
    "prompt", ["$ ", "% ", "PS C:\\Users\\ada> ", "PS C:\\Users\\ada>", "C:\\Users\\ada>", "C:\\>"]
)
def test_a_prompt_is_no_part_of_the_command(prompt: str) -> None:
    assert read_curl(f"{prompt}curl https://example.com/a").node.params["url"] == "https://example.com/a"


@pytest.mark.parametrize(
    "command", ['C:\\tools\\curl.exe -H "X-A: b>c" https://example.com/a', "C:\\t\\curl https://example.com/a > x"]
)
def test_a_program_s_path_is_no_prompt(command: str) -> None:
    assert read_curl(command).node.params["url"] == "https://example.com/a"


def test_a_command_for_powershell_is_read() -> None:
    command = "PS C:\\Users\\ada> curl.exe `\n  -d '{\\\"a\\\": \\\"it''s\\\"}' `\n -H \"X-Id: $env:ID\" --json '{}' https://x.org"
    found = read_curl(command)
    assert found.node.params["headers"]["X-Id"] == "${{ inputs.id }}"
    assert found.node.params["body"] == '{"a": "it\'s"}{}'


def test_old_quotes_of_windows_are_read() -> None:
    found = read_curl(
        'curl "https://x.org/a" ^\r\n -H "Accept: text/plain" ^\r\n --json "{\\"a\\": \\"b ""c"" \\\\\\"}"'
    )
    assert found.node.params["headers"]["Accept"] == "text/plain"


# -- secrets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "credentials"),
    [
        (f"-H 'Authorization: Bearer {SECRET}'", {"token": SECRET}),
        (f"--oauth2-bearer {SECRET}", {"token": SECRET}),
        (f"-u ada:{SECRET}", {"username": "ada", "password": SECRET}),
        (f"-u {SECRET}:", {"username": SECRET}),
        (f"-H 'x-api-key: {SECRET}'", {"api_key": SECRET, "api_key_name": "x-api-key", "api_key_in": "header"}),
        (f"-b 'sid={SECRET}'", {"api_key": f"sid={SECRET}", "api_key_name": "Cookie", "api_key_in": "header"}),
        (f"-G -d 'api_key={SECRET}'", {"api_key": SECRET, "api_key_name": "api_key", "api_key_in": "query"}),
        (f"-H 'Authorization: Digest {SECRET}'",
         {"api_key": f"Digest {SECRET}", "api_key_name": "Authorization", "api_key_in": "header"}),
        (f"-H 'A-Key: 1' -H 'B-Key: {SECRET}'",
         {"api_key": "1", "api_key_name": "A-Key", "api_key_in": "header", "secret_headers": f'{{"B-Key": "{SECRET}"}}'}
         ),
    ],
)  # fmt: skip
def test_secrets_become_the_credentials_of_an_integration(given: str, credentials: dict[str, str]) -> None:
    found = read_curl(f"curl https://api.example.com/items {given}")
    assert found.credentials == {"base_url": "https://api.example.com", **credentials}
    assert found.node.integration == "api.example.com"
    assert SECRET not in json.dumps(found.node.params) + repr(found) + str(found.notes)


@pytest.mark.parametrize(
    "command",
    [
        f"curl https://x.org -d 'client_secret={SECRET}&grant_type=a'",
        f'curl https://x.org --json \'{{"auth": {{"password": "{SECRET}"}}}}\'',
        f'curl https://x.org -d \'{{"password": "{SECRET}"}}\'',
        f"curl https://x.org -H 'Content-Type: text/xml' -d '<a><Password>{SECRET}</Password></a>'",
        f"curl https://x.org -F password={SECRET}",
        f"curl https://hooks.example.com/services/T0001/B0001/{SECRET}",
    ],
)
def test_a_secret_in_the_data_becomes_a_secret_input(command: str) -> None:
    found = read_curl(command)
    assert SECRET not in json.dumps(found.node.params) + repr(found)
    assert [one.type for one in found.inputs] == ["password"]
    assert list(found.values.values()) == [SECRET]


def test_what_only_the_shell_knows_is_an_input_or_to_be_filled_in() -> None:
    command = 'curl -H "Authorization: Bearer ${API_TOKEN}" "https://x.org/$userId?key=$KEY" -d "costs \\$$PRICE"'
    found = read_curl(command)
    assert found.missing == ("token", "api_key")
    assert found.node.params["url"] == "https://x.org/${{ inputs.user_id }}"
    assert found.node.params["body"] == 'costs ${{ "$" }}${{ inputs.price }}'
    assert [one.name for one in found.inputs] == ["user_id", "price"]


@pytest.mark.parametrize(
    "before",
    [
        "KEY=abc KIND=big\n", "export KEY=abc; export KIND=big; ", 'KEY="abc" && KIND=\'big\' && ',
        "declare -x KEY=abc KIND=big\n", "KIND=small; KIND=big; B=c; KEY=ab$B; ",
        '$key = "abc"; $kind = "big"; ', '$env:KEY = "abc"\n$env:KIND = "big"\n',
    ],
)  # fmt: skip
def test_what_commands_before_give_variables_is_filled_in_and_a_secret_is_none_of_the_params(before: str) -> None:
    """It was left out, and asked for as an input or a credential."""
    name = "$env:{}" if "$env" in before else "${}"
    key, kind = (name.format(one.lower() if before[:2] == "$k" else one) for one in ("KEY", "KIND"))
    found = read_curl(f'{before}curl -H "Authorization: Bearer {key}" "https://x.org/{kind}?a={kind}&q={key}"')
    assert found.node.params == {"url": "https://x.org/big", "query": {"a": "big", "q": "${{ inputs.key }}"}}
    assert found.credentials == {"base_url": "https://x.org", "token": "abc"}
    assert (found.missing, found.notes, found.values) == ((), (), {"key": "abc"})
    assert [(one.name, one.type) for one in found.inputs] == [("key", "password")]


def test_a_shell_sends_what_its_variables_hold(service: FakeService) -> None:
    """The node is given what is a secret by an input; all else is as a shell fills it in."""
    first = 'A="x y"; B=$A; C=cc; O="-X PUT"'
    command = f"""{first}; curl $O "{service.url}/$C/${{C}}" -d "v=$A" -H 'X: $A' -d @- <<END\nw=$B\nEND"""
    assert differing(sent_by_curl(command, service), sent_by_node(read_curl(command), service)) == ""


@pytest.mark.parametrize(
    ("command", "says", "asks"),
    [
        ("KEY=abc curl https://x.org/$A", "KEY=… before curl was left out", ["a"]),
        ("A=abc make; curl https://x.org/$A", "what the shell does besides was left out: make", ["a"]),
        ("A=(1 2); curl https://x.org/$A", "what the shell does besides was left out: A", ["a"]),
        ("A=abc; curl https://x.org/${A@Q}", "what ${A…} gives is not known: it is the input a", ["a"]),
        ("curl https://x.org/${A%c}/$A/${A%c}", "what ${A…} gives is not known: it is the input a,", ["a", "a_2"]),
        ("curl https://x.org/${A[1]}/${#A}", "what ${A…} gives is not known: it is the input a_2,", ["a", "a_2"]),
        ('curl https://x.org -d "${!A} ${A:-${B}}"', "what ${…} gives is not known", ["output", "output_2"]),
        ("A=abc; read A; curl https://x.org/$A", "what the shell does besides was left out: read", ["a"]),
        ("A=abc; unset A; curl https://x.org/$A", "what the shell does besides was left out: unset", ["a"]),
        ("A=abc; A[0]=2; curl https://x.org/$A", "what the shell does besides was left out: A[0]", ["a"]),
        ("A=$(date); curl https://x.org/$A", "what $(date …) gives is not known", ["output"]),
    ],
)
def test_what_is_not_set_for_the_command_is_asked_for(command: str, says: str, asks: list[str]) -> None:
    found = read_curl(command)
    assert [one.name for one in found.inputs] == asks
    assert says in " ".join(found.notes)
    assert "abc" not in repr((found.node, found.notes))


WAYS = (
    "%/", "%%/*", "#*/", "##*/", "%.*", "%b", "#?", "##[a-c]", "#[^a]", "/b/X", "//b/X", "/b", "//b/", "^", "^^", ",",
    ",,", ":1", ":1:2", ": -2", ": -2:1", ":99", ":-x", "-x", ":=x", "=x", ":+x", "+x", ":?x", "?x", "", "%", "#",
    "/no/X", "%c*", "%%c*", "#* ",
)  # fmt: skip


@pytest.mark.parametrize("value", ["aB/c.tar.gz", "bbb b", "a", ""])
def test_what_the_shell_makes_of_a_variable_is_filled_in(value: str) -> None:
    """It was dropped in silence, and the variable's own value asked for."""
    for way in WAYS:
        told = f"v='{value}'; printf '%s' \"${{v{way}}}/${{#v}}\""
        shell = subprocess.run(["bash", "-c", told], capture_output=True, text=True, check=False)
        found = read_curl(f"v='{value}'; curl https://x.org -H \"X: =${{v{way}}}/${{#v}}=\"")
        if shell.returncode:  # as "?x" has it of an empty one: nothing is sent at all
            assert [one.name for one in found.inputs] == ["v"], way
        else:
            assert (found.node.params["headers"]["X"], found.notes) == (f"={shell.stdout}=", ()), way


def test_a_default_of_the_shell_is_that_of_the_input_and_of_a_secret_its_value() -> None:
    found = read_curl('curl "https://x.org/${ITEM:-7}" -H "Authorization: Bearer ${TOKEN:-s3cret-value}"')
    assert [(one.name, one.default, one.required) for one in found.inputs] == [("item", "7", False)]
    assert (found.credentials["token"], found.notes) == ("s3cret-value", ())
    flow = Workflow("w")
    found.add_to(flow)
    assert flow.inputs["item"].default == "7"


def test_a_part_of_a_secret_is_a_secret_of_its_own() -> None:
    found = read_curl("TOKEN=s3cret-value; curl https://x.org/a/$TOKEN/${TOKEN%-value}/${TOKEN#s3cret-}")
    assert found.values == {"token": "s3cret-value", "token_2": "s3cret", "token_3": "value"}
    assert "s3cret" not in repr((found.node, found.notes))


def test_a_here_document_is_read_as_between_double_quotes(service: FakeService) -> None:
    """What a command gives in it, and a dollar that is one, were taken otherwise than by the shell."""
    command = f"""A=1; A+=2; curl {service.url} -d @- <<END\n$A "q" \\$A \\" ${{A%2}} \\\\ 'x'\nEND"""
    assert differing(sent_by_curl(command, service), sent_by_node(read_curl(command), service)) == ""
    found = read_curl('curl https://x.org -d @- <<END\n{"a": "$(date)"}\nEND')
    assert found.node.params["body"] == '{"a": "${{ inputs.output }}"}'


def test_of_a_command_after_it_nothing_but_its_name_is_told() -> None:
    for between in ("\n", ";", " && ", " & ", " | "):
        found = read_curl(f"curl https://x.org{between}curl -uada:s3cret https://y.org")
        assert "s3cret" not in repr(found.notes)
        assert "curl" in repr(found.notes)
    found = read_curl('curl ^"https://x.org^" &\r\ncurl -uada:s3cret ^"https://y.org^"')
    assert found.notes == ("what the shell does besides was left out: curl",)


@pytest.mark.parametrize(
    ("command", "params"),
    [
        ('set HOST=x.org\r\ncurl "https://%HOST%/a"', {"url": "https://x.org/a"}),
        ('@echo off\nset "ID=5"\nset B=%id%6\ncurl https://x.org/%ID%/%b%', {"url": "https://x.org/5/56"}),
        ("set V=ghijkl\ncurl https://x.org/%V:~0,3%/%V:~-2%/%V:I=X%", {"url": "https://x.org/ghi/kl/ghXjkl"}),
        ("cd x && set A=1\n@curl.exe https://x.org/%A% > out.txt", {"url": "https://x.org/1"}),
        (
            'curl ^"https://x.org/a?b=1^&c=2^" && echo done | more',
            {"url": "https://x.org/a", "query": {"b": "1", "c": "2"}},
        ),
        ("set A=1 & curl https://x.org/%A%", {"url": "https://x.org/${{ inputs.a }}"}),
        ("set /p A=Which one? \ncurl https://x.org/%A%", {"url": "https://x.org/${{ inputs.a }}"}),
        ("set V=abc\ncurl https://x.org/%V:*b=%", {"url": "https://x.org/${{ inputs.v }}"}),
        ('set TOKEN="abc"\ncurl -H "X-Api-Key: %TOKEN%" https://x.org', {"url": "https://x.org"}),
        ("set A=1\ncurl -d @- https://x.org/%C3%A4 < a.txt", {"url": "https://x.org/%C3%A4"}),
    ],
)
def test_what_cmd_sets_on_lines_before_is_filled_in(command: str, params: dict[str, Any]) -> None:
    """As ``cmd`` does: a line is filled in before any of it is run. It was left as text, with its percent signs."""
    found = read_curl(command)
    assert {name: found.node.params.get(name) for name in params} == params
    assert "abc" not in repr((found.node, found.notes))
    assert found.credentials.get("api_key") == ("abc" if "TOKEN" in command else None)


@pytest.mark.parametrize(
    "command",
    [
        "A=" + "x" * 10**6 + "; curl https://x.org -d " + "$A" * 400_000,
        "A=xx; " + "".join(f"{chr(66 + i)}=${chr(65 + i)}${chr(65 + i)}; " for i in range(24)) + "curl x.org/$Y",
        "curl https://x.org -d @- " + "<<A " * 150 + "\nA" * 150,
    ],
)  # fmt: skip
def test_what_would_become_too_much_is_refused(command: str) -> None:
    with pytest.raises(FileFormatError, match=r"longer than|more than"):
        read_curl(command)


@pytest.mark.parametrize("more", ["a ", "x", "-F a=b ", "\n", "; export -x"])
def test_a_long_command_is_read_in_a_time_that_grows_as_it_does(more: str) -> None:
    """One of 2 MB took hours: what was still to be read was copied for each word."""
    read_curl("curl https://x.org " + more * (300_000 // len(more)) + " -d a")


@pytest.mark.parametrize("more", ["x^y", '"a" ', "%A%", "%b"])
def test_a_long_command_for_windows_is_read_so_too(more: str) -> None:
    """One word of 2 MB was copied for each of its characters."""
    read_curl("set A=x\ncurl https://x.org -d a" + more * (300_000 // len(more)))


def test_text_that_looks_like_an_expression_stays_text() -> None:
    assert params("curl https://x.org -H 'X: ${{ a }}' --json '{\"a\": \"${{ b }}\"}'")["body"] == {"a": "$${{ b }}"}


# -- what is not carried over -----------------------------------------------------------------------------------------


def test_no_option_is_dropped_in_silence() -> None:
    """Each is carried over, or is about what curl shows, or is named in the notes."""
    values = {"max-time": "5", "retry": "2", "request": "PUT", "max-filesize": "9", "header": "A: b"}
    dropped = []
    for option in sorted((TAKES | FLAGS) - QUIET - {"url", "get"}):
        command = f"curl https://x.org --{option}" + (f" '{values.get(option, 'a=b')}'" if option in TAKES else "")
        found = read_curl(command)
        carried = found.node.params != {"url": "https://x.org"} or found.credentials
        if not carried and not any(f"--{option}" in note for note in found.notes):
            dropped.append(option)
    assert dropped == []


def test_every_reason_is_of_an_option() -> None:
    assert set(WHY) <= TAKES | FLAGS


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("curl https://x.org -k", "REQUESTS_CA_BUNDLE"),
        ("curl https://x.org --cert a.pem", "certificate"),
        ("curl https://x.org | jq .", "| jq"),
        ("curl https://x.org https://y.org", "2 addresses"),
        ("curl https://x.org/{a,b}", "several"),
        ("curl https://x.org -H 'Host: y.org'", "Host"),
        ("curl https://x.org -F 'a=b;type=text/html'", "type"),
        ("curl --digest -u ada:pw https://x.org", "--user"),
        ("date | curl -d @- https://x.org", "standard input"),
        ("curl -z yesterday https://x.org", "only a date"),
        ("curl -X list https://x.org", "in capitals"),
        ("curl -F 'a=@b,c' https://x.org", "parts of that name"),
        ("curl https://x.org/$(date +%F)", "$(date …) gives is not known"),
    ],
)
def test_what_cannot_be_carried_over_is_said(command: str, says: str) -> None:
    assert says in " ".join(read_curl(command).notes)


@pytest.mark.parametrize(
    "option",
    ["-d @-", "--json @-", "--data-urlencode a@b", "-F 'a=<b'", "-F a=@-", "-d @- <<< a | tr a b"],
)
def test_what_cannot_be_had_is_sent_by_the_same_method(option: str) -> None:
    assert params(f"date | curl https://x.org {option}")["method"] == "POST"


def test_what_two_commands_give_are_two_inputs() -> None:
    found = read_curl('curl -d "a=$(date)" -d "b=$(hostname)" -d "c=`date`" -d "d=$(date)" https://x.org')
    body = found.node.params["body"]
    assert body["a"] == body["d"]
    assert len(set(body.values())) == 3


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("", "curl is not in it"),
        ("wget https://x.org", "curl is not in it"),
        ("curl", "no address"),
        ("curl 'https://x.org", "not closed"),
        ("curl https://x.org --dta a", "--data"),
        ("curl https://x.org -H", "needs a value"),
        ("curl ftp://x.org/a", "HTTP"),
        ("curl -X CONNECT https://x.org", "CONNECT"),
        ("curl http://[::1", "cannot be read"),
        ("curl https://x.org -d @- <<EOF\nx", "no line EOF"),
        ("curl " + "a" * 2_000_001, "longer"),
    ],
)
def test_what_is_no_command_is_a_clear_error(command: str, says: str) -> None:
    with pytest.raises(FileFormatError, match=says):
        read_curl(command)


PIECES = [
    "-d", "-H", "-F", "-u", "'", '"', "$(", "`", "^\n", "\\", "{", "[", "@", "=", ":", "<<A\n", "\x1b", "&", ";", "$'",
    "https://x.org", "--json", "-G", "%", "\n", " ", "%A%",
]  # fmt: skip


@given(st.text(max_size=80) | st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
def test_any_text_is_a_node_or_a_clear_error(text: str) -> None:
    try:
        found = read_curl("curl https://x.org " + text)
    except FileFormatError:
        return
    flow = Workflow("any")
    assert found.add_to(flow) in flow.nodes


# -- the command line -------------------------------------------------------------------------------------------------


def flowbook(ws: Workspace, *args: str, input: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["-C", str(ws.root), *args], input=input)


@pytest.fixture
def ws(tmp_path, monkeypatch) -> Workspace:
    ws = Workspace(tmp_path)
    ws.save(Workflow("shop", inputs={"item": {"type": "string"}}))
    return ws


def test_new_node_prints_the_node_and_what_it_needs(ws: Workspace) -> None:
    done = flowbook(ws, "new", "node", "--curl", f'curl -k "https://x.org/$ID" -u ada:{SECRET}')
    assert done.stdout.startswith("nodes:\n  request:\n    task: http.request\n    integration: x.org\n")
    assert "--integration" in done.output
    assert "id" in done.output
    assert "REQUESTS_CA_BUNDLE" in done.output
    assert SECRET not in done.output
    assert ws.integrations() == []


def test_new_node_to_a_workflow_stores_the_secrets_encrypted(ws: Workspace) -> None:
    """A second command for the same server uses the integration that is there."""
    for _ in range(2):
        done = flowbook(
            ws,
            "new",
            "node",
            "--curl",
            "-",
            "--to",
            "shop",
            input=f"curl https://x.org/orders -H 'X-Api-Key: {SECRET}'",
        )
        assert done.exit_code == 0, done.output
    flow = ws.workflow("shop")
    assert list(flow.nodes) == ["get_orders", "get_orders_2"]
    assert flow.nodes["get_orders"].integration == "x.org"
    (integration,) = ws.integrations()
    assert integration.hosts == ("x.org",)
    assert SECRET not in "".join(file.read_text(errors="replace") for file in ws.root.rglob("*") if file.is_file())
    assert ws.check("shop").problems == ()


def test_an_integration_of_that_name_for_another_server_is_refused(ws: Workspace) -> None:
    flowbook(ws, "new", "node", "--curl", "curl https://x.org -u a:b", "--to", "shop", "--integration", "Mine")
    done = flowbook(ws, "new", "node", "--curl", "curl https://y.org -u a:b", "--to", "shop", "--integration", "Mine")
    assert "for something else" in str(done.exception)
    assert list(ws.workflow("shop").nodes) == ["request"]


def test_a_node_added_to_what_nobody_has_looked_at_trusts_nothing_of_it(ws: Workspace, monkeypatch) -> None:
    monkeypatch.delenv("FLOWBOOK_TRUST", raising=False)
    path = ws.root / "gift.flow.yaml"
    path.write_text('{"flowbook": 1, "name": "gift", "nodes": {"a": {"task": "core.python", "params": {"code": "1"}}}}')
    ws.import_workflow(path)
    done = flowbook(ws, "new", "node", "--curl", "curl https://x.org", "--to", "gift")
    assert done.exit_code == 0, done.output
    assert len(ws.workflow("gift").nodes) == 2
    assert not ws.is_trusted("gift")


@pytest.mark.parametrize(("command", "says"), [
    ("curl -X $VERB https://a.example/x", "only the shell knows the method, $VERB"),
    ("curl --zzz$OPTION https://a.example/x", "only the shell knows the option --zzz$OPTION"),
    ('curl "-$FLAGS" https://a.example/x', "only the shell knows the option -$FLAGS"),
])  # fmt: skip
def test_what_only_the_shell_knows_is_named_as_it_is_written(command: str, says: str) -> None:
    """The character that variables are marked with stood in the message."""
    with pytest.raises(FileFormatError) as error:
        read_curl(command)
    assert says in error.value.message
    assert "\x7f" not in str(error.value)


def test_a_note_names_a_variable_as_it_is_written() -> None:
    found = read_curl('curl -F "$NAME=<f.txt" https://a.example')
    assert found.notes == ("--form $NAME: a field out of a file was left out: read it with files.read_text",)


def test_lines_that_nothing_joins_are_told_of() -> None:
    """It was to be copied as a whole, which it was."""
    with pytest.raises(FileFormatError, match="has no address") as error:
        read_curl("curl -u me:pw\n  https://a.example/x?a=1")
    assert "a backslash" in str(error.value.hint)
    with pytest.raises(FileFormatError) as error:
        read_curl("curl -s")
    assert error.value.hint == "Copy all of the command."


def test_what_can_be_no_address_is_not_asked_where_another_is() -> None:
    """As curl does: it refuses the words that a backslash before a blank makes, and goes on. http://-H was asked."""
    found = read_curl('curl -H "A: b" \\ -H "B: c" -X PUT https://a.example/y')
    assert (found.node.params["url"], found.node.params["headers"]) == ("https://a.example/y", {"A": "b"})
    assert found.notes == ("left out: 2 words with blanks in the place of an address: see the backslashes before",)
    assert read_curl('curl "https://a.example/one tag"').node.params["url"] == "https://a.example/one tag"
