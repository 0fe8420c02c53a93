"""What was given back beside the mail, as lines of a receipt."""

from __future__ import annotations

from respool.verification.seen_report import SeenReport

_MOST_NAMED = 20


def seen_lines(seen: SeenReport) -> list[str]:
    """Readers who have their marks again, and those who do not, with the reason."""
    lines = []
    if seen.marks:
        lines.append(
            f"{seen.proven:,} of {seen.marks:,} marks of what was read, of"
            f" {_readers(len(seen.readers))}, each read back as himself"
        )
    lines += [
        f"none for {reader} in {_folders(folders)}: {why}"
        for (reader, why), folders in sorted(seen.left.items())[:_MOST_NAMED]
    ]
    if len(seen.left) > _MOST_NAMED:
        lines.append(f"none for {len(seen.left) - _MOST_NAMED:,} more: receipt.json has all")
    if seen.changed_since:
        lines.append(f"{seen.changed_since:,} were changed by their readers since")
    return lines


def differing_seen(seen: SeenReport) -> list[str]:
    """Marks that did not read back as planned."""
    return [
        f"  {each.folder} as {each.reader}: {each.differs}"
        for each in seen.differing[:_MOST_NAMED]
    ]


def _readers(count: int) -> str:
    return "1 reader" if count == 1 else f"{count:,} readers"


def _folders(folders: tuple[str, ...]) -> str:
    return folders[0] if len(folders) == 1 else f"{len(folders):,} folders"
