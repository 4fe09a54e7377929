"""Fixtures that every test may use."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

# Windows under test are drawn in memory, on every machine, with or without a display.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

TEST_DATA_VARIABLE = "FACEREC_TEST_DATA"
THREAD_END_S = 2.0


@pytest.fixture(scope="session")
def test_data_dir() -> Path:
    """Return the folder of real pictures and videos that ``FACEREC_TEST_DATA`` names.

    Skips the test where the variable is unset; under ``CI=true`` that is a failure, and so is a folder that is not
    there anywhere.
    """
    named = os.environ.get(TEST_DATA_VARIABLE)
    if not named:
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(f"{TEST_DATA_VARIABLE} is unset; the checks need the real data.", pytrace=False)
        pytest.skip(f"{TEST_DATA_VARIABLE} is unset; set it to the folder of real pictures and videos to run this test")
    folder = Path(named)
    if not (folder / "photos").is_dir():
        pytest.fail(f"{TEST_DATA_VARIABLE} names {folder}, which has no folder 'photos'.", pytrace=False)
    return folder


@pytest.fixture(scope="session")
def repository_dir() -> Path:
    """Return the root of the checkout."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def demo_dir(repository_dir: Path) -> Path:
    """Return the folder of the demonstration's pictures, video and ground truth."""
    return repository_dir / "assets" / "demo"


@pytest.fixture(scope="session")
def default_extractor() -> object:
    """Keep the default profile's network in use, so that tests that open the program do not each load it anew."""
    from facerec_app.extraction.profile_extractor import make_extractor
    from facerec_app.inference.processor_threads import live_threads
    from facerec_app.models.model_store import ModelStore

    store = ModelStore()
    return make_extractor(store, store.profile(), threads=live_threads(0))


@pytest.fixture(scope="module", autouse=True)
def libraries_are_never_garbage() -> None:
    """Spare the collector what earlier modules loaded: with TensorFlow it takes half a second a time otherwise."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """Fail a test that leaves a Python thread running which it started."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + THREAD_END_S
    for thread in set(threading.enumerate()) - before:
        thread.join(max(0.0, deadline - time.monotonic()))
    leaked = [
        thread.name
        for thread in set(threading.enumerate()) - before
        # Threads that belong to a runtime's own pool live as long as the process; Python knows them as dummies.
        if thread.is_alive() and not isinstance(thread, threading._DummyThread)
    ]
    if leaked:
        pytest.fail(f"threads still run after the test: {', '.join(sorted(leaked))}", pytrace=False)
