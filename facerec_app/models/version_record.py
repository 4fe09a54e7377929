"""What is known of a trained similarity network: from what, how and how well."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

_FORMAT = "facerec-version-1"
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class VersionData:
    """What a version was trained on.

    Attributes:
        people: face identifiers by person identifier; who was removed from the gallery since is no longer in it.
        split: ``person`` or ``face``, by which training, validation and test were kept apart.
        parts: face identifiers of ``training``, ``validation`` and ``test``.
        confirmed_pairs: number of corrections that took part.
        sampled_people: number of people drawn from the statistics of features, who do not exist.
        more_alike: number of answers about likeness that took part.
        disputed: number of answers that were left out because they contradicted others.
        forgotten_people: number of people who were taken out of this record because they were removed.
    """

    people: Mapping[str, tuple[str, ...]]
    split: str
    parts: Mapping[str, tuple[str, ...]]
    confirmed_pairs: int
    sampled_people: int
    forgotten_people: int = 0
    more_alike: int = 0
    disputed: int = 0

    def without(self, person_ids: Collection[str]) -> VersionData:
        """Return the same without any identifier of these people."""
        gone = {face for person in person_ids for face in self.people.get(person, ())}
        known = [person for person in person_ids if person in self.people]
        return replace(
            self,
            people={person: faces for person, faces in self.people.items() if person not in person_ids},
            parts={name: tuple(face for face in faces if face not in gone) for name, faces in self.parts.items()},
            forgotten_people=self.forgotten_people + len(known),
        )


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """One trained similarity network.

    Attributes:
        version_id: names it; begins with the time of its making, so that the order of names is that of their age.
        created_at: UTC.
        extractor_version: of the features that it judges.
        scorer_version: hash over its weights.
        objective: what it was trained for.
        parent: version that it was compared with and, unless trained from scratch, went on from; None for the shipped.
        options: of the training.
        seed: of everything random in it.
        data: what it was trained on.
        metrics: figures beside its parent's, as the comparison gave them.
        sha256: of the weights and the calibration, by file name; filled in when it is stored.
    """

    version_id: str
    created_at: datetime
    extractor_version: str
    scorer_version: str
    objective: str
    parent: str | None
    options: Mapping[str, Any]
    seed: int
    data: VersionData
    metrics: Mapping[str, Any]
    sha256: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


def version_record_to_bytes(record: VersionRecord) -> bytes:
    """Return the record as the content of a JSON file that ends in a hash over everything before it."""
    values = {
        **{name: getattr(record, name) for name in VersionRecord.__slots__},
        "format": _FORMAT,
        "created_at": record.created_at.isoformat(),
        "data": asdict(record.data),
    }
    values = {name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()}
    return (json.dumps({"record": values, "sha256": _digest(values)}, indent=1, sort_keys=True) + "\n").encode()


def version_record_from_bytes(content: bytes) -> VersionRecord:
    """Read what ``version_record_to_bytes`` wrote.

    Raises:
        ValueError: if it is damaged or of another kind.
    """
    try:
        outer = json.loads(content)
        values = outer["record"]
        if _digest(values) != outer["sha256"] or values.pop("format") != _FORMAT:
            raise ValueError("its hash or format is another")
        data = values.pop("data")
        for name in ("people", "parts"):
            data[name] = {key: tuple(faces) for key, faces in data[name].items()}
        created_at = datetime.fromisoformat(values.pop("created_at"))
        return VersionRecord(created_at=created_at, data=VersionData(**data), **values)
    except (KeyError, TypeError, AttributeError, RecursionError) as exc:
        raise ValueError(f"it is no record of a version ({exc})") from exc


def _digest(values: Mapping[str, Any]) -> str:
    # As it will be read back: JSON turns tuples into lists.
    return hashlib.sha256(json.dumps(values, sort_keys=True, allow_nan=False).encode()).hexdigest()
