"""A motion-JPEG server on the loopback interface, as network cameras have one, that can stop, hang and come back."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread

_BOUNDARY = "frame"


class LoopbackStreamServer:
    """Serves JPEGs round and round at about 50 a second under ``address``."""

    def __init__(self, jpegs: Sequence[bytes]) -> None:
        self._jpegs = list(jpegs)
        self._stopping = Event()
        self._hanging = Event()
        self._connections: list[socket.socket] = []
        self._connections_lock = Lock()
        self._server: ThreadingHTTPServer | None = None
        self._thread: Thread | None = None
        self._port = 0
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}/live.mjpg"

    def start(self) -> None:
        """Listen, on the same port as before."""
        self._stopping.clear()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.serve(self)

            def log_message(self, format: str, *args: object) -> None:
                """Keep the test's output clean."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """Send pictures until the server stops or the client goes."""
        with self._connections_lock:
            self._connections.append(handler.connection)
        try:
            handler.send_response(200)
            handler.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
            handler.end_headers()
            index = 0
            while not self._stopping.wait(0.02):
                if self._hanging.is_set():
                    continue
                jpeg = self._jpegs[index % len(self._jpegs)]
                head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                handler.wfile.write(head.encode() + jpeg + b"\r\n")
                index += 1
        except OSError:
            handler.close_connection = True

    def hang(self) -> None:
        """Keep the connections but send nothing any more; new ones are served nothing either."""
        self._hanging.set()

    def recover(self) -> None:
        """End a hang."""
        self._hanging.clear()

    def stop(self) -> None:
        """Cut the connections and listen no more."""
        self._stopping.set()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None
        with self._connections_lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
