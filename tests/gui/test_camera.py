"""A camera that is busy, unplugged and plugged in again: said in place, and back by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from facerec_app.capture.images import read_image
from facerec_app.composition import ComposedApplication
from facerec_app.core.errors import SourceLostError, SourceOpenError
from facerec_app.core.types import Frame
from facerec_app.gui.session_worker import PlayState
from tests.contract.fake_camera import FakeCamera
from tests.gui.conftest import MakeWindow

WAIT_MS = 30_000
BUSY = "The camera 0 is used by another program; close that one."


class Plug:
    """What happens to the camera, for the tests to change."""

    def __init__(self, picture: Path) -> None:
        self.is_free = True
        self._picture = picture

    def open(self, spec: str, on_status: Callable[[str], None] | None = None) -> FakeCamera:
        if not self.is_free:
            raise SourceOpenError(BUSY)
        plug = self

        class Camera(FakeCamera):
            def read(self) -> Frame | None:
                if not plug.is_free:
                    raise SourceLostError("The camera 0 stopped and did not come back; plug it in again.")
                return super().read()

        return Camera([read_image(self._picture)], frame_rate=20.0)


@pytest.fixture
def plug(demo_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Plug:
    made = Plug(demo_dir / "sources" / "obama2.jpg")
    monkeypatch.setattr(ComposedApplication, "open_source", made.open)
    monkeypatch.setattr("facerec_app.gui.camera_recovery.RETRY_MS", 100)
    return made


def test_busy_camera_is_said_in_place_and_opened_when_it_is_free(
    qtbot: QtBot, make_window: MakeWindow, plug: Plug
) -> None:
    plug.is_free = False
    window = make_window()
    window.open_source("0")
    qtbot.waitUntil(lambda: window.stage.notice.message == BUSY, timeout=WAIT_MS)
    assert window.stage.welcome.isVisible()
    assert window.recovery.is_trying
    plug.is_free = True
    qtbot.waitUntil(lambda: window.session.newest_result is not None, timeout=WAIT_MS)
    assert window.session.state is PlayState.PLAYING
    assert BUSY not in window.stage.notice.message


def test_unplugged_camera_comes_back_when_it_is_plugged_in_again(
    qtbot: QtBot, make_window: MakeWindow, plug: Plug
) -> None:
    window = make_window()
    window.open_source("0")
    qtbot.waitUntil(lambda: window.session.newest_result is not None, timeout=WAIT_MS)
    plug.is_free = False
    qtbot.waitUntil(lambda: "plug it in again" in window.stage.notice.message, timeout=WAIT_MS)
    assert window.session.state is PlayState.FAILED
    plug.is_free = True
    qtbot.waitUntil(lambda: window.session.state is PlayState.PLAYING, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.session.newest_frame is not None, timeout=WAIT_MS)


def test_something_else_that_is_opened_ends_the_waiting(qtbot: QtBot, make_window: MakeWindow, plug: Plug) -> None:
    plug.is_free = False
    window = make_window()
    window.open_source("0")
    qtbot.waitUntil(lambda: window.recovery.is_trying, timeout=WAIT_MS)
    window.session.close()
    assert not window.recovery.is_trying
    plug.is_free = True
    with qtbot.assertNotEmitted(window.session.opening, wait=400):
        pass


def test_first_source_leads_on_to_the_first_person(qtbot: QtBot, make_window: MakeWindow, plug: Plug) -> None:
    window = make_window()
    window.open_source("0")
    qtbot.waitUntil(lambda: "Nobody is enrolled yet" in window.stage.notice.message, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.stage.strip.names == ["Unknown, Click to name"], timeout=WAIT_MS)
    result = window.stage.view.result
    assert result is not None
    window.naming.ask(int(result.track_ids[0]))
    window.stage.popover.named.emit(int(result.track_ids[0]), "Barack Obama")
    qtbot.waitUntil(lambda: any(n.startswith("Barack Obama") for n in window.stage.strip.names), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.stage.notice.message == "", timeout=WAIT_MS)
