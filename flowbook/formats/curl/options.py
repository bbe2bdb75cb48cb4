"""The options of curl's command line, and a command read by them.

The names are those of ``curl --help all`` (7.88) and what came until 8.10: https://curl.se/docs/manpage.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flowbook.errors import FileFormatError
from flowbook.formats.curl.words import MARK, shown
from flowbook.slips import nearest

_TAKES = """
abstract-unix-socket alt-svc aws-sigv4 cacert capath cert cert-type ciphers config connect-timeout connect-to
continue-at cookie cookie-jar create-file-mode crlfile curves data data-ascii data-binary data-raw data-urlencode
delegation dns-interface dns-ipv4-addr dns-ipv6-addr dns-servers doh-url dump-header ech egd-file engine etag-compare
etag-save expand-data expand-header expand-json expand-url expand-user expect100-timeout form form-string ftp-account
ftp-alternative-to-user ftp-method ftp-port ftp-ssl-ccc-mode happy-eyeballs-timeout-ms haproxy-clientip header
hostpubmd5 hostpubsha256 hsts interface ip-tos ipfs-gateway json keepalive-cnt keepalive-time key key-type krb libcurl
limit-rate local-port login-options mail-auth mail-from mail-rcpt max-filesize max-redirs max-time netrc-file noproxy
oauth2-bearer output output-dir parallel-max pass pinnedpubkey preproxy proto proto-default proto-redir proxy
proxy-cacert proxy-capath proxy-cert proxy-cert-type proxy-ciphers proxy-crlfile proxy-header proxy-key proxy-key-type
proxy-pass proxy-pinnedpubkey proxy-service-name proxy-tls13-ciphers proxy-tlsauthtype proxy-tlspassword proxy-tlsuser
proxy-user proxy1.0 pubkey quote random-file range rate referer request request-target resolve retry retry-delay
retry-max-time sasl-authzid service-name socks4 socks4a socks5 socks5-gssapi-service socks5-hostname speed-limit
speed-time stderr telnet-option tftp-blksize time-cond tls-max tls13-ciphers tlsauthtype tlspassword tlsuser trace
trace-ascii trace-config unix-socket upload-file url url-query user user-agent variable vlan-priority write-out
"""
_FLAGS = """
alpn anyauth append basic buffer ca-native cert-status clobber compressed compressed-ssh create-dirs crlf digest disable
disable-eprt disable-epsv disallow-username-in-url doh-cert-status doh-insecure eprt epsv fail fail-early fail-with-body
false-start form-escape ftp-create-dirs ftp-pasv ftp-pret ftp-skip-pasv-ip ftp-ssl-ccc ftp-ssl-control get globoff
haproxy-protocol head help http0.9 http1.0 http1.1 http2 http2-prior-knowledge http3 http3-only ignore-content-length
include insecure ipv4 ipv6 junk-session-cookies keepalive list-only location location-trusted mail-rcpt-allowfails
manual metalink mptcp negotiate netrc netrc-optional next no-buffer no-clobber npn ntlm ntlm-wb parallel
parallel-immediate path-as-is post301 post302 post303 progress-bar progress-meter proxy-anyauth proxy-basic
proxy-ca-native proxy-digest proxy-http2 proxy-insecure proxy-negotiate proxy-ntlm proxy-ssl-allow-beast
proxy-ssl-auto-client-cert proxy-tlsv1 proxytunnel raw remote-header-name remote-name remote-name-all remote-time
remove-on-error retry-all-errors retry-connrefused sasl-ir sessionid show-error show-headers silent skip-existing
socks5-basic socks5-gssapi socks5-gssapi-nec ssl ssl-allow-beast ssl-auto-client-cert ssl-no-revoke ssl-reqd
ssl-revoke-best-effort sslv2 sslv3 styled-output suppress-connect-headers tcp-fastopen tcp-nodelay tftp-no-options tlsv1
tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 tr-encoding trace-ids trace-time use-ascii verbose version xattr
"""
TAKES = frozenset(_TAKES.split())
FLAGS = frozenset(_FLAGS.split())
_SHORT = {
    "a": "append", "A": "user-agent", "b": "cookie", "B": "use-ascii", "c": "cookie-jar", "C": "continue-at",
    "d": "data", "D": "dump-header", "e": "referer", "E": "cert", "f": "fail", "F": "form", "g": "globoff", "G": "get",
    "h": "help", "H": "header", "i": "include", "I": "head", "j": "junk-session-cookies", "J": "remote-header-name",
    "k": "insecure", "K": "config", "l": "list-only", "L": "location", "m": "max-time", "M": "manual", "n": "netrc",
    "N": "no-buffer", "o": "output", "O": "remote-name", "p": "proxytunnel", "P": "ftp-port", "q": "disable",
    "Q": "quote", "r": "range", "R": "remote-time", "s": "silent", "S": "show-error", "t": "telnet-option",
    "T": "upload-file", "u": "user", "U": "proxy-user", "v": "verbose", "V": "version", "w": "write-out",
    "x": "proxy", "X": "request", "y": "speed-time", "Y": "speed-limit", "z": "time-cond", "Z": "parallel",
    "0": "http1.0", "1": "tlsv1", "2": "sslv2", "3": "sslv3", "4": "ipv4", "6": "ipv6", "#": "progress-bar",
    ":": "next",
}  # fmt: skip

_QUIET = """
silent show-error show-headers verbose include progress-bar progress-meter no-progress-meter no-buffer buffer styled-
output no-styled-output write-out trace trace-ascii trace-config trace-ids trace-time stderr fail fail-with-body fail-
early location location-trusted compressed globoff basic ipv4 ipv6 http1.1 http2 http3 keepalive no-keepalive
keepalive-time tcp-nodelay disable create-dirs raw no-sessionid parallel parallel-immediate parallel-max suppress-
connect-headers tlsv1 tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 retry-all-errors retry-connrefused remote-time remove-on-error
no-clobber clobber no-alpn no-npn proto-default expect100-timeout sessionid alpn npn junk-session-cookies disallow-
username-in-url proxy-http2 ca-native mptcp
"""
QUIET = frozenset(_QUIET.split())
"""Options about what curl shows, or about how it talks where ``http.request`` does what fits by itself."""

_A_FILE = "curl wrote the answer into a file: use files.write_text with the node's data.body"
_AUTHORIZED = "it signs the request in a way that http.request does not know: the node needs another way to sign in"
_CERTIFICATES = "certificates are always checked: name your own authorities in the variable REQUESTS_CA_BUNDLE"
_CLIENT = "a client's certificate cannot be sent"
_PROXY = "proxies come from the variables HTTP_PROXY and HTTPS_PROXY of the machine that runs it"
WHY = {
    "output": _A_FILE, "remote-name": _A_FILE, "remote-header-name": _A_FILE, "remote-name-all": _A_FILE,
    "output-dir": _A_FILE, "insecure": _CERTIFICATES, "cacert": _CERTIFICATES, "capath": _CERTIFICATES,
    "cert": _CLIENT, "key": _CLIENT, "cert-type": _CLIENT, "key-type": _CLIENT, "pass": _CLIENT,
    "digest": _AUTHORIZED, "ntlm": _AUTHORIZED, "ntlm-wb": _AUTHORIZED, "negotiate": _AUTHORIZED,
    "anyauth": _AUTHORIZED, "aws-sigv4": _AUTHORIZED, "netrc": "no .netrc is read: give the integration a username",
    "netrc-file": "no .netrc is read: give the integration a username",
    "netrc-optional": "no .netrc is read: give the integration a username",
    "proxy": _PROXY, "proxy-user": _PROXY, "proxy-header": _PROXY, "noproxy": _PROXY, "preproxy": _PROXY,
    "socks4": _PROXY, "socks4a": _PROXY, "socks5": _PROXY, "socks5-hostname": _PROXY, "proxy1.0": _PROXY,
    "cookie-jar": "cookies are kept by the nodes of a run that name the same session",
    "config": "the options in that file were not read: paste them",
    "connect-timeout": "the whole request has the node's timeout, of which connecting may take 10 seconds",
    "retry-delay": "how long to wait is said by the service, or by the node's retry",
    "retry-max-time": "all tries together have the node's timeout",
    "path-as-is": "dots in the path of an address are resolved",
    "max-redirs": "up to ten redirects are followed",
    "next": "what follows it is another request: paste it on its own",
    "resolve": "the host is looked up as usual", "connect-to": "the host is looked up as usual",
    "unix-socket": "only servers on the network can be asked",
    "abstract-unix-socket": "only servers on the network can be asked",
    "limit-rate": "there is no such limit",
}  # fmt: skip
"""What to do about an option that has no counterpart."""


def options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The options of a command by their long names, each with its value ("" for a switch); addresses are ``url``.

    Raises FileFormatError for an option that curl does not have, or one whose value is missing.
    """
    rest = iter(words)
    for word in rest:
        if word == "--":
            yield from (("url", one) for one in rest)
        elif word.startswith("--"):
            yield from _long(word[2:], rest)
        elif word.startswith("-") and len(word) > 1:
            yield from _short(word[1:], rest)
        elif word.strip():
            yield "url", word


def _long(word: str, rest: Iterator[str]) -> Iterator[tuple[str, str]]:
    name, equals, value = word.partition("=")
    if MARK in name:
        raise _not_known(f"--{name}")
    name = _known(name)
    if name not in TAKES:
        yield name, ""
    else:
        yield name, value if equals else _value(f"--{name}", rest)


def _known(name: str) -> str:
    """The whole name of an option that may be abbreviated, or begin with ``no-``."""
    if name in TAKES or name in FLAGS or (name.startswith("no-") and name[3:] in FLAGS):
        return name
    begun = sorted(one for one in TAKES | FLAGS if name and one.startswith(name))
    if begun:
        return begun[0]
    near = nearest(name, sorted(TAKES | FLAGS))
    raise FileFormatError(f"curl has no option --{name}.", f"Did you mean --{near}?" if near else "")


def _short(letters: str, rest: Iterator[str]) -> Iterator[tuple[str, str]]:
    for place, letter in enumerate(letters, 1):
        name = _SHORT.get(letter)
        if letter == MARK:
            raise _not_known(f"-{letters}")
        if name is None:
            raise FileFormatError(f"curl has no option -{letter}.", "Is a quotation mark missing before it?")
        if name in TAKES:
            yield name, letters[place:] or _value(f"-{letter}", rest)
            return
        yield name, ""


def _not_known(option: str) -> FileFormatError:
    """What is said of an option that a variable gives."""
    return FileFormatError(f"only the shell knows the option {shown(option)[:60]}.", "Write it into the command.")


def _value(option: str, rest: Iterator[str]) -> str:
    for value in rest:
        return value
    raise FileFormatError(f"{option} of curl needs a value, and the command ends there.", "Copy all of the command.")
