"""Keep unsaved drafts in the workspace, in case of a crash; and temporary files."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from sestui.compose.private_folder import PrivateFolder
from sestui.compose.write_file import write_file
from sestui.core.campaign.draft import Draft
from sestui.core.clock import Clock, Instant
from sestui.core.delivery.mail import MailAttachment
from sestui.store.campaigns.campaigns import CampaignVersion

_FOLDER = "compose"
_DRAFT = "draft.json"


@dataclass(frozen=True, slots=True)
class AutosavedDraft:
    """An unsaved draft."""

    draft: Draft
    seen: CampaignVersion | None
    """The campaign that it changes, as it was read; None for a new one."""
    at: Instant
    """When it was last kept."""
    folder: PrivateFolder


class Autosave:
    """The drafts and temporary files of one editor; creates files only when needed."""

    def __init__(self, workspace: Path, clock: Clock) -> None:
        self._root = workspace / _FOLDER
        self._clock = clock
        self._folder: PrivateFolder | None = None
        self._scratch: set[Path] = set()

    def keep(self, draft: Draft, seen: CampaignVersion | None) -> None:
        """Keep the draft, replacing the previous one.

        Raises:
            StorageError: it can't be written.
        """
        folder = self._own()

        def stored(item: MailAttachment) -> str:
            name = hashlib.sha256(item.content).hexdigest()
            if not (folder / name).exists():
                write_file(folder / name, item.content, overwrite=True, private=True)
            return name

        kept = {
            "draft": draft.as_json(stored),
            "seen": [seen.id, seen.name, *seen.version] if seen is not None else None,
            "at": self._clock.now(),
        }
        write_file(folder / _DRAFT, json.dumps(kept).encode(), overwrite=True, private=True)

    def forget(self) -> None:
        """Delete the kept draft, as it was saved."""
        if self._folder is not None:
            (self._folder.path / _DRAFT).unlink(missing_ok=True)

    def temporary_file(self, name: str, content: str) -> Path:
        """A private file that is deleted when the editor is closed.

        Raises:
            StorageError: it can't be written.
        """
        path = self._own() / name
        # Half an emoji can be typed but not written.
        write_file(path, content.encode(errors="replace"), overwrite=True, private=True)
        self._scratch.add(path)
        return path

    def close(self) -> None:
        """Close it; an unsaved draft stays for the next editor."""
        if self._folder is None:
            return
        if (self._folder.path / _DRAFT).exists():
            for path in self._scratch:
                path.unlink(missing_ok=True)
            self._folder.release()
        else:
            self._folder.remove()
        self._folder = None

    def _own(self) -> Path:
        if self._folder is None:
            self._folder = PrivateFolder.new(self._root)
        return self._folder.path

    # what others left

    def left(self) -> list[AutosavedDraft]:
        """Drafts of processes that have ended, newest first; empty folders are deleted.

        Each has to be adopted, discarded or left for later.

        Raises:
            StorageError: the workspace can't be read.
        """
        found: list[AutosavedDraft] = []
        for folder in PrivateFolder.left(self._root):
            try:
                found.append(_read(folder))
            except FileNotFoundError:
                folder.remove()
            except (OSError, ValueError, TypeError, KeyError):
                folder.release()  # not readable by this version
        return sorted(found, key=lambda kept: -kept.at)

    def adopt(self, kept: AutosavedDraft) -> None:
        """Take over its draft, and keep it."""
        if self._folder is not None:
            self._folder.remove()
        self._folder = kept.folder

    @staticmethod
    def discard(kept: AutosavedDraft) -> None:
        """Delete it."""
        kept.folder.remove()

    @staticmethod
    def leave(kept: AutosavedDraft) -> None:
        """Leave it for the next editor."""
        kept.folder.release()


def _read(folder: PrivateFolder) -> AutosavedDraft:
    kept = json.loads((folder.path / _DRAFT).read_bytes())
    draft = Draft.of_json(kept["draft"], lambda name: (folder.path / name).read_bytes())
    seen = None
    if kept["seen"] is not None:
        campaign_id, name, updated_at, message_id = kept["seen"]
        seen = CampaignVersion(campaign_id, name, (updated_at, message_id))
    return AutosavedDraft(draft, seen, float(kept["at"]), folder)
