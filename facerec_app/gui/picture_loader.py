"""Pictures of faces, read in the background a few at a time so that what the user asks for gets in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize

from facerec_app.core.errors import GalleryReadError, PersonNotFoundError
from facerec_app.core.types import UInt8Array
from facerec_app.gallery.records import EnrolledFace, Person
from facerec_app.gui.picture_conversion import portrait, scaled_image
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import TaskRunner

AT_ONCE = 24
_SIDE_PX = 160  # enough for 80 logical pixels at 200 %


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
            service, found = self._services.people(), {}
            for person in people:
                try:
                    face = service.portrait_face(person.person_id)
                    if face is not None:
                        found[person.person_id] = self._square(face)
                except (GalleryReadError, PersonNotFoundError):
                    continue
            return found

        self._tasks.start(work, done=done, failed=self._failed)

    def load_faces(self, faces: Sequence[EnrolledFace], done: Callable[[dict[str, UInt8Array]], None]) -> None:
        """Read the pictures of these faces, by face id."""

        def work(_: object) -> dict[str, UInt8Array]:
            found = {}
            for face in faces:
                try:
                    found[face.face_id] = self._square(face)
                except GalleryReadError:
                    continue
            return found

        self._tasks.start(work, done=done, failed=self._failed, urgent=True)

    def _square(self, face: EnrolledFace) -> UInt8Array:
        picture = self._services.people().picture(face.face_id)
        return scaled_image(portrait(picture, face.box_xyxy), QSize(_SIDE_PX, _SIDE_PX)).pixels_rgb
