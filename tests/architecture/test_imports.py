"""Who may import whom: the contracts of ``pyproject.toml`` and what they cannot express."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = "facerec_app"
HEAVY = {"tensorflow", "keras", "mtcnn", "torch", "PySide6", "onnx", "onnxruntime"}
CORE_MAY_IMPORT = {"numpy", PACKAGE} | set(sys.stdlib_module_names)
"""Top-level names that ``core`` may import."""

TENSORFLOW_NAMES = {"tensorflow", "keras", "mtcnn"}
"""Packages that are TensorFlow or import it."""


def modules(repository_dir: Path) -> list[Path]:
    return sorted((repository_dir / PACKAGE).rglob("*.py"))


def imported_names(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the full name and line of every import of a file, wherever in the file it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def offenders(paths: list[Path], forbidden: set[str]) -> list[str]:
    return [
        f"{path}:{line} imports {name}"
        for path in paths
        for name, line in imported_names(path)
        if name.partition(".")[0] in forbidden
    ]


def test_the_contracts_of_pyproject_hold(repository_dir: Path) -> None:
    code = (
        "import sys; from importlinter.cli import lint_imports; "
        "sys.exit(lint_imports(config_filename='pyproject.toml', no_cache=True))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=repository_dir, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-2000:]


def test_core_imports_numpy_and_the_standard_library_only(repository_dir: Path) -> None:
    foreign = [
        f"{path}:{line} imports {name}"
        for path in sorted((repository_dir / PACKAGE / "core").rglob("*.py"))
        for name, line in imported_names(path)
        if name.partition(".")[0] not in CORE_MAY_IMPORT
    ]
    assert foreign == []


@pytest.mark.parametrize(
    ("prefix", "names"), [("keras_", TENSORFLOW_NAMES), ("torch_", {"torch"})], ids=["tensorflow", "torch"]
)
def test_training_frameworks_are_imported_in_their_own_modules_only(
    repository_dir: Path, prefix: str, names: set[str]
) -> None:
    others = [path for path in modules(repository_dir) if not path.name.startswith(prefix)]
    assert offenders(others, names) == []


def test_qt_is_imported_in_the_window_only(repository_dir: Path) -> None:
    others = [path for path in modules(repository_dir) if "gui" not in path.relative_to(repository_dir).parts]
    assert offenders(others, {"PySide6", "shiboken6"}) == []


def test_only_main_imports_the_composition(repository_dir: Path) -> None:
    importers = {
        path.name
        for path in modules(repository_dir)
        for name, _ in imported_names(path)
        if f"{name}.".startswith(f"{PACKAGE}.composition.")
    }
    assert importers == {"__main__.py"}


def modules_loaded_by(code: str, cwd: Path) -> set[str]:
    """Run code in a new interpreter and return the top-level modules that it has loaded at its end."""
    names = "sorted({name.partition('.')[0] for name in sys.modules})"
    probe = f"{code}\nimport json, sys\nprint('\\n' + json.dumps({names}))"
    ran = subprocess.run([sys.executable, "-c", probe], cwd=cwd, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    return set(json.loads(ran.stdout.rstrip().rpartition("\n")[2]))


COMMAND = """
import sys
from facerec_app.__main__ import main
sys.argv = {argv!r}
try:
    main()
except SystemExit as exc:
    assert exc.code in (None, 0), exc.code
"""


def test_the_command_line_starts_without_heavy_libraries(tmp_path: Path) -> None:
    loaded = modules_loaded_by("import facerec_app.cli.app", tmp_path)
    assert not loaded & (HEAVY | {"openvino", "scipy"})


def test_identify_loads_no_training_framework_and_no_qt(tmp_path: Path, demo_dir: Path) -> None:
    argv = [
        "facerec",
        "--database",
        str(tmp_path / "db"),
        "identify",
        str(demo_dir / "sources" / "obama2.jpg"),
        "--json",
    ]
    loaded = modules_loaded_by(COMMAND.format(argv=argv), tmp_path)
    assert "cv2" in loaded, "the command did not reach its work"
    assert not loaded & HEAVY


def test_run_loads_no_training_framework_and_no_qt(tmp_path: Path, demo_dir: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "obama2.jpg").write_bytes((demo_dir / "sources" / "obama2.jpg").read_bytes())
    argv = ["facerec", "--database", str(tmp_path / "db"), "run", str(folder), "--events", str(tmp_path / "e.jsonl")]
    loaded = modules_loaded_by(COMMAND.format(argv=argv), tmp_path)
    assert (tmp_path / "e.jsonl").is_file(), "the command did not reach its work"
    assert not loaded & HEAVY


def test_the_window_loads_no_training_framework(tmp_path: Path) -> None:
    loaded = modules_loaded_by("import facerec_app.gui.application_window", tmp_path)
    assert "PySide6" in loaded
    assert not loaded & (HEAVY - {"PySide6"})
