"""Pictures of faces, read in the background a few at a time so that what the user asks for gets in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from facerec_app.core.errors import PersonNotFoundError
from facerec_app.core.types import UInt8Array
from facerec_app.gallery.records import EnrolledFace, Person
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import TaskRunner

AT_ONCE = 24


class PictureLoader:
    """Reads likenesses of people and squares around faces, ``(S, S, 3)`` uint8.

    A damaged picture (the doctor reports it) or one that was removed meanwhile does not hide the others.
    """

    def __init__(self, services: SharedServices, tasks: TaskRunner, failed: Callable[[str], None]) -> None:
        self._services = services
        self._tasks = tasks
        self._failed = failed

    def load_portraits(self, people: Sequence[Person], done: Callable[[dict[str, UInt8Array]], None]) -> None:
        """Read the portraits of these people, by person id."""

        def work(_: object) -> dict[str, UInt8Array]:
            service, faces = self._services.people(), {}
            for person in people:
                try:
                    face = service.portrait_face(person.person_id)
                except PersonNotFoundError:
                    continue
                if face is not None:
                    faces[person.person_id] = face
            pictures = self._thumbnails(list(faces.values()))
            return {person: pictures[face.face_id] for person, face in faces.items() if face.face_id in pictures}

        self._tasks.start(work, done=done, failed=self._failed)

    def load_faces(self, faces: Sequence[EnrolledFace], done: Callable[[dict[str, UInt8Array]], None]) -> None:
        """Read the pictures of these faces, by face id."""

        self._tasks.start(lambda _: self._thumbnails(faces), done=done, failed=self._failed, urgent=True)

    def _thumbnails(self, faces: Sequence[EnrolledFace]) -> dict[str, UInt8Array]:
        return self._services.library().gallery_browser().thumbnails(faces)
