"""The detector that a recognition profile or the user names."""

from __future__ import annotations

from facerec_app.core.protocols import FollowingFaceDetector
from facerec_app.models.model_store import ModelStore
from facerec_app.models.tuned_versions import TunedFile


def make_detector(
    store: ModelStore, name: str, *, min_face_px: int, threads: int | None, tuned: TunedFile | None = None
) -> FollowingFaceDetector:
    """Return a detector, its networks loaded.

    Args:
        store: where the model files are.
        name: ``mtcnn`` or ``yunet``.
        min_face_px: smallest face looked for; YuNet has no such bound.
        threads: processor threads; None means all.
        tuned: last stage of MTCNN that serves in place of the shipped one (docs/boxes.md).

    Raises:
        ModelError: if a network is missing, damaged or of another form.
    """
    if name == "yunet":
        from facerec_app.detection.yunet_detector import YunetDetector

        return YunetDetector(store, threads=threads)
    from facerec_app.detection.mtcnn_detector import MtcnnDetector

    weights = tuned.read() if tuned is not None else None
    return MtcnnDetector(store, min_face_size_px=float(min_face_px), threads=threads, onet_weights=weights)
