"""What a worker of bulk work is made of: the parts of recognition, loaded once in its process.

Like ``composition`` this module may name concrete classes. Its functions are what is handed to worker processes, of
this computer or of a cluster, which find them here by name.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from facerec_app.alignment.five_point_aligner import FivePointAligner
from facerec_app.alignment.templates import TEMPLATES
from facerec_app.config.settings import Settings
from facerec_app.detection.profile_detector import make_detector
from facerec_app.extraction.profile_extractor import make_extractor
from facerec_app.inference.processor_threads import set_opencv_threads, usable_cores
from facerec_app.models.model_store import ModelStore
from facerec_app.models.tuned_versions import TunedFile
from facerec_app.services.bulk_parts import BulkParts
from facerec_app.services.face_reader import FaceReader
from facerec_app.services.picture_reading import PictureToRead, read_pictures
from facerec_app.services.picture_record import Record, record_of
from facerec_app.services.stored_face import EmbeddedRecord, StoredFace, embed_stored_faces

_lock = threading.Lock()
_readers: dict[ReaderRecipe, FaceReader] = {}


@dataclass(frozen=True, slots=True)
class ReaderRecipe:
    """Which parts a worker puts together, so that it finds what this process would.

    Attributes:
        profile: name of the recognition profile.
        detector: name of the detector; None means the profile's.
        min_face_px: smallest face looked for.
        tuned_extractor: head of the extractor in use; a worker on another computer needs that file, too.
        tuned_detector: last stage of MTCNN in use, likewise.
    """

    profile: str
    detector: str | None
    min_face_px: int
    tuned_extractor: TunedFile | None = None
    tuned_detector: TunedFile | None = None


def bulk_parts(
    profile: str,
    settings: Settings,
    tuned_extractor: TunedFile | None = None,
    tuned_detector: TunedFile | None = None,
) -> BulkParts:
    """Return bulk work for a profile, with as many processes as the settings give threads, or cores for 0.

    Args:
        profile: name of the recognition profile.
        settings: in force.
        tuned_extractor, tuned_detector: networks in use that were tuned here; None for the shipped ones.
    """
    recipe = ReaderRecipe(profile, settings.detector, settings.picture_min_face_px, tuned_extractor, tuned_detector)
    workers = settings.threads or usable_cores()
    return BulkParts(partial(read_pictures_by, recipe), partial(embed_faces_by, recipe), workers)


def read_pictures_by(recipe: ReaderRecipe, pictures: Sequence[PictureToRead]) -> list[Record]:
    """Return what pictures hold, as plain data."""
    return [record_of(read) for read in read_pictures(_reader(recipe), pictures)]


def embed_faces_by(recipe: ReaderRecipe, faces: Sequence[StoredFace]) -> list[EmbeddedRecord]:
    """Return the features of stored faces, as plain data."""
    reader = _reader(recipe)
    return embed_stored_faces(reader.aligner, reader.extractor, faces)


def _reader(recipe: ReaderRecipe) -> FaceReader:
    """Return the parts of a recipe; made once in a process."""
    with _lock:
        if recipe not in _readers:
            _readers[recipe] = _make(recipe)
        return _readers[recipe]


def _make(recipe: ReaderRecipe) -> FaceReader:
    """Put the parts together with one processor thread: the other cores have workers of their own."""
    set_opencv_threads(1)
    models = ModelStore()
    profile = models.profile(recipe.profile)
    return FaceReader(
        make_detector(
            models,
            recipe.detector or profile.detector,
            min_face_px=recipe.min_face_px,
            threads=1,
            tuned=recipe.tuned_detector,
        ),
        FivePointAligner(TEMPLATES[profile.alignment_template], profile.crop_size_px),
        make_extractor(models, profile, threads=1, tuned=recipe.tuned_extractor),
    )
