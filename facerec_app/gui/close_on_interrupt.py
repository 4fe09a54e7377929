"""Ctrl-C in the terminal closes the window."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from PySide6.QtCore import QSocketNotifier


class CloseOnInterrupt:
    """Calls ``close`` in Qt's thread when the process is interrupted or asked to end.

    Python's signal handlers run between two Python instructions, which Qt's idle loop never reaches. The signal's
    wake-up descriptor makes Qt call Python, without a timer that would keep an idle window awake.
    """

    def __init__(self, close: Callable[[], Any]) -> None:
        self._close = close
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._wake)
        self._before: dict[int, Any] = {}
        self._descriptor_before = -1

    def __enter__(self) -> None:
        self._descriptor_before = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._handle)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._descriptor_before)
        self._notifier.setEnabled(False)
        self._reader.close()
        self._writer.close()

    def _wake(self) -> None:
        self._reader.recv(64)  # Python runs the handler on its way back

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self._close()
