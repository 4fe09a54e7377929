"""Every enrolled face in lists: looked up, read a page at a time."""

from __future__ import annotations

from facerec_app.core.types import Int64Array
from facerec_app.gallery import listing_rows, schema
from facerec_app.gallery.face_filter import FaceFilter, FaceListing, FaceOrder, ListedFace
from facerec_app.gallery.gallery_database import GalleryDatabase


class FaceCatalogue:
    """Reads lists of faces from a gallery's database.

    Every method can raise ``GalleryReadError`` if the database is damaged.
    """

    def __init__(self, database: GalleryDatabase) -> None:
        self._database = database

    def find(self, wanted: FaceFilter, order: FaceOrder) -> FaceListing:
        """Return the faces that a filter selects, in order."""
        with self._database.read() as connection:
            sequences = listing_rows.select_sequences(connection, wanted, order)
            return FaceListing(sequences, schema.revision(connection))

    def read(self, sequences: Int64Array) -> tuple[ListedFace, ...]:
        """Return faces by number, in the order given, without those that have gone.

        Args:
            sequences: ``(N,)`` int64, part of a listing.
        """
        with self._database.read() as connection:
            return listing_rows.select_listed(connection, self._database.pictures.path, sequences.tolist())

    def face_ids(self, sequences: Int64Array) -> tuple[str, ...]:
        """Return identifiers of faces by number, in the order given, without those that have gone."""
        numbers = sequences.tolist()
        with self._database.read() as connection:
            known = listing_rows.select_ids(connection, numbers)
        return tuple(known[number] for number in numbers if number in known)

    def numbers(self) -> dict[str, int]:
        """Return the numbers of all faces by identifier."""
        with self._database.read() as connection:
            return listing_rows.select_numbers(connection)
