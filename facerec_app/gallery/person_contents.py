"""How much the gallery holds of a person: what a deletion would remove."""

from __future__ import annotations

from dataclasses import dataclass

from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.records import Person


@dataclass(frozen=True, slots=True)
class PersonContents:
    """Everything kept of one person.

    Attributes:
        person: who.
        pictures: face pictures.
        picture_bytes: what they take on disk.
        features: feature vectors computed from them.
        judgements: answers of users that name one of these faces.
        rejections: times a user said that a face is not this person.
    """

    person: Person
    pictures: int
    picture_bytes: int
    features: int
    judgements: int
    rejections: int


def contents_of(store: GalleryStore, person_id: str) -> PersonContents:
    """Return how much is kept of a person.

    Raises:
        PersonNotFoundError: there is no such person.
    """
    person = store.get_person(person_id)
    files = [face.picture_file for face in store.faces_of(person_id)]
    size = sum(file.stat().st_size for file in files if file.is_file())
    mine = "IN (SELECT id FROM faces WHERE person_id = :person)"
    queries = (
        f"SELECT COUNT(*) FROM embeddings WHERE face_id {mine}",  # noqa: S608 - no values in it
        "SELECT COUNT(*) FROM judgement_log WHERE takes_back IS NULL AND NOT EXISTS"  # noqa: S608
        " (SELECT 1 FROM judgement_log AS later WHERE later.takes_back = judgement_log.sequence)"
        f" AND (reference_face_id {mine} OR face_id {mine} OR less_alike_face_id {mine})",
        "SELECT COUNT(DISTINCT id) FROM rejections WHERE person_id = :person",
    )
    with store.database.read() as connection:
        features, judgements, rejections = (
            int(connection.execute(query, {"person": person_id}).fetchone()[0]) for query in queries
        )
    return PersonContents(person, len(files), size, features, judgements, rejections)
