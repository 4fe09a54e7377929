"""A network stream that goes away, hangs, and comes back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import cv2
import pytest

from facerec_app.capture.images import read_image
from facerec_app.capture.stream_source import StreamSource, without_password
from facerec_app.core.errors import SourceLostError, SourceOpenError
from tests.contract.loopback_stream_server import LoopbackStreamServer
from tests.contract.process_table import arguments_of, children_of, is_running

PICTURE = Path(__file__).parents[2] / "assets" / "demo" / "people" / "Barack_Obama" / "obama.jpg"


@pytest.fixture
def server() -> Iterator[LoopbackStreamServer]:
    picture = cv2.resize(read_image(PICTURE), (160, 120), interpolation=cv2.INTER_AREA)
    server = LoopbackStreamServer([cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes()])
    yield server
    server.stop()


class StatusLog:
    """Keeps what a source says of itself; wakes whoever waits for a word in it."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.lost = Event()

    def __call__(self, message: str) -> None:
        self.messages.append(message)
        if "lost" in message:
            self.lost.set()


def when_lost(status: StatusLog, action: Callable[[], None]) -> Thread:
    """Do something in a thread of its own as soon as the stream is reported lost."""

    def run() -> None:
        if status.lost.wait(20.0):
            action()

    thread = Thread(target=run)
    thread.start()
    return thread


def read_until_closed(source: StreamSource) -> Thread:
    """Read in a thread of its own until the source is closed."""

    def run() -> None:
        while source.read() is not None:
            continue

    thread = Thread(target=run)
    thread.start()
    return thread


def test_a_stream_that_stops_is_retried_and_goes_on_with_growing_indices(server: LoopbackStreamServer) -> None:
    status = StatusLog()
    source = StreamSource(server.address, read_timeout_s=2.0, on_status=status)
    before = [source.read() for _ in range(3)]
    server.stop()
    restart = when_lost(status, server.start)
    frames = [source.read() for _ in range(100)]
    restart.join()
    source.close()
    indices = [frame.index for frame in (*before, *frames) if frame is not None]
    times = [frame.timestamp_s for frame in (*before, *frames) if frame is not None]
    assert len(indices) == 103
    assert indices == sorted(set(indices))
    assert times == sorted(times)
    assert any("lost" in message for message in status.messages)
    assert any("is back" in message for message in status.messages)


def test_a_stream_that_hangs_counts_as_lost_and_comes_back(server: LoopbackStreamServer) -> None:
    status = StatusLog()
    source = StreamSource(server.address, read_timeout_s=0.5, open_timeout_s=3.0, on_status=status)
    assert source.read() is not None
    server.hang()
    recover = when_lost(status, server.recover)
    frames = [source.read() for _ in range(5)]
    recover.join()
    source.close()
    assert None not in frames
    assert status.lost.is_set()


def test_a_stream_that_stays_away_is_given_up_with_a_reason(server: LoopbackStreamServer) -> None:
    source = StreamSource(server.address, read_timeout_s=1.0, give_up_after_s=0.3)
    assert source.read() is not None
    server.stop()
    with pytest.raises(SourceLostError, match="did not come back"):
        while source.read() is not None:
            continue
    source.close()


def test_close_while_it_retries_returns_at_once(server: LoopbackStreamServer) -> None:
    status = StatusLog()
    source = StreamSource(server.address, read_timeout_s=1.0, on_status=status)
    reader = read_until_closed(source)
    server.stop()
    assert status.lost.wait(10.0)
    began_s = time.monotonic()
    source.close()
    reader.join(5.0)
    assert not reader.is_alive()
    assert time.monotonic() - began_s < 3.0


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_closing_leaves_no_process_and_no_shared_frames(server: LoopbackStreamServer) -> None:
    before = children_of(os.getpid())
    source = StreamSource(server.address)
    assert source.read() is not None
    assert len(children_of(os.getpid()) - before) == 1
    source.close()
    assert children_of(os.getpid()) == before


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_reading_process_ends_when_the_program_is_killed(server: LoopbackStreamServer, tmp_path: Path) -> None:
    program = (
        "import sys; from facerec_app.capture.stream_source import StreamSource\n"
        "source = StreamSource(sys.argv[1]); source.read(); print('reading', flush=True)\n"
        "while source.read(): pass\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", program, server.address], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        try:
            assert parent.stdout is not None
            assert parent.stdout.readline() == "reading\n"
            (child,) = children_of(parent.pid)
        finally:
            parent.send_signal(signal.SIGKILL)
            parent.wait()
    waiter = Event()
    for _ in range(200):
        if not is_running(child):
            break
        waiter.wait(0.05)
    else:
        pytest.fail("the child still runs ten seconds after its parent was killed")


def test_an_address_where_nothing_answers_is_refused_without_its_password() -> None:
    with pytest.raises(SourceOpenError, match="does not open") as caught:
        StreamSource("http://me:secret@127.0.0.1:9/live", open_timeout_s=3.0)
    assert "secret" not in str(caught.value)


def test_passwords_are_not_shown() -> None:
    assert without_password("rtsp://me:secret@192.0.2.1:554/a?b=c") == "rtsp://192.0.2.1:554/a?b=c"
    assert without_password("http://192.0.2.1/a") == "http://192.0.2.1/a"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_password_is_not_among_the_process_arguments(server: LoopbackStreamServer) -> None:
    before = children_of(os.getpid())
    source = StreamSource(server.address.replace("http://", "http://me:secret@"))
    (child,) = children_of(os.getpid()) - before
    arguments = arguments_of(child)
    source.close()
    assert "stream_process" in arguments
    assert "secret" not in arguments
