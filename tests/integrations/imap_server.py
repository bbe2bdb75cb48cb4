"""A real Dovecot for the tests: on free ports of 127.0.0.1, with TLS, and mailboxes that last as long as it does."""

from __future__ import annotations

import getpass
import grp
import os
import pwd
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integrations.postgres_server import make_certificate
from tests.integrations.processes import becoming, found, listening
from tests.ports import free_port

PASSWORD = "correct-hörse-battery"
TOKEN = "ya29.good"
"""The only access token that is taken, of the user ann."""

_SETTINGS = """
protocols = imap
listen = 127.0.0.1, 127.0.0.2
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
mail_location = maildir:{folder}/mail/%n
mail_fsync = never
mail_plugins = acl quota
protocol imap {{
  mail_plugins = acl quota imap_acl imap_quota
}}
plugin {{
  acl = vfile
  quota = count:User quota
  quota_vsizes = yes
  quota_max_mail_size = 100M
}}
ssl = yes
ssl_cert = <{folder}/server.crt
ssl_key = <{folder}/server.key
ssl_dh =
disable_plaintext_auth = yes
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0 secs
auth_verbose = no
{tokens}passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%n {folder}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%n {folder}/users
  default_fields = uid={user} gid={group} home={folder}/mail/%n
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    auto = subscribe
    special_use = \\Drafts
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  process_min_avail = 1
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service stats {{
  chroot =
}}
"""

_TOKENS = """passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/tokens
}}
"""


@dataclass(frozen=True)
class ImapServer:
    """A running server; ``credentials()`` are what the integration takes, each user with a mailbox of its own.

    That of fred holds 20 KB, and no message may be larger than 100 MB. A password is taken without encryption by
    127.0.0.1 only, where it never leaves the machine, and not by 127.0.0.2.
    """

    port: int
    tls_port: int
    folder: Path

    def credentials(self, **changed: object) -> dict[str, object]:
        return {
            "host": "127.0.0.1", "port": self.tls_port, "username": "ada@example.org", "password": PASSWORD,
            "ca_file": str(self.folder / "server.crt"), "timeout": 20, **changed,
        }  # fmt: skip

    def allow(self, user: str, folder: str, rights: str) -> None:
        """Let a user do no more in a folder of theirs than RFC 4314 names by these letters."""
        (self.folder / "mail" / user / f".{folder}" / "dovecot-acl").write_text(
            f"owner {rights}\n".replace(" \n", "\n")
        )


@contextmanager
def running_imap(whose_token: str = "") -> Iterator[ImapServer]:
    """Start a server of our own and stop it at the end.

    ``whose_token`` is the address of an OAuth2 provider that answers with the email of whom a Bearer token is; by it
    Dovecot then takes or refuses tokens (https://doc.dovecot.org/2.3/configuration_manual/authentication/oauth2/).
    """
    server = found("dovecot", "dovecot-imapd")
    folder = Path(tempfile.mkdtemp(prefix="flowbook-imap-"))
    user, group, become = _owner(folder)
    certificate, key = make_certificate("127.0.0.1", "localhost")
    (folder / "server.crt").write_bytes(certificate)
    (folder / "server.key").write_bytes(key)
    users = "".join(f"{name}:{PASSWORD}::::::\n" for name in ("ada", "bob", "eve", "gus", "max"))
    users += f"ann:{TOKEN}::::::\nfred:{PASSWORD}::::::userdb_quota_rule=*:storage=20K\n"
    (folder / "users").write_text(users)
    port, tls_port = free_port(), free_port()
    tokens = _TOKENS.format(folder=folder) if whose_token else ""
    asked = f"introspection_mode = auth\nintrospection_url = {whose_token}\nusername_attribute = email\n"
    (folder / "tokens").write_text(asked)
    settings = _SETTINGS.format(folder=folder, tokens=tokens, user=user, group=group, port=port, tls_port=tls_port)
    (folder / "dovecot.conf").write_text(settings)
    for name in ("run", "mail"):
        (folder / name).mkdir()
    if become is not None:
        for path in folder.iterdir():
            os.chown(path, pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid)
    try:
        with listening([server, "-F", "-c", str(folder / "dovecot.conf")], port, folder / "log.start", become=become):
            yield ImapServer(port, tls_port, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner(folder: Path) -> tuple[str, str, Callable[[], None] | None]:
    """Who the server runs as: never root, since Dovecot refuses root's mail."""
    if os.geteuid() != 0:
        return getpass.getuser(), grp.getgrgid(os.getegid()).gr_name, None
    user = pwd.getpwnam("nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return "nobody", grp.getgrgid(user.pw_gid).gr_name, becoming(user)
