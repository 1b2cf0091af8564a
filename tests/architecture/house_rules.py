"""The house rules as functions from files to violations, so that each can be shown to find what it looks for."""

import ast
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from statistics import median, quantiles

PACKAGE = "lexora_gql"
LINES_MEDIAN_MAX = 100
LINES_P95_MAX = 300
LINES_MAX = 400
FUNCTION_LINES_MAX = 40
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}
SOURCES = {".py", ".js", ".jsx", ".mjs", ".css", ".sh"}
# In pieces, so that this file does not break its own rules.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "Not" + "ImplementedError"]) + r")\b")
MACHINE_PATHS = re.compile(r"(?<![\w.~-])/(" + "|".join(["work", "ro" + "ot", "Users"]) + r")/\w")
REGISTRY_HOSTS = re.compile(
    "|".join(["registry\\.npm" + "js\\.org", "py" + "pi\\.org", "pythonhosted" + "\\.org", "registry\\.yarn" + "pkg"])
)

Files = Mapping[PurePosixPath, str]


def tracked_files(project: Path) -> dict[PurePosixPath, str]:
    """Return the text files under version control, by path; binary ones are left out."""
    # The clone may belong to somebody else, such as root.
    command = ["git", "-c", "safe.directory=*", "-C", str(project), "ls-files", "-z"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    files = {}
    for name in filter(None, listed.split("\0")):
        path = project / name
        if not path.is_file():
            continue
        content = path.read_bytes()
        if b"\0" not in content[:8192]:
            files[PurePosixPath(name)] = content.decode("utf-8", "replace")
    return files


def sources(files: Files) -> dict[PurePosixPath, str]:
    """Return what people write as code; folders' `__init__.py` say too little to be counted."""
    return {
        path: text
        for path, text in files.items()
        if (path.suffix in SOURCES or text.startswith("#!")) and path.name != "__init__.py"
    }


def long_files(files: Files) -> list[str]:
    """Return the files that are too long, and the whole when it is too long as a whole."""
    lengths = {path: len(text.splitlines()) for path, text in sources(files).items()}
    found = [f"{path}: {lines} lines, at most {LINES_MAX}" for path, lines in lengths.items() if lines > LINES_MAX]
    # Tests are long tables by nature: what a newcomer has to read to know the product is the package.
    package = [lines for path, lines in lengths.items() if path.parts[0] == PACKAGE]
    if len(package) > 1 and (middle := median(package)) > LINES_MEDIAN_MAX:
        found.append(f"median: {middle:.0f} lines, at most {LINES_MEDIAN_MAX}")
    if len(lengths) > 1 and (high := quantiles(lengths.values(), n=20)[-1]) > LINES_P95_MAX:
        found.append(f"95th percentile: {high:.0f} lines, at most {LINES_P95_MAX}")
    return found


def long_functions(files: Files) -> list[str]:
    """Return the Python functions that are too long, their docstring counted, their decorators not.

    A migration lists columns, which are easier to read in one place however many there are.
    """
    return [
        f"{path}:{node.lineno}: {node.name} has {lines} lines, at most {FUNCTION_LINES_MAX}"
        for path, node in _functions(files)
        if path.parts[0] != "migrations"
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES_MAX
    ]


def forbidden_names(files: Files) -> list[str]:
    """Return files and folders with a name that says nothing."""
    return [
        str(path)
        for path in files
        if {part for name in path.parts for part in re.split(r"[._-]", name.lower())} & FORBIDDEN_NAMES
    ]


def unfinished_work(files: Files) -> list[str]:
    """Return lines that promise work for later."""
    return list(_matches(files, UNFINISHED))


def machine_paths(files: Files) -> list[str]:
    """Return lines with a path that exists on one machine only."""
    return list(_matches(files, MACHINE_PATHS))


def registry_hosts(files: Files) -> list[str]:
    """Return lines that name a package registry: each machine has its own."""
    return list(_matches(files, REGISTRY_HOSTS))


def excuses_without_a_reason(files: Files) -> list[str]:
    """Return type-ignores and noqas without a code and a reason."""
    bare = re.compile(r"# (noqa(?!: [A-Z]+\d+(, ?[A-Z]+\d+)*  # \w)|type: ignore(?!\[[\w, -]+\]  # \w))")
    return list(_matches({path: text for path, text in files.items() if path.suffix == ".py"}, bare))


def scripts_that_cannot_be_run(project: Path, files: Files) -> list[str]:
    """Return files that begin like a script but are not executable."""
    return [
        str(path)
        for path, text in files.items()
        if text.startswith("#!") and not (project / path).stat().st_mode & 0o111
    ]


def _matches(files: Files, pattern: re.Pattern[str]) -> Iterator[str]:
    for path, text in files.items():
        for number, line in enumerate(text.splitlines(), start=1):
            if pattern.search(line):
                yield f"{path}:{number}: {line.strip()[:120]}"


def _functions(files: Files) -> Iterator[tuple[PurePosixPath, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path, text in files.items():
        if path.suffix == ".py":
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield path, node
