"""What bulk work is given: the functions that workers run, and where workers come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from facerec_app.services.picture_reading import PictureToRead
from facerec_app.services.picture_record import Record
from facerec_app.services.stored_face import EmbeddedRecord, StoredFace
from facerec_app.services.worker_pool import ProcessWorkers, WorkerPool


@dataclass(frozen=True, slots=True)
class BulkParts:
    """Bulk work as the composition sets it up.

    Attributes:
        read: finds, judges, aligns and embeds the faces of pictures; runs in a worker, which loads the networks once.
        embed: aligns and embeds stored faces; likewise.
        workers: processes of this computer to use; 1 does everything in this process.
        fewest_pictures: below so many, starting processes takes longer than they save (docs/bulk-import.md).
    """

    read: Callable[[Sequence[PictureToRead]], list[Record]]
    embed: Callable[[Sequence[StoredFace]], list[EmbeddedRecord]]
    workers: int
    fewest_pictures: int = 256

    def local_pool(self, pictures: int) -> WorkerPool | None:
        """Return processes for that many pictures, None where this process does it as fast.

        Raises:
            WorkersError: the system gives no processes.
        """
        if self.workers < 2 or pictures < self.fewest_pictures:
            return None
        return ProcessWorkers(self.workers)
