"""Search by picture: what is most like a face, and from there on to the next."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QModelIndex, QPoint, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QKeySequence, QMouseEvent, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from facerec_app.gui.face_dragging import dragged_faces
from facerec_app.gui.icons import draw_icon
from facerec_app.gui.library.face_cards import CARD_ROLE, FaceCard, FaceCardModel, make_card_grid, share_words
from facerec_app.gui.library.library_page import FacePicked, LibraryLinks, LibraryPage
from facerec_app.gui.library.picture_input import GivenPicture, choose_picture, picture_of
from facerec_app.gui.library.query_picture import QueryPicture
from facerec_app.gui.library.search_steps import SearchStep, SearchSteps
from facerec_app.gui.library.search_work import SearchWork
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import TaskRunner
from facerec_app.gui.theme import colour
from facerec_app.gui.tool_buttons import set_hint, tool_button
from facerec_app.services.face_search import FaceHit

_QUERY_WIDTH_PX = 176
_LIKELY = 0.5
_SIGN_PX = 40


class SearchPage(LibraryPage):
    """The picture at the left, what is like it at the right; a click on a result searches again from it."""

    def __init__(
        self, services: SharedServices, tasks: TaskRunner, links: LibraryLinks, parent: QWidget | None = None
    ) -> None:
        super().__init__(services, tasks, links, parent)
        self.steps = SearchSteps()
        self.work = SearchWork(services, tasks, self)
        self.work.found.connect(self._take_found)
        self.work.renewed.connect(self._take_renewed)
        self.work.failed.connect(self._show_error)
        self.model = FaceCardModel(self)
        self.work.pictures.connect(self.model.add_pictures)
        self.setAcceptDrops(True)
        self._build()
        self._draw_sign()
        self._show_step()

    @property
    def message(self) -> str:
        """What is wrong; empty when nothing is."""
        return self._message.text()

    @property
    def hits(self) -> tuple[FaceHit, ...]:
        """What is shown, best first."""
        step = self.steps.current
        return step.shown_hits if step is not None else ()

    def activate(self) -> None:
        self.gallery_changed()
        (self.grid if self.steps.current is not None else self._choose).setFocus()

    def gallery_changed(self) -> None:
        step = self.steps.current
        if step is not None and not self.work.is_busy:
            self.work.renew(step)

    def take_face(self, face: FacePicked) -> None:
        """Search for a face that another page or the live view hands over."""
        self._begin()
        self.work.search_face(face)

    def take_picture(self, picture: GivenPicture) -> None:
        """Search for the faces of a picture."""
        self._begin()
        self.work.search_given(picture)

    def paste(self) -> None:
        """Search for what is in the clipboard."""
        picture = picture_of(QGuiApplication.clipboard().mimeData(), self.tr("Pasted picture"))
        if picture is not None:
            self.take_picture(picture)
        else:
            self._show_error(self.tr("There is no picture in the clipboard; copy one first."))

    def go(self, steps: int) -> None:
        """Go back or forward to a search that was made before."""
        step = self.steps.go(steps)
        if step is not None:
            self._say("")
            self._show_step()
            self.work.renew(step)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        data = event.mimeData()
        if event.source() is not self.grid and (data.hasUrls() or data.hasImage() or dragged_faces(data)):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        faces = dragged_faces(event.mimeData())
        picture = picture_of(event.mimeData(), self.tr("Dropped picture"))
        if faces:
            self.take_face(FacePicked(self.tr("A face"), face_id=faces[0]))
        elif picture is not None:
            self.take_picture(picture)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.ApplicationPaletteChange}:
            self._draw_sign()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.BackButton:
            self.go(-1)
        elif event.button() is Qt.MouseButton.ForwardButton:
            self.go(1)
        else:
            super().mousePressEvent(event)

    def _build(self) -> None:
        self.query = QueryPicture(self)
        self.query.face_chosen.connect(self._choose_face)
        self.grid = make_card_grid(self.model, self.tr("Faces most alike"), self)
        self.grid.setSelectionMode(self.grid.SelectionMode.SingleSelection)
        self.grid.clicked.connect(self._search_from)
        self.grid.activated.connect(self._search_from)
        self.grid.customContextMenuRequested.connect(self._open_menu)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self._make_invitation())
        self._pages.addWidget(self._make_results())
        self._message = QLabel(self)
        self._message.setWordWrap(True)
        self._message.setTextFormat(Qt.TextFormat.PlainText)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(6)
        layout.addLayout(self._make_head())
        layout.addWidget(self._message)
        layout.addWidget(self._pages, 1)
        self._say("")
        for keys, steps in ((QKeySequence("Alt+Left"), -1), (QKeySequence("Alt+Right"), 1)):
            shortcut = QShortcut(keys, self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda steps=steps: self.go(steps))
        for key, action in ((QKeySequence.StandardKey.Paste, self.paste), (QKeySequence.StandardKey.Open, self._ask)):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(action)

    def _make_head(self) -> QHBoxLayout:
        self._back = tool_button(self, "back", "", lambda: self.go(-1))
        self._forward = tool_button(self, "forward", "", lambda: self.go(1))
        self._title = QLabel(self)
        self._title.setProperty("heading", "true")
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(self._back)
        head.addWidget(self._forward)
        head.addSpacing(6)
        head.addWidget(self._title, 1)
        head.addWidget(tool_button(self, "paste", self.tr("Paste a picture (Ctrl+V)"), self.paste))
        head.addWidget(tool_button(self, "picture", self.tr("Choose a picture ... (Ctrl+O)"), self._ask))
        return head

    def _make_invitation(self) -> QWidget:
        drop = QFrame(self)
        drop.setObjectName("drop")
        self._sign = QLabel(drop)
        words = QLabel(
            self.tr("Drop a picture here to see whose face it is like.\nOr take a face from Gallery or the live view."),
            drop,
        )
        words.setProperty("muted", "true")
        words.setWordWrap(True)
        self._choose = QPushButton(self.tr("Choose a picture ..."), drop)
        self._choose.setProperty("primary", "true")
        self._choose.clicked.connect(lambda _=False: self._ask())
        paste = QPushButton(self.tr("Paste"), drop)
        paste.clicked.connect(lambda _=False: self.paste())
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        buttons.addWidget(self._choose)
        buttons.addWidget(paste)
        buttons.addStretch(1)
        for label in (self._sign, words):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(drop)
        layout.setSpacing(14)
        layout.addStretch(1)
        layout.addWidget(self._sign)
        layout.addWidget(words)
        layout.addLayout(buttons)
        layout.addStretch(1)
        return drop

    def _make_results(self) -> QWidget:
        whole = QWidget(self)
        self._about = QLabel(whole)
        self._about.setProperty("muted", "true")
        self._about.setWordWrap(True)
        self._about.setTextFormat(Qt.TextFormat.PlainText)
        left = QVBoxLayout()
        left.setSpacing(6)
        left.addWidget(self.query)
        left.addWidget(self._about)
        left.addStretch(1)
        column = QWidget(whole)
        column.setFixedWidth(_QUERY_WIDTH_PX)
        column.setLayout(left)
        left.setContentsMargins(0, 0, 0, 0)
        layout = QHBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(column)
        layout.addWidget(self.grid, 1)
        return whole

    def _ask(self) -> None:
        choose_picture(self, self.take_picture)

    def _begin(self) -> None:
        self._say(self.tr("Looking for faces ..."))

    def _take_found(self, step: SearchStep) -> None:
        self.steps.add(step)
        self._say("")
        self._show_step()
        self.grid.setFocus()

    def _take_renewed(self, step: SearchStep) -> None:
        current = self.steps.current
        # Another face of the picture may have been chosen since it was asked.
        self.steps.replace(step if current is None else replace(step, chosen=current.chosen))
        self._show_step()

    def _choose_face(self, number: int) -> None:
        step = self.steps.current
        if step is not None:
            self.steps.replace(replace(step, chosen=number))
            self._show_step()

    def _show_step(self) -> None:
        step = self.steps.current
        self._pages.setCurrentIndex(0 if step is None else 1)
        self._show_way()
        self._title.setText(step.title if step is not None else self.tr("Search by picture"))
        self._title.setToolTip(self._title.text())
        if step is None:
            return
        self.query.show_picture(step.picture_rgb, step.boxes_xyxy, step.chosen)
        self._about.setText(self._about_words(step))
        cards = [self._card(hit) for hit in step.shown_hits]
        if cards != list(self.model.cards):
            self.model.show_cards(cards)
            self.grid.scrollToTop()
        wanted = self.model.without_picture
        if wanted:
            self.work.load_pictures(wanted)

    def _draw_sign(self) -> None:
        self._sign.setPixmap(draw_icon("search", colour("muted"), _SIGN_PX, self.devicePixelRatioF()))

    def _show_way(self) -> None:
        for button, step, keys in (
            (self._back, self.steps.previous, "Alt+Left"),
            (self._forward, self.steps.following, "Alt+Right"),
        ):
            nothing = self.tr("Back") if button is self._back else self.tr("Forward")
            words = self.tr("Back to {0}") if button is self._back else self.tr("Forward to {0}")
            button.setEnabled(step is not None)
            set_hint(button, f"{words.format(step.title)} ({keys})" if step is not None else nothing)

    def _about_words(self, step: SearchStep) -> str:
        if not step.shown_hits:
            return self.tr("Nobody else is enrolled, so there is nothing to compare with.")
        faces = len(step.hits)
        if faces == 1:
            return self.tr("Click a face at the right to search from it.")
        return self.tr("Face {0} of {1}. Click another one to search for that.").format(step.chosen + 1, faces)

    def _card(self, hit: FaceHit) -> FaceCard:
        same = self.tr("{0} the same").format(share_words(hit.probability))
        hint = "\n".join([hit.source, self.tr("cosine {0:.2f}").format(hit.cosine)])
        title = hit.name or self.tr("No name yet")
        return FaceCard(hit.face_id, title, same, hint, stressed=hit.probability >= _LIKELY)

    def _hit(self, index: QModelIndex) -> FaceHit | None:
        card = index.data(CARD_ROLE) if index.isValid() else None
        return next((hit for hit in self.hits if card is not None and hit.face_id == card.face_id), None)

    def _search_from(self, index: QModelIndex) -> None:
        hit = self._hit(index)
        if hit is not None and not self.work.is_busy:
            self.take_face(FacePicked(hit.name or self.tr("No name yet"), face_id=hit.face_id))

    def _open_menu(self, point: QPoint) -> None:
        hit = self._hit(self.grid.indexAt(point))
        if hit is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        picked = FacePicked(hit.name or self.tr("No name yet"), face_id=hit.face_id)
        menu.addAction(self.tr("Search from this face"), lambda: self.take_face(picked))
        compare = menu.addAction(self.tr("Compare"), lambda: self._compare(picked))
        person = menu.addAction(self.tr("Show person"), lambda: self._links.person_asked.emit(hit.name))
        for action in (compare, person):
            action.setEnabled(bool(hit.person_id))
        menu.popup(self.grid.viewport().mapToGlobal(point))

    def _compare(self, picked: FacePicked) -> None:
        """Put a result beside what was searched for, where that is enrolled; else hand over the result alone."""
        step = self.steps.current
        if step is not None and step.face_id:
            self._links.comparison_asked.emit(FacePicked(step.title, face_id=step.face_id))
        elif step is not None:
            self._links.comparison_asked.emit(FacePicked(step.title, picture_rgb=step.picture_rgb))
        self._links.comparison_asked.emit(picked)

    def _show_error(self, message: str) -> None:
        self._say(message, bad=True)

    def _say(self, words: str, *, bad: bool = False) -> None:
        self._message.setProperty("bad", "true" if bad else "false")
        self._message.setProperty("muted", "false" if bad else "true")
        self._message.style().polish(self._message)
        self._message.setText(words)
        self._message.setVisible(bool(words))
