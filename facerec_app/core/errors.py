"""The tree of errors that the program raises.

A message says what happened, to which file or person, and what to do next. Errors of third-party libraries are
wrapped where they are met (``raise ... from exc``).
"""


class FacerecError(Exception):
    """Anything the program can explain to its user; the message is complete and fit to be shown."""


class ConfigError(FacerecError):
    """A setting, argument or environment variable has a value that cannot be used."""


class CaptureError(FacerecError):
    """Frames cannot be had from a source."""


class SourceOpenError(CaptureError):
    """A camera, file, stream or folder cannot be opened."""


class SourceLostError(CaptureError):
    """A source that was open stopped delivering and could not be brought back."""


class OutputWriteError(FacerecError):
    """A result (picture, video, export) cannot be written; what stood there before is untouched."""


class ModelError(FacerecError):
    """A network cannot be used."""


class WeightsMissingError(ModelError):
    """A model file is not where it should be."""


class WeightsRejectedError(ModelError):
    """A model file is damaged, changed, or of a kind that is never loaded."""


class ModelVersionMismatchError(ModelError):
    """Data made with one model version met another."""


class InferenceError(ModelError):
    """A network failed or returned values that are not finite."""


class GalleryError(FacerecError):
    """The gallery of enrolled people cannot do what was asked."""


class GalleryReadError(GalleryError):
    """The database or a file beside it cannot be read."""


class GalleryWriteError(GalleryError):
    """A change could not be stored; nothing of it was kept."""


class PersonNotFoundError(GalleryError):
    """Nobody of that name or identifier is enrolled."""


class DuplicatePersonError(GalleryError):
    """Somebody of that name is enrolled already."""


class GalleryChangedError(GalleryError):
    """A change cannot be taken back or repeated, for what it touched was changed since; nothing was done."""


class EnrolmentError(FacerecError):
    """A picture cannot be enrolled; the others of the same request are not affected."""


class NoFaceError(EnrolmentError):
    """No face was found in a picture given for enrolment."""


class MultipleFacesError(EnrolmentError):
    """Several faces were found where one was expected."""


class LowQualityFaceError(EnrolmentError):
    """The face is too small, too blurred, too dark or turned away."""


class AlreadyEnrolledError(EnrolmentError):
    """The face is recognised as somebody else who is enrolled."""


class NearDuplicateError(EnrolmentError):
    """The picture is all but the same as one of the person's that is enrolled."""


class UnreadableImageError(EnrolmentError):
    """A file is no picture, is truncated, or is larger than the limit."""


class TrainingError(FacerecError):
    """A network cannot be trained."""


class NotEnoughDataError(TrainingError):
    """Too few people or faces for what was asked."""


class TrainingCancelledError(TrainingError):
    """The user ended a training run; nothing was changed."""


class WorkersError(FacerecError):
    """Processes or computers that share bulk work cannot be had, were lost, or answered wrongly."""
