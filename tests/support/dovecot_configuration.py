"""The configuration file and directories of a private Dovecot, for its series 2.3."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.support.certificates import Certificates

Storage = Literal["maildir", "mdbox", "sdbox"]
OWNER = "mail"  # whose the mail is: on any Debian there, with the group of that name
ADMIN = "admin0"
_LOCATIONS: Mapping[Storage, str] = {
    "maildir": "maildir:{home}/Maildir",
    "mdbox": "mdbox:{home}/mdbox",
    "sdbox": "sdbox:{home}/sdbox",
}
_SPECIAL = ("Drafts", "Junk", "Sent", "Trash", "Archive")


@dataclass(frozen=True, slots=True, kw_only=True)
class DovecotOptions:
    """What a private server offers, each as administrators really set it.

    With ACL, others' folders are below ``theirs``, which a login with the separator in it
    is not found in: Dovecot's own limit.

    ``prefix`` is that of each user's own folders, with its separator at the end (``INBOX.``).
    ``special`` are folder names that the configuration gives the special use of that name;
    clients cannot give any. ``more`` are lines of its configuration, put last.
    """

    storage: Storage = "maildir"
    prefix: str = ""
    separator: str = "/"
    has_acl: bool = False
    has_metadata: bool = True
    quota_kib: int | None = None
    special: tuple[str, ...] = _SPECIAL
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DovecotFiles:
    """Where a private server keeps what; everything lies below ``root``."""

    root: Path
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "log", self.root / "dovecot.log")

    @property
    def configuration(self) -> Path:
        """Its one configuration file."""
        return self.root / "dovecot.conf"

    @property
    def users(self) -> Path:
        """A file for each who may log in: one that is changed is read a second later."""
        return self.root / "users"

    @property
    def administrators(self) -> Path:
        """The same for each who may log in for anybody."""
        return self.root / "administrators"

    def home(self, login: str) -> Path:
        """Where the mail of a login lies."""
        return self.root / "mail" / login


def write_dovecot(
    files: DovecotFiles,
    options: DovecotOptions,
    certificates: Certificates,
    ports: tuple[int, int],
) -> None:
    """Make directories and configuration below ``files.root``; mail that is there is kept.

    ``ports`` are that of IMAP with STARTTLS and that of IMAP within TLS.
    """
    mail = files.root / "mail"
    others = (files.root / "run", files.root / "state", files.users, files.administrators)
    for directory in (mail, *others):
        directory.mkdir(parents=True, exist_ok=True)
    shutil.chown(mail, OWNER, OWNER)
    blocks = [
        *_general(files, certificates),
        *_logins(files),
        *_services(ports),
        *_namespaces(files, options),
        *_plugins(files, options),
        *options.more,
    ]
    files.configuration.write_text("\n".join(blocks) + "\n", "utf-8")


def _general(files: DovecotFiles, certificates: Certificates) -> Iterator[str]:
    yield f"base_dir = {files.root}/run"
    yield f"state_dir = {files.root}/state"
    yield f"log_path = {files.log}"
    yield f"instance_name = {files.root.name}"
    yield "protocols = imap"
    yield "listen = 127.0.0.1"
    yield "ssl = yes"
    yield f"ssl_cert = <{certificates.chain}"
    yield f"ssl_key = <{certificates.key}"
    yield "disable_plaintext_auth = no"
    yield f"mail_uid = {OWNER}"
    yield f"mail_gid = {OWNER}"
    yield "first_valid_uid = 1"
    yield "first_valid_gid = 1"
    yield f"mail_home = {files.root}/mail/%u"


def _logins(files: DovecotFiles) -> Iterator[str]:
    """PLAIN with an authorisation id is how an administrator logs in for a user."""
    yield "auth_mechanisms = plain login"
    yield "auth_master_user_separator = *"
    for folder, master in ((files.administrators, "yes"), (files.users, "no")):
        yield "passdb {\n  driver = passwd-file"
        yield f"  args = scheme=PLAIN username_format=%u {folder}/%u\n  master = {master}\n}}"
    yield f"userdb {{\n  driver = passwd-file\n  args = username_format=%u {files.users}/%u\n}}"


def _services(ports: tuple[int, int]) -> Iterator[str]:
    open_port, tls_port = ports
    yield "service imap-login {"
    yield f"  inet_listener imap {{\n    port = {open_port}\n  }}"
    yield f"  inet_listener imaps {{\n    port = {tls_port}\n    ssl = yes\n  }}"
    yield "}"
    yield f"service auth {{\n  unix_listener auth-userdb {{\n    user = {OWNER}\n  }}\n}}"


def _namespaces(files: DovecotFiles, options: DovecotOptions) -> Iterator[str]:
    separator = options.separator
    yield f"mail_location = {_LOCATIONS[options.storage].format(home='~')}"
    yield "namespace own {\n  inbox = yes"
    yield f"  separator = {separator}\n  prefix = {options.prefix}"
    yield "  mailbox INBOX {\n    auto = create\n  }"
    for name in options.special:
        yield f"  mailbox {name} {{\n    special_use = \\{name}\n  }}"
    yield "}"
    if options.has_acl:
        theirs = _LOCATIONS[options.storage].format(home="%%h")
        yield "namespace theirs {\n  type = shared"
        yield f"  separator = {separator}\n  prefix = theirs{separator}%%u{separator}"
        yield f"  location = {theirs}:INDEXPVT=~/theirs/%%u"
        yield "  subscriptions = no\n  list = children\n}"


def _plugins(files: DovecotFiles, options: DovecotOptions) -> Iterator[str]:
    general: list[str] = []
    of_imap: list[str] = []
    yield "plugin {"
    if options.has_acl:
        general, of_imap = [*general, "acl"], [*of_imap, "imap_acl"]
        yield "  acl = vfile"
        yield "  acl_user = %u"  # else an administrator has his own rights, which are none
        yield f"  acl_shared_dict = file:{files.root}/mail/shared-mailboxes"
    if options.quota_kib is not None:
        general, of_imap = [*general, "quota"], [*of_imap, "imap_quota"]
        yield "  quota = count:of the user"
        yield f"  quota_rule = *:storage={options.quota_kib}K"
        yield "  quota_vsizes = yes"
    yield "}"
    yield f"mail_plugins = {' '.join(general)}"
    if options.has_metadata:
        yield "mail_attribute_dict = file:%h/attributes"
    yield "protocol imap {"
    yield f"  mail_plugins = $mail_plugins {' '.join(of_imap)}"
    yield f"  imap_metadata = {'yes' if options.has_metadata else 'no'}"
    yield "}"
