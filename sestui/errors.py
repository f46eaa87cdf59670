"""Every error a user can meet: one sentence that says what to do, and an exit code.

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
    """Base of all; its text is a whole sentence with the way out, and names no option."""

    exit_code = EXIT_FAILED

    def __init__(self, sentence: str = "", *, option: str = "", by_option: str = "") -> None:
        """``option`` is the one (``--map``) that gave the value with which ``sentence`` begins.

        ``by_option`` is a further sentence, on the way out that options give.
        """
        super().__init__(sentence)
        self.option = option
        self.by_option = by_option

    def on_command_line(self) -> str:
        """The sentence for who has typed a command, with what its causes say of options too."""
        by_option, cause = self.by_option, self.__cause__
        while not by_option and cause is not None:
            by_option, cause = getattr(cause, "by_option", ""), cause.__cause__
        return " ".join(part for part in (self.option, str(self), by_option) if part)


class UsageError(SestuiError):
    """What was asked for is not a thing that can be asked for (wrong option, unknown setting)."""

    exit_code = EXIT_USAGE


class SettingsError(UsageError):
    """A setting is unknown or has an impossible value; the text names it and where it came from."""


class NotFoundError(SestuiError):
    """A campaign, list, contact or file by that name does not exist."""


class BadFileError(SestuiError):
    """A file can't be read as what it should be; the text names file, line, column or field."""


class OutputError(SestuiError):
    """Standard output takes nothing: its disk is full, say."""


class StoppedError(SestuiError):
    """Somebody stopped a long deed in the middle of it; the text says what is left of it."""


class ContentError(SestuiError):
    """A message can't be rendered: a template is broken or a variable is missing."""


class StateError(SestuiError):
    """The thing is in a state in which that can't be done (pause a finished run, ...)."""


class SentBeforeError(StateError):
    """A campaign was sent before, and nobody has said that it is to be sent again."""


class ConflictError(StateError):
    """Somebody else changed the thing since it was read; nothing was written."""


class StorageError(SestuiError):
    """The database can't be opened, read or written."""


class StorageBusyError(StorageError):
    """The database is locked by another program for longer than we wait."""

    exit_code = EXIT_TRY_AGAIN


class DatabaseLostError(StorageError):
    """The database's file was moved, deleted or replaced while it was open: nothing goes on."""


class AccountError(SestuiError):
    """SES (or its stand-in) doesn't answer or refuses us: credentials, region, endpoint."""


class AccountUnreachableError(AccountError):
    """Nobody answered at the endpoint; worth trying again."""

    exit_code = EXIT_TRY_AGAIN


class NeedsOperatorError(SestuiError):
    """sestui stops and asks a person: rows in doubt, a run paused by errors."""

    exit_code = EXIT_NEEDS_OPERATOR


def unforeseen(what: str, error: BaseException, way_out: str) -> SestuiError:
    """The error for a thread that ended with ``error``, which nobody foresaw and the log has.

    ``what`` is the sentence's beginning ("The sender stopped"), ``way_out`` its end.
    """
    made = SestuiError(
        f"{what} because of an unexpected error ({type(error).__name__}, see the log: `sestui "
        "log`); "
        f"{way_out}"
    )
    made.__cause__ = error
    return made


def sender_failed(error: BaseException) -> SestuiError:
    """The error for a sender of which a thread ended with ``error``."""
    return unforeseen("The sender stopped", error, "nothing is lost, start it again to continue.")
