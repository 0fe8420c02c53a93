"""The error tree: what stops an operation, with a stable code, a cause and a hint."""

from __future__ import annotations

from typing import ClassVar

from respool.plain_words import without_numbers


class RespoolError(Exception):
    """Something that stops the present operation and that a person can act on.

    ``code`` is stable: scripts, tests and docs/reference/errors.md use it. ``what`` says what,
    about which thing; ``why`` is the cause; ``hint`` is a command to type or a page to read.
    ``changed`` says what was added before; None: nothing. ``reasons`` are all of several causes.
    """

    code: ClassVar[str] = "internal"
    exit_status: ClassVar[int] = 1
    changed: str | None = None
    reasons: tuple[str, ...] = ()

    def __init__(self, what: str, *, why: str | None = None, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.why = None if why is None else without_numbers(why)
        self.hint = hint


class EndedBySignal(BaseException):
    """SIGINT, SIGTERM or SIGHUP: leave by way of every ``finally``; no library swallows it."""


class UsageError(RespoolError):
    """What was typed or set cannot be meant."""

    code: ClassVar[str] = "usage"
    exit_status: ClassVar[int] = 2


class AmbiguousName(UsageError):
    """A name fits several things; all of them are listed."""

    code: ClassVar[str] = "ambiguous-name"


class SelectionInvalid(UsageError):
    """What was given to ``--selection`` is no list of messages, or not of one account."""

    code: ClassVar[str] = "selection-invalid"


class NoConfirmation(UsageError):
    """A change needs a yes, and nobody could be asked."""

    code: ClassVar[str] = "no-confirmation"


class Declined(RespoolError):
    """The person said no."""

    code: ClassVar[str] = "declined"
    exit_status: ClassVar[int] = 130


class Interrupted(RespoolError):
    """SIGINT or SIGTERM came; the run stopped between two steps."""

    code: ClassVar[str] = "interrupted"
    exit_status: ClassVar[int] = 130


class BackupError(RespoolError):
    """A backup lacks what was asked for, or cannot be read at all."""

    code: ClassVar[str] = "backup"
    exit_status: ClassVar[int] = 10


class BackupNotFound(BackupError):
    """There is no backup at the place that was named."""

    code: ClassVar[str] = "backup-not-found"


class GenerationNotFound(BackupError):
    """No generation, part or date fits."""

    code: ClassVar[str] = "generation-not-found"


class AccountNotInGeneration(BackupError):
    """The generation holds no such account."""

    code: ClassVar[str] = "account-not-in-generation"


class FolderNotInGeneration(BackupError):
    """The account has no such folder in that generation."""

    code: ClassVar[str] = "folder-not-in-generation"


class MessageNotInMailbox(BackupError):
    """No message has that UID or GUID, or its file is missing."""

    code: ClassVar[str] = "message-not-in-mailbox"


class NothingMatches(BackupError):
    """No message fulfils the conditions."""

    code: ClassVar[str] = "nothing-matches"


class PartNotInMessage(BackupError):
    """The message has no part of that number."""

    code: ClassVar[str] = "part-not-in-message"


class UnsafeBackupEntry(BackupError):
    """A link, device, pipe or socket stands where a file or directory of mail should be."""

    code: ClassVar[str] = "unsafe-backup-entry"


class BackupFileMissing(BackupError):
    """A file or directory of the backup is not there, or no longer."""

    code: ClassVar[str] = "backup-file-missing"


class BackupUnreadable(BackupError):
    """The system refuses to give a file or directory of the backup."""

    code: ClassVar[str] = "backup-unreadable"


class FormatError(RespoolError):
    """Octets that are not what their format says.

    Raised by parsers only, and turned into a finding wherever the rest can be read.
    """

    code: ClassVar[str] = "format"
    exit_status: ClassVar[int] = 10

    def __init__(
        self, what: str, *, offset: int = 0, expected: str | None = None, found: str | None = None
    ) -> None:
        why = None
        if expected is not None:
            why = f"at octet {offset}: expected {expected}, found {found}"
        super().__init__(what, why=why)
        self.offset = offset
        self.expected = expected
        self.found = found


class TruncatedFile(FormatError):
    """The file ends before its own description does."""

    code: ClassVar[str] = "truncated-file"


class UnknownIndexVersion(FormatError):
    """A ``cyrus.index`` of a minor version that has no table."""

    code: ClassVar[str] = "unknown-index-version"


class LibraryMissing(RespoolError):
    """Reading this needs a library that an extra of respool installs."""

    code: ClassVar[str] = "library-missing"
    exit_status: ClassVar[int] = 10


class UnknownContainer(FormatError):
    """A database of a kind that nothing here reads, or of none."""

    code: ClassVar[str] = "unknown-container"


class PlanRefused(RespoolError):
    """The plan cannot be carried out; nothing was changed. All reasons at once."""

    code: ClassVar[str] = "plan-refused"
    exit_status: ClassVar[int] = 12

    def __init__(self, what: str, reasons: tuple[str, ...], *, hint: str | None = None) -> None:
        super().__init__(what, why="; ".join(reasons), hint=hint)
        self.reasons = reasons


class PlanFileInvalid(RespoolError):
    """A plan file is damaged, of another version, or was altered."""

    code: ClassVar[str] = "plan-file-invalid"
    exit_status: ClassVar[int] = 12


class SurveyChanged(PlanRefused):
    """The target is no longer as it was when the plan was made. All reasons at once."""

    code: ClassVar[str] = "survey-changed"


class NotReady(PlanRefused):
    """A run that stopped cannot go on as things are now. All reasons at once."""

    code: ClassVar[str] = "not-ready"
    exit_status: ClassVar[int] = 20


class TargetError(RespoolError):
    """The target cannot be reached or refuses us."""

    code: ClassVar[str] = "target"
    exit_status: ClassVar[int] = 13


class ServerUnreachable(TargetError):
    """Nothing answers where the server should be."""

    code: ClassVar[str] = "server-unreachable"


class CertificateNotTrusted(TargetError):
    """Nobody whom we trust vouches for the server, or not under that name."""

    code: ClassVar[str] = "certificate-not-trusted"


class NotEncrypted(TargetError):
    """A password would cross the network in the clear."""

    code: ClassVar[str] = "not-encrypted"


class LoginRefused(TargetError):
    """The server refused the name or the password."""

    code: ClassVar[str] = "login-refused"


class NotPermitted(TargetError):
    """This needs root on the mail server."""

    code: ClassVar[str] = "not-permitted"


class ServerNotFound(TargetError):
    """No Cyrus server is set up here: configuration or programs are missing."""

    code: ClassVar[str] = "server-not-found"


class AccountNotOnServer(TargetError):
    """The live server has no such account."""

    code: ClassVar[str] = "account-not-on-server"


class ProgramFailed(TargetError):
    """A program of the server failed, crashed or took too long."""

    code: ClassVar[str] = "program-failed"


class ServerSaidNo(TargetError):
    """The server answered NO or BAD to a command."""

    code: ClassVar[str] = "server-said-no"


class OverQuota(TargetError):
    """The server takes no more mail for that account."""

    code: ClassVar[str] = "over-quota"


class BluemindUnreachable(TargetError):
    """BlueMind's core does not answer, or not in time: it may be restarting."""

    code: ClassVar[str] = "bluemind-unreachable"


class BluemindRefused(TargetError):
    """BlueMind's core takes the key for wrong, or its account lacks a role."""

    code: ClassVar[str] = "bluemind-refused"


class BluemindFault(TargetError):
    """BlueMind's core says that it cannot do what was asked; ``fault`` is its own code."""

    code: ClassVar[str] = "bluemind-fault"

    def __init__(
        self,
        what: str,
        *,
        why: str | None = None,
        hint: str | None = None,
        status: int | None = None,
        fault: str | None = None,
    ) -> None:
        super().__init__(what, why=why, hint=hint)
        self.status = status
        self.fault = fault

    @property
    def is_not_found(self) -> bool:
        """Whether it knows no such thing: some versions answer nothing instead."""
        return self.status == 404 or self.fault == "NOT_FOUND"


class StepFailed(RespoolError):
    """A step of a run failed; the target is as before the step or as after it."""

    code: ClassVar[str] = "step-failed"
    exit_status: ClassVar[int] = 20

    def __init__(
        self,
        what: str,
        *,
        why: str | None = None,
        hint: str | None = None,
        step_number: int | None = None,
        can_be_tried_again: bool = True,
    ) -> None:
        super().__init__(what, why=why, hint=hint)
        self.step_number = step_number
        self.can_be_tried_again = can_be_tried_again


class ProcessLost(RespoolError):
    """One of our own processes ended before it could answer."""

    code: ClassVar[str] = "process-lost"
    exit_status: ClassVar[int] = 20


class NoMoreProcesses(RespoolError):
    """The system has no more processes or threads for us: a limit of the user or the service."""

    code: ClassVar[str] = "no-more-processes"
    exit_status: ClassVar[int] = 20


class JournalError(RespoolError):
    """The journal is missing, damaged, or asked for something it must refuse."""

    code: ClassVar[str] = "journal"
    exit_status: ClassVar[int] = 20


class CatalogueUnusable(RespoolError):
    """The catalogue cannot be opened, read or written: rights, room, or another's lock."""

    code: ClassVar[str] = "catalogue-unusable"
    exit_status: ClassVar[int] = 20


class CatalogueDamaged(RespoolError):
    """The catalogue's file is none, or no longer. It can be made again of the backup."""

    code: ClassVar[str] = "catalogue-damaged"
    exit_status: ClassVar[int] = 20


class CatalogueOfNewerVersion(RespoolError):
    """A later respool wrote the catalogue, in a way that this one does not know."""

    code: ClassVar[str] = "catalogue-of-newer-version"
    exit_status: ClassVar[int] = 2


class RunNotFound(RespoolError):
    """No run has that number."""

    code: ClassVar[str] = "run-not-found"
    exit_status: ClassVar[int] = 10


class RunRefused(RespoolError):
    """The run stands otherwise than what was asked for needs; nothing was changed."""

    code: ClassVar[str] = "run-refused"
    exit_status: ClassVar[int] = 12


class Locked(RespoolError):
    """Another run works on the same account."""

    code: ClassVar[str] = "locked"
    exit_status: ClassVar[int] = 11
