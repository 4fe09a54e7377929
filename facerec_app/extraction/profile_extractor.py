"""The extractor that a recognition profile names."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from dataclasses import replace
from weakref import WeakValueDictionary

from facerec_app.core.errors import ConfigError
from facerec_app.core.protocols import FeatureExtractor
from facerec_app.extraction.fusion_extractor import FusedPart, FusionExtractor
from facerec_app.extraction.pooling import POOLED
from facerec_app.extraction.resnet50_extractor import Resnet50Extractor
from facerec_app.extraction.sface_extractor import SfaceExtractor
from facerec_app.inference.openvino_session import Precision
from facerec_app.models.model_manifest import FusionPart, RecognitionProfile
from facerec_app.models.model_store import ModelStore
from facerec_app.models.tuned_versions import TunedFile

_IN_USE: WeakValueDictionary[Hashable, FeatureExtractor] = WeakValueDictionary()
_LOADING = threading.Lock()


def make_extractor(
    store: ModelStore,
    profile: RecognitionProfile,
    *,
    threads: int | None = None,
    tuned: TunedFile | None = None,
    precision: Precision = "f32",
) -> FeatureExtractor:
    """Return the extractor of a profile, its networks loaded.

    One that was made in the same way and is still in use is returned again: a change of settings in the window makes
    the program anew beside the one that runs, and the largest network would be loaded and held twice.

    Args:
        store: where the model files are.
        profile: an entry of the store's manifest.
        threads: processor threads; None means all.
        tuned: arrays of a fine-tuning in place of the ResNet50's; a fusion, measured with those that ship, keeps them.
        precision: of SFace's arithmetic.

    Raises:
        ConfigError: if the profile names an extractor that this program does not have.
        ModelError: if a network is missing, damaged or of another form.
    """
    if profile.extractor == "fusion":
        return FusionExtractor([_fused_part(store, part, threads) for part in profile.fused])
    network = (store.folder, store.entry(profile.extractor_file).sha256, tuned)
    key = (network, profile.extractor, profile.extractor_output, profile.mirror, threads, precision)
    with _LOADING:
        extractor = _IN_USE.get(key)
        if extractor is None:
            extractor = _IN_USE[key] = _load(store, profile, threads, tuned, precision)
    return extractor


def _load(
    store: ModelStore, profile: RecognitionProfile, threads: int | None, tuned: TunedFile | None, precision: Precision
) -> FeatureExtractor:
    if profile.extractor == "sface":
        return SfaceExtractor(
            store, mirror=profile.mirror, threads=threads, precision=precision, model=profile.extractor_file
        )
    if profile.extractor == "resnet50":
        # bf16 takes half the time where the processor has it and loses nothing (docs/extractor-training.md).
        return Resnet50Extractor(
            store,
            model=profile.extractor_file,
            output=profile.extractor_output or POOLED,
            mirror=profile.mirror,
            threads=threads,
            precision="bf16",
            tuned=None if tuned is None else tuned.read(),
        )
    raise ConfigError(f"The profile '{profile.name}' names an extractor '{profile.extractor}', which is not known.")


def _fused_part(store: ModelStore, part: FusionPart, threads: int | None) -> FusedPart:
    """Return a part of a fusion; all of them compute in bf16, so that two take little more time than SFace alone."""
    profile = store.profile(part.profile)
    if part.mirror is not None:
        profile = replace(profile, mirror=part.mirror)
    return FusedPart(make_extractor(store, profile, threads=threads, precision="bf16"), part.share, part.values)
