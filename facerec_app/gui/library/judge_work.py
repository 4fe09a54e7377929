"""What the page of judgements asks in the background; every answer is kept before it is shown as given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QSize, Signal

from facerec_app.core.errors import GalleryReadError
from facerec_app.core.types import UInt8Array
from facerec_app.gallery.judgement_entry import Answer
from facerec_app.gui.face_correction import present_user
from facerec_app.gui.picture_conversion import portrait, scaled_image
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import Task, TaskRunner
from facerec_app.services.judgements import JudgementState
from facerec_app.services.similarity_questions import SimilarityQuestion

AT_ONCE = 32
_REFERENCE_PX = 400  # enough for 200 logical pixels at 200 %


@dataclass(frozen=True, slots=True, eq=False)
class ShownQuestion:
    """A question with its pictures.

    Attributes:
        question: what is asked.
        reference_rgb: ``(S, S, 3)`` uint8, None if the picture cannot be read.
        pictures: of the neighbours, the same, by face id.
    """

    question: SimilarityQuestion
    reference_rgb: UInt8Array | None
    pictures: dict[str, UInt8Array]


class JudgeWork(QObject):
    """Calls the services, one job after another; what a person waits for goes first."""

    asked = Signal(object)  # ShownQuestion
    nothing_left = Signal(str)  # why there is no question
    gone = Signal()  # the face that was asked about takes no part any more
    noted = Signal(object, object)  # Answer, number of its line
    refused = Signal(object, str)  # Answer that could not be kept, why
    read = Signal(object)  # JudgementState
    taken_back = Signal()
    failed = Signal(str)

    def __init__(self, services: SharedServices, tasks: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._tasks = tasks

    def ask_next(self) -> None:
        """Choose the next question."""

        def work(_: Task) -> ShownQuestion:
            library = self._services.library()
            return self._with_pictures(library.similarity_questions().next())

        self._tasks.start(work, done=self.asked.emit, failed=self.nothing_left.emit, urgent=True)

    def ask_about(self, face_id: str) -> None:
        """Ask about a certain face again, with the answers of the present."""

        def work(_: Task) -> ShownQuestion:
            return self._with_pictures(self._services.library().similarity_questions().about(face_id))

        self._tasks.start(work, done=self.asked.emit, failed=lambda _: self.gone.emit(), urgent=True)

    def note(self, said: Answer) -> None:
        """Keep an answer."""

        def work(_: Task) -> int:
            return self._services.library().judgements().note([said], decided_by=present_user())[0]

        self._tasks.start(
            work,
            done=lambda number: self.noted.emit(said, number),
            failed=lambda why: self.refused.emit(said, why),
            urgent=True,
        )

    def take_back(self, number: int) -> None:
        """Take the answer of a line back."""

        def work(_: Task) -> None:
            self._services.library().judgements().take_back(number, decided_by=present_user())

        self._tasks.start(work, done=lambda _: self.taken_back.emit(), failed=self.failed.emit, urgent=True)

    def withdraw(self, said: Answer) -> None:
        """Take back whatever was said about the faces of an answer."""

        def work(_: Task) -> None:
            self._services.library().judgements().withdraw(said, decided_by=present_user())

        self._tasks.start(work, done=lambda _: self.taken_back.emit(), failed=self.failed.emit, urgent=True)

    def read_state(self) -> None:
        """Read everything that was said."""

        def work(_: Task) -> JudgementState:
            return self._services.library().judgements().state()

        self._tasks.start(work, done=self.read.emit, failed=self.failed.emit, urgent=True)

    def load(self, face_ids: Sequence[str], done: Callable[[dict[str, UInt8Array]], None]) -> None:
        """Read squares around faces, ``(S, S, 3)`` uint8 by face id; those that cannot be read are passed over."""
        self._tasks.start(lambda _: self._squares(face_ids), done=done, failed=self.failed.emit, urgent=True)

    def _with_pictures(self, question: SimilarityQuestion) -> ShownQuestion:
        pictures = self._squares(face.face_id for face in question.neighbours)
        return ShownQuestion(question, self._reference(question.face_id), pictures)

    def _squares(self, face_ids: Iterable[str]) -> dict[str, UInt8Array]:
        store, faces = self._services.gallery().store, []
        for face_id in face_ids:
            try:
                faces.append(store.get_face(face_id))
            except GalleryReadError:
                continue  # removed meanwhile
        return self._services.library().gallery_browser().thumbnails(faces)

    def _reference(self, face_id: str) -> UInt8Array | None:
        store = self._services.gallery().store
        try:
            square = portrait(store.read_picture(face_id), store.get_face(face_id).box_xyxy)
        except GalleryReadError:
            return None  # damaged: the doctor reports it
        return scaled_image(square, QSize(_REFERENCE_PX, _REFERENCE_PX)).pixels_rgb
