"""Trained similarity networks of the gallery: which there are, which is in use, and what a removed person means."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from facerec_app.core.errors import GalleryWriteError, WeightsRejectedError
from facerec_app.models.version_record import VersionRecord
from facerec_app.models.version_store import VersionStore
from facerec_app.services.present_network import PresentNetwork, network_of_version, require_fitting


@dataclass(frozen=True, slots=True)
class VersionState:
    """A version as a list shows it.

    Attributes:
        version_id: names it.
        record: what is known of it; None if that cannot be read.
        is_present: whether it is in use.
        fault: what is wrong with it, empty if nothing.
    """

    version_id: str
    record: VersionRecord | None
    is_present: bool
    fault: str


class VersionService:
    """Lists, promotes, takes back and removes versions; running views follow at once.

    Args:
        store: the versions.
        present: the network in use.
        extractor_version: of the profile in use.
        derived_files: other things computed from everybody's faces, which go when somebody is forgotten.
    """

    def __init__(
        self,
        store: VersionStore,
        present: PresentNetwork,
        extractor_version: Callable[[], str],
        derived_files: Sequence[Path] = (),
    ) -> None:
        self._store = store
        self._present = present
        self._extractor_version = extractor_version
        self._derived_files = tuple(derived_files)

    def list(self) -> tuple[VersionState, ...]:
        """Return every version, oldest first, with its files checked."""
        present = self.present_id()
        faults = self._store.faults()
        records = {record.version_id: record for record in self._store.records()}
        return tuple(
            VersionState(name, records.get(name), name == present, faults.get(name, "")) for name in self._store.ids()
        )

    def present_id(self) -> str | None:
        """Return the version that was promoted last; None for the shipped network, also if the pointer is damaged."""
        try:
            return self._store.present_id()
        except WeightsRejectedError:
            return None

    def notice(self) -> str:
        """Return why the shipped network serves although another was promoted; empty if all is well."""
        return self._present.refresh().notice

    def record(self, beginning: str) -> VersionRecord:
        """Return what is known of the version whose name begins so.

        Raises:
            ConfigError, WeightsRejectedError: as the message says.
        """
        return self._store.record(self._store.find(beginning))

    def promote(self, beginning: str) -> VersionRecord:
        """Bring the version whose name begins so into use.

        Raises:
            ConfigError: there is none, or several.
            WeightsRejectedError, ModelVersionMismatchError: it cannot be used with this profile.
            GalleryWriteError: the disk is full; the present one stays.
        """
        stored = self._store.read(self._store.find(beginning))
        require_fitting(stored, self._extractor_version())
        network_of_version(stored)
        self._store.promote(stored.record.version_id)
        self._present.refresh()
        return stored.record

    def rollback(self) -> str | None:
        """Go back to what was in use before; return that version, None for the shipped network.

        Raises:
            ConfigError: the shipped network is in use already.
            GalleryWriteError: it could not be done.
        """
        earlier = self._store.rollback()
        self._present.refresh()
        return earlier

    def remove(self, beginning: str) -> str:
        """Delete the version whose name begins so for good; return its name.

        Raises:
            ConfigError: there is none, there are several, or it is in use.
            GalleryWriteError: it could not be done.
        """
        version_id = self._store.find(beginning)
        self._store.remove(version_id)
        return version_id

    def trained_on(self, person_id: str) -> tuple[VersionRecord, ...]:
        """Return the versions that faces of this person took part in."""
        return tuple(record for record in self._store.records() if person_id in record.data.people)

    def owners_of(self, face_ids: Collection[str]) -> frozenset[str]:
        """Return whose these faces were when a version was trained on them: merged or moved, they are another's now."""
        faces = set(face_ids)
        return frozenset(
            person for record in self._store.records() for person, of in record.data.people.items() if faces & set(of)
        )

    def forget_person(self, person_id: str) -> tuple[str, ...]:
        """Delete the versions that were trained on somebody; return their names.

        A version whose record is damaged goes too: it can serve no more, and whom it was trained on is not known.

        If one of them is in use, the newest before it that they took no part in comes into use, else the shipped
        network: who asks to be forgotten does not want to live on in weights.

        Raises:
            GalleryWriteError: it could not be done.
        """
        self._remove_derived_files()
        return self._remove_all([*(record.version_id for record in self.trained_on(person_id)), *self._unreadable()])

    def forget_all_but(self, person_ids: Iterable[str], face_ids: Iterable[str]) -> tuple[str, ...]:
        """Delete the versions of people of whom neither they nor any face is enrolled now; return their names.

        Does what ``forget_person`` would have done if the program was killed between the two, or somebody was removed
        by another program. People who were merged into others keep their faces and are not meant.

        Raises:
            GalleryWriteError: it could not be done.
        """
        people, faces = set(person_ids), set(face_ids)
        return self._remove_all(
            record.version_id
            for record in self._store.records()
            if any(person not in people and not faces & set(of) for person, of in record.data.people.items())
        )

    def keep_without(self, person_id: str) -> tuple[str, ...]:
        """Take somebody's identifiers out of every record but keep the versions, as their user decided; name those.

        A version whose record is damaged is deleted: nothing can be taken out of it, and it can serve no more.

        Raises:
            GalleryWriteError: it could not be done.
        """
        kept = []
        self._remove_derived_files()
        for record in self.trained_on(person_id):
            self._store.rewrite_record(replace(record, data=record.data.without([person_id])))
            kept.append(record.version_id)
        self._remove_all(self._unreadable())
        return tuple(kept)

    def _unreadable(self) -> tuple[str, ...]:
        """Return the versions whose records are damaged for good."""
        return tuple(name for name in self._store.ids() if self._store.has_damaged_record(name))

    def _remove_derived_files(self) -> None:
        for file in self._derived_files:
            try:
                file.unlink(missing_ok=True)
            except OSError as exc:
                raise GalleryWriteError(f"The file {file} cannot be removed ({exc.strerror}); remove it.") from exc

    def _remove_all(self, version_ids: Iterable[str]) -> tuple[str, ...]:
        doomed = tuple(version_ids)
        if self._store.remove_all(doomed):
            self._present.refresh()
        return doomed
