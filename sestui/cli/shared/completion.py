"""Shell completion of this workspace's names; errors give no completions."""

from collections.abc import Iterable

from sestui.errors import SestuiError


def campaigns(incomplete: str) -> list[str]:
    """Campaigns whose names begin with ``incomplete``."""
    return _stored("CAMPAIGN", incomplete)


def lists(incomplete: str) -> list[str]:
    """Lists whose names begin with ``incomplete``."""
    return _stored("LIST", incomplete)


def segments(incomplete: str) -> list[str]:
    """Segments whose names begin with ``incomplete``."""
    return _stored("SEGMENT", incomplete)


def tasks(incomplete: str) -> list[str]:
    """Tasks whose names begin with ``incomplete``."""
    return _stored("TASK", incomplete)


def task_types(incomplete: str) -> list[str]:
    """Task types whose names begin with ``incomplete``."""
    from sestui.tasks.registry import known_types  # noqa: PLC0415 - pydantic is slow to import

    return _begun(known_types(), incomplete)


def settings(incomplete: str) -> list[str]:
    """Settings whose names begin with ``incomplete``."""
    from sestui.settings import Settings  # noqa: PLC0415 - pydantic is slow to import

    return _begun(Settings.model_fields, incomplete)


def assignments(incomplete: str) -> list[str]:
    """``NAME=`` of settings, for ``--set``."""
    return [f"{name}=" for name in settings(incomplete)]


def _stored(kind: str, incomplete: str) -> list[str]:
    from sestui.settings import load_settings  # noqa: PLC0415 - pydantic is slow to import
    from sestui.store.db.names import Named, names  # noqa: PLC0415

    try:
        given = load_settings()
    except SestuiError:
        return []
    return _begun(names(Named[kind], given.sqlite_file, given.sqlalchemy_url), incomplete)


def _begun(found: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in found if name.startswith(incomplete)]
