"""The errors for users: each has a sentence that says what to do, and an exit code.

A door (command line, screen, relay) catches :class:`SestuiError` and shows ``str(error)``; nothing
below a door prints. Options are the command line's alone: what an error has to say of them it
carries beside its sentence, and :meth:`SestuiError.on_command_line` adds it.
"""

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_NEEDS_OPERATOR = 3
EXIT_TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: cron and mail systems know it


class SestuiError(Exception):
    """Base class; its text is a sentence that says what to do, without options."""

    exit_code = EXIT_FAILED

    def __init__(self, sentence: str = "", *, option: str = "", by_option: str = "") -> None:
        """``option`` (such as ``--map``) gave the value with which ``sentence`` begins.

        ``by_option`` is a further sentence on options that help.
        """
        super().__init__(sentence)
        self.option = option
        self.by_option = by_option

    def on_command_line(self) -> str:
        """The sentence for the command line, with all options, including those of its causes."""
        by_option, cause = self.by_option, self.__cause__
        while not by_option and cause is not None:
            by_option, cause = getattr(cause, "by_option", ""), cause.__cause__
        return " ".join(part for part in (self.option, str(self), by_option) if part)


class UsageError(SestuiError):
    """The request is invalid (wrong option, unknown setting)."""

    exit_code = EXIT_USAGE


class SettingsError(UsageError):
    """A setting is unknown or has an impossible value; the text names it and where it came from."""


class SegmentError(UsageError):
    """An expression over contacts can't be read; the text says where and why."""

    def __init__(self, sentence: str, *, line: int = 1, column: int = 1) -> None:
        super().__init__(sentence)
        self.line = line
        """From 1."""
        self.column = column
        """From 1, in characters."""


class NotFoundError(SestuiError):
    """A campaign, list, contact or file by that name does not exist."""


class BadFileError(SestuiError):
    """A file can't be read as what it should be; the text names file, line, column or field."""


class OutputError(SestuiError):
    """Standard output can't be written, for example as its disk is full."""


class StoppedError(SestuiError):
    """The user stopped a long operation; the text says what remains of it."""


class ContentError(SestuiError):
    """A message can't be rendered: a template is broken or a variable is missing."""


class StateError(SestuiError):
    """The object's state doesn't allow it (pause a finished run, ...)."""


class SentBeforeError(StateError):
    """A campaign was sent before, and repeating it was not requested."""


class BreakerError(StateError):
    """Too many bounces or complaints have paused a run; only the operator can say to go on."""

    exit_code = EXIT_NEEDS_OPERATOR


class OtherAccountError(StateError):
    """A run belongs to another account than mail goes to; only the operator can move it."""

    exit_code = EXIT_NEEDS_OPERATOR


class ConflictError(StateError):
    """Somebody else changed the object since it was read; nothing was written."""


class StorageError(SestuiError):
    """The database can't be opened, read or written."""


class StorageBusyError(StorageError):
    """The database is locked by another program for longer than we wait."""

    exit_code = EXIT_TRY_AGAIN


class DatabaseLostError(StorageError):
    """The database's file was moved, deleted or replaced while it was open."""


class AccountError(SestuiError):
    """SES (or its stand-in) doesn't answer or refuses us: credentials, region, endpoint."""


class AccountUnreachableError(AccountError):
    """The endpoint didn't answer; a retry may succeed."""

    exit_code = EXIT_TRY_AGAIN


class UnansweredError(SestuiError):
    """Servers that the work depends on answer nothing; a retry may succeed."""

    exit_code = EXIT_TRY_AGAIN


class NeedsOperatorError(SestuiError):
    """A person must decide: mails in doubt, a run paused by errors."""

    exit_code = EXIT_NEEDS_OPERATOR


def unforeseen(what: str, error: BaseException, way_out: str) -> SestuiError:
    """The error for a thread that ended with an unexpected ``error``, which is in the log.

    ``what`` begins the sentence ("The sender stopped"), ``way_out`` ends it.
    """
    made = SestuiError(
        f"{what} because of an unexpected error ({type(error).__name__}, see the log: `sestui "
        "log`); "
        f"{way_out}"
    )
    made.__cause__ = error
    return made


def sender_failed(error: BaseException) -> SestuiError:
    """The error for a sender whose thread ended with ``error``."""
    return unforeseen("The sender stopped", error, "nothing is lost, start it again to continue.")
