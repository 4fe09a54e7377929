"""The best faces of a video that shows one person."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facerec_app.capture.video_file_source import VideoFileSource
from facerec_app.core.errors import EnrolmentError, NoFaceError
from facerec_app.services.face_reader import FaceReader, ReadFace

_SAMPLE_INTERVAL_S = 0.4
_MOST_FACES = 8
_MIN_SAME_PERSON_COSINE = 0.35
_TOO_ALIKE_COSINE = 0.97


def faces_of_video(path: Path, reader: FaceReader) -> list[ReadFace]:
    """Return up to eight good and different faces of the person that a video shows most.

    A frame every 0.4 s is looked at; those without one good face are passed over. Among the rest the person is whom
    most faces agree with, and faces are taken by quality as long as they add something.

    Raises:
        SourceOpenError: if the file is no video.
        NoFaceError: if no frame shows one good face.
    """
    found = _sampled_faces(path, reader)
    if not found:
        raise NoFaceError(f"No frame of {path} shows one clear face; choose a video of the person alone.")
    vectors = np.concatenate([read.embedding.vectors for read in found])
    cosines = vectors @ vectors.T
    centre = int(np.argmax((cosines > _MIN_SAME_PERSON_COSINE).sum(axis=1)))
    same = [row for row in range(len(found)) if cosines[centre, row] > _MIN_SAME_PERSON_COSINE]
    taken: list[int] = []
    for row in sorted(same, key=lambda r: -found[r].quality):
        if len(taken) < _MOST_FACES and all(cosines[row, other] < _TOO_ALIKE_COSINE for other in taken):
            taken.append(row)
    return [found[row] for row in sorted(taken)]


def _sampled_faces(path: Path, reader: FaceReader) -> list[ReadFace]:
    found: list[ReadFace] = []
    source = VideoFileSource(path)
    try:
        next_s = 0.0
        while (frame := source.read()) is not None:
            if frame.timestamp_s < next_s:
                continue
            next_s = frame.timestamp_s + _SAMPLE_INTERVAL_S
            try:
                found.append(reader.read(frame.pixels_rgb, f"{path} at {frame.timestamp_s:.1f} s"))
            except EnrolmentError:
                continue  # most frames of a film are no portraits; only a film without any is worth a message
    finally:
        source.close()
    return found
