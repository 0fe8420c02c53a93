"""Small exports, laid out by hand in each form, for tests of reading them back."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from respool.exports.maildir_names import message_base, render_info, render_keywords
from respool.exports.manifest import MANIFEST_FILE, render_manifest
from respool.exports.manifest_entry import ManifestEntry
from respool.exports.manifest_head import ExportForm, ManifestHead
from respool.exports.mboxrd import quoted, separator_line
from respool.model.accounts import INBOX, Account, AccountKind, folder_parts

JDOE = Account(kind=AccountKind.USER, login="jdoe", domain="b.loc")
MADE_AT = datetime(2024, 11, 20, 8, 30, tzinfo=UTC)
TAKEN_AT = datetime(2024, 11, 19, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One message to be laid out."""

    folder: str
    uid: int
    octets: bytes
    flags: tuple[str, ...] = ()
    internaldate: int = 1_507_017_600

    def entry(self, file: str) -> ManifestEntry:
        """Its line in the manifest."""
        return ManifestEntry(
            folder=self.folder,
            uid=self.uid,
            guid=hashlib.sha1(self.octets).hexdigest(),
            sha256=hashlib.sha256(self.octets).hexdigest(),
            size_bytes=len(self.octets),
            flags=self.flags,
            internaldate=self.internaldate,
            file=file,
        )


MESSAGES = (
    Written(
        folder=INBOX, uid=3, octets=b"Subject: One\r\n\r\nBody\r\n", flags=("\\Seen", "$Junk")
    ),
    Written(folder=INBOX, uid=7, octets=b"Subject: Two\r\n\r\nFrom me\r\n>From you\r\n"),
    Written(
        folder="Été/2017",
        uid=1,
        octets=b"Subject: Three\n\nno line end",
        flags=("\\Answered", "\\Flagged", "$Junk", "$Forwarded"),
        internaldate=1_600_000_000,
    ),
)


def head_of(form: ExportForm, messages: Sequence[Written]) -> ManifestHead:
    """The head of their manifest; a folder without messages is among the folders."""
    return ManifestHead(
        software="respool 0.4.0",
        form=form,
        account=JDOE,
        generation="2024-11-19",
        taken_at=TAKEN_AT,
        made_at=MADE_AT,
        folders=tuple(dict.fromkeys((*(each.folder for each in messages), "Empty"))),
        messages=len(messages),
        octets=sum(len(each.octets) for each in messages),
    )


def manifest_of(
    form: ExportForm, messages: Sequence[Written], entries: Iterable[ManifestEntry]
) -> bytes:
    """Their manifest."""
    return b"".join(render_manifest(head_of(form, messages), entries))


def write_maildir(place: Path, messages: Sequence[Written] = MESSAGES) -> None:
    """A Maildir++, with its manifest."""
    keywords = ["$Junk", "$Forwarded"]
    entries = []
    for folder in head_of(ExportForm.MAILDIR, messages).folders:
        below = ".".join(("", *folder_parts(folder)))
        for inner in ("cur", "new", "tmp"):
            (place / below / inner).mkdir(parents=True)
        (place / below / "dovecot-keywords").write_text(render_keywords(keywords))
    for each in messages:
        base = message_base(1_732_000_000, each.uid, len(each.octets))
        below = ".".join(("", *folder_parts(each.folder)))
        name = f"cur/{base}{render_info(each.flags, keywords)}"
        file = place / below / name
        file.write_bytes(each.octets)
        os.utime(file, (each.internaldate, each.internaldate))
        entries.append(each.entry(str(file.relative_to(place))))
    manifest = manifest_of(ExportForm.MAILDIR, messages, entries)
    (place / MANIFEST_FILE).write_bytes(manifest)


def write_eml(place: Path, messages: Sequence[Written] = MESSAGES) -> None:
    """.eml files in directories, with a manifest."""
    entries = []
    for each in messages:
        file = place / each.folder / f"{each.uid}.eml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(each.octets)
        os.utime(file, (each.internaldate, each.internaldate))
        entries.append(each.entry(f"{each.folder}/{each.uid}.eml"))
    (place / MANIFEST_FILE).write_bytes(manifest_of(ExportForm.EML, messages, entries))


def write_mbox(place: Path, messages: Sequence[Written] = MESSAGES) -> None:
    """An mbox file for each folder, with a manifest."""
    entries = []
    for each in messages:
        file = place / f"{each.folder}.mbox"
        file.parent.mkdir(parents=True, exist_ok=True)
        octets = separator_line(each.internaldate) + quoted(each.octets)
        with file.open("ab") as opened:
            offset = opened.tell()
            opened.write(octets)
        placed = each.entry(f"{each.folder}.mbox")
        entries.append(replace(placed, offset=offset, length=len(octets)))
    (place / MANIFEST_FILE).write_bytes(manifest_of(ExportForm.MBOX, messages, entries))


def write_zip(place: Path, messages: Sequence[Written] = MESSAGES) -> None:
    """A zip of .eml files, with a manifest."""
    entries = []
    with zipfile.ZipFile(place, "x", zipfile.ZIP_DEFLATED) as archive:
        for each in messages:
            name = f"{each.folder}/{each.uid}.eml"
            at = datetime.fromtimestamp(each.internaldate, UTC).timetuple()[:6]
            archive.writestr(zipfile.ZipInfo(name, at), each.octets, zipfile.ZIP_DEFLATED)
            entries.append(each.entry(name))
        archive.writestr(MANIFEST_FILE, manifest_of(ExportForm.ZIP, messages, entries))


WRITERS: Mapping[ExportForm, Callable[..., None]] = {
    ExportForm.MAILDIR: write_maildir,
    ExportForm.MBOX: write_mbox,
    ExportForm.ZIP: write_zip,
    ExportForm.EML: write_eml,
}


def write_export(form: ExportForm, below: Path, messages: Sequence[Written] = MESSAGES) -> Path:
    """An export in a directory that is there; where it is."""
    place = below / ("mail.zip" if form is ExportForm.ZIP else "mail")
    if form is not ExportForm.ZIP:
        place.mkdir()
    WRITERS[form](place, messages)
    return place
