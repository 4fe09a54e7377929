"""What the process says to the shell when it ends; documented in docs/cli.md."""

from __future__ import annotations

from facerec_app.core.errors import (
    CaptureError,
    ConfigError,
    EnrolmentError,
    FacerecError,
    GalleryError,
    ModelError,
    OutputWriteError,
    TrainingError,
    WorkersError,
)

OK = 0
UNEXPECTED = 1
USAGE = 2
SOURCE = 3
MODEL = 4
GALLERY = 5
ENROLMENT = 6
TRAINING = 7
PARTIAL = 8
OUTPUT = 9
WORKERS = 10
INTERRUPTED = 130

_BY_ERROR: tuple[tuple[type[FacerecError], int], ...] = (
    (ConfigError, USAGE),
    (CaptureError, SOURCE),
    (ModelError, MODEL),
    (GalleryError, GALLERY),
    (EnrolmentError, ENROLMENT),
    (TrainingError, TRAINING),
    (OutputWriteError, OUTPUT),
    (WorkersError, WORKERS),
)


def exit_code_of(error: FacerecError) -> int:
    """Return the exit code for an error of the program's tree."""
    return next((code for kind, code in _BY_ERROR if isinstance(error, kind)), UNEXPECTED)
