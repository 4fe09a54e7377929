"""Extractors by profile: one network in memory however many parts of the program use it."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from facerec_app.core.errors import ConfigError
from facerec_app.extraction.profile_extractor import make_extractor
from facerec_app.models.model_store import ModelStore


@pytest.mark.parametrize("profile", ["sface", "resnet50"])
def test_an_extractor_in_use_is_not_loaded_again_and_goes_with_its_last_user(profile: str) -> None:
    store, other = ModelStore(), ModelStore()
    # Threads that nobody else asks for: other tests keep the default profile's extractor in use.
    first = make_extractor(store, store.profile(profile), threads=3)
    assert make_extractor(other, other.profile(profile), threads=3) is first
    gone = weakref.ref(first)
    del first
    gc.collect()
    assert gone() is None


def test_extractors_that_compute_or_answer_otherwise_are_others() -> None:
    store = ModelStore()
    profile = store.profile("sface")
    made = [
        make_extractor(store, profile, threads=1),
        make_extractor(store, profile, threads=2),
        make_extractor(store, profile, threads=1, precision="bf16"),
        make_extractor(store, replace(profile, mirror=True), threads=1),
    ]
    assert len({id(extractor) for extractor in made}) == len(made)
    assert made[3].version != made[0].version


def test_threads_that_ask_at_the_same_time_get_the_same() -> None:
    store = ModelStore()
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: make_extractor(store, store.profile("sface"), threads=1), range(4)))
    assert len({id(extractor) for extractor in made}) == 1


def test_an_extractor_that_is_not_known_is_refused() -> None:
    store = ModelStore()
    with pytest.raises(ConfigError, match="'dreams', which is not known"):
        make_extractor(store, replace(store.profile("sface"), extractor="dreams"))
