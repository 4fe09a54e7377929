"""What every file of the project keeps to."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

MAX_LINES = 400
LONGER_FOR_A_REASON: dict[str, str] = {}
"""Files that may be longer, and why."""

TEXT_SUFFIXES = {
    ".py", ".md", ".toml", ".txt", ".json", ".yml", ".yaml", ".cfg", ".ini", ".sh", ".svg", ".in", ".csv", ".typed", "",
}  # fmt: skip
ABSOLUTE_PATH = re.compile(r"(?<![\w.:/<$}-])/(?:work|home|root|opt|Users|mnt|srv|var|tmp)/\w")
WINDOWS_PATH = re.compile(r"(?<![\w])[A-Za-z]:\\(?:Users|home|work)\\")
EXECUTABLE_FORMATS = {"pickle", "dill", "shelve", "marshal"}
PATHS_WITH_A_REASON = {
    "tests/architecture/test_sources.py": "the patterns themselves",
}
"""Files in which a line may hold such a path, and why."""


@pytest.fixture(scope="module")
def committed_files(repository_dir: Path) -> list[Path]:
    """Return every file that git tracks."""
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is absent: which files are committed is not known")
    listed = subprocess.run(
        [git, "-c", f"safe.directory={repository_dir}", "ls-files", "-z"],
        cwd=repository_dir, capture_output=True, check=False,
    )  # fmt: skip
    if listed.returncode != 0:
        pytest.skip("not a git checkout: which files are committed is not known")
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return [repository_dir / name for name in names if (repository_dir / name).is_file()]


def test_no_committed_file_holds_a_path_of_somebodys_machine(committed_files: list[Path], repository_dir: Path) -> None:
    found = []
    for path in committed_files:
        name = path.relative_to(repository_dir).as_posix()
        if path.suffix not in TEXT_SUFFIXES or name in PATHS_WITH_A_REASON:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if ABSOLUTE_PATH.search(line) or WINDOWS_PATH.search(line):
                found.append(f"{name}:{number}: {line.strip()[:100]}")
    assert found == []


def test_python_files_are_short(committed_files: list[Path], repository_dir: Path) -> None:
    lengths = {
        path.relative_to(repository_dir).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in committed_files
        if path.suffix == ".py"
    }
    too_long = {name: lines for name, lines in lengths.items() if lines > MAX_LINES and name not in LONGER_FOR_A_REASON}
    assert too_long == {}
    assert set(LONGER_FOR_A_REASON) <= {name for name, lines in lengths.items() if lines > MAX_LINES}


def test_everything_public_in_core_has_a_docstring(repository_dir: Path) -> None:
    missing = []
    for path in sorted((repository_dir / "facerec_app" / "core").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), f"{path.name} says nothing of itself"
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                if not ast.get_docstring(node):
                    missing.append(f"{path.name}: {node.name}")
                missing += [f"{path.name}: {name}" for name in undocumented_methods(node)]
    assert missing == []


def undocumented_methods(node: ast.FunctionDef | ast.ClassDef) -> list[str]:
    """Return the public methods of a class that have neither a docstring nor a plain accessor's role."""
    if isinstance(node, ast.FunctionDef):
        return []
    return [
        f"{node.name}.{item.name}"
        for item in node.body
        if isinstance(item, ast.FunctionDef)
        and not item.name.startswith("_")
        and not ast.get_docstring(item)
        and not any(isinstance(mark, ast.Name) and mark.id == "property" for mark in item.decorator_list)
    ]


def test_nothing_that_can_execute_is_loaded_from_disk(repository_dir: Path) -> None:
    """No pickle in the program; arrays are read with ``allow_pickle=False``."""
    found = []
    for path in sorted((repository_dir / "facerec_app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {str(getattr(node, "module", ""))}
                found += [
                    f"{path.name}:{node.lineno}" for name in names if name in {"pickle", "dill", "shelve", "marshal"}
                ]
            elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"np.load", "numpy.load"}:
                keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
                if keywords.get("allow_pickle") != "False":
                    found.append(f"{path.name}:{node.lineno}: np.load without allow_pickle=False")
    assert found == []
