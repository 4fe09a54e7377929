"""Frame results as JSON lines, one line a face and frame."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TextIO

from facerec_app.core.errors import OutputWriteError
from facerec_app.core.types import FrameResult


def result_events(result: FrameResult) -> list[dict[str, object]]:
    """Return one JSON-ready record for each face of the frame."""
    return [
        {
            "frame": result.frame.index,
            "timestamp_s": round(result.frame.timestamp_s, 4),
            "track_id": int(track_id),
            "box_xyxy": [round(float(v), 1) for v in box],
            "detection_score": round(float(score), 4),
            "verdict": decision.verdict.value,
            "person": result.name_of(decision),
            "person_id": decision.person_id,
            "probability": round(decision.probability, 4),
            "margin": round(decision.margin, 4),
            "reason": decision.reason,
        }
        for box, score, track_id, decision in zip(
            result.detections.boxes_xyxy,
            result.detections.scores,
            result.track_ids,
            result.decisions,
            strict=True,
        )
    ]


class EventLog:
    """Writes events to a file as they happen; every line that was written is whole."""

    def __init__(self, path: Path) -> None:
        """Open the file anew.

        Raises:
            OutputWriteError: if it cannot be written.
        """
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: TextIO = path.open("w", encoding="utf-8", newline="\n")
        except OSError as exc:
            raise OutputWriteError(
                f"Cannot write events to {path}: {exc.strerror or exc}. Choose another --events file."
            ) from exc

    def add(self, result: FrameResult) -> None:
        """Write the events of one frame.

        Raises:
            OutputWriteError: if the disk is full or the file went away.
        """
        try:
            for event in result_events(result):
                self._file.write(json.dumps(event, ensure_ascii=False) + "\n")
            self._file.flush()
        except OSError as exc:
            raise OutputWriteError(
                f"Cannot write events to {self.path}: {exc.strerror or exc}. Free some space."
            ) from exc

    def close(self) -> None:
        self._file.close()
