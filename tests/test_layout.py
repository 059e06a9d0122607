"""Where things stand: packages, data files, and which module may import which."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENGINE = ROOT / "engine"
SETUP = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
MODULES = sorted(ENGINE.rglob("*.py"))


def packages_in_tree() -> dict[str, str]:
    """Each package with the folder that it is made of."""
    found = {"foedus": "engine", "foedus.rules": "rules", "foedus.cases": "cases"}
    for marker in sorted(ENGINE.rglob("*/__init__.py")):
        inside = marker.parent.relative_to(ENGINE)
        found[".".join(["foedus", *inside.parts])] = "/".join(["engine", *inside.parts])
    return found


def name_of(path: Path) -> str:
    """The name under which a module of the tree is imported."""
    parts = path.relative_to(ENGINE).with_suffix("").parts
    return ".".join(["foedus", *(parts[:-1] if parts[-1] == "__init__" else parts)])


NAMES = {name_of(path): path for path in MODULES}


# ---- packaging ----------------------------------------------------------------------------------


def test_the_packages_listed_are_those_of_the_tree_under_their_names() -> None:
    assert SETUP["package-dir"] == packages_in_tree()
    assert sorted(SETUP["packages"]) == sorted(packages_in_tree())


def test_every_folder_with_code_is_a_package() -> None:
    for path in MODULES:
        assert (path.parent / "__init__.py").is_file(), path.parent


def test_no_module_takes_the_name_of_a_data_package() -> None:
    for name in ("rules", "cases"):
        assert not (ENGINE / f"{name}.py").exists()
        assert not (ENGINE / name).exists()


@pytest.mark.parametrize("package", ["foedus.rules", "foedus.cases"])
def test_data_packages_hold_no_code(package: str) -> None:
    folder = ROOT / packages_in_tree()[package]
    assert [path.name for path in folder.rglob("*.py")] == ["__init__.py"]
    tree = ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))
    assert all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in tree.body)


def test_every_file_that_is_no_code_is_matched_by_package_data() -> None:
    given = SETUP["package-data"]
    folders = {ROOT / folder: package for package, folder in packages_in_tree().items()}
    seen = 0
    for folder, package in folders.items():
        for path in sorted(folder.rglob("*")):
            owner = next(parent for parent in path.parents if parent in folders)
            generated = "__pycache__" in path.parts or path.suffix in (".py", ".pyc")
            if owner != folder or path.is_dir() or generated:
                continue
            inside = path.relative_to(folder).as_posix()
            assert any(fnmatch(inside, pattern) for pattern in given.get(package, [])), f"{package}: {inside}"
            seen += 1
    assert seen >= 20


@pytest.mark.parametrize("folder", ["rules", "cases"])
def test_rules_and_cases_are_found_through_the_installed_package(folder: str) -> None:
    code = (
        "from importlib import resources; "
        f"print(*sorted(p.name for p in resources.files('foedus.{folder}').iterdir() if p.name.endswith('.yaml')))"
    )
    assert ran(code).split() == sorted(path.name for path in (ROOT / folder).glob("*.yaml"))


# ---- what is imported ---------------------------------------------------------------------------


def ran(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT.anchor)
    assert done.returncode == 0, done.stderr
    return done.stdout


HEAVY = ("experta", "frozendict", "duckdb", "pandas", "numpy", "pyspark")


@pytest.mark.parametrize("module", ["foedus", "foedus.cli"])
def test_importing_the_package_or_the_command_imports_nothing_slow(module: str) -> None:
    if module not in NAMES:
        pytest.skip("not written yet")
    loaded = ran(f"import sys, {module}; print(*(name for name in {HEAVY!r} if name in sys.modules))")
    assert loaded.split() == []


def test_importing_the_engine_leaves_the_process_as_it_was() -> None:
    code = (
        "import collections, logging, sys; before = list(logging.root.handlers), logging.root.level\n"
        "import foedus.rete\n"
        "assert (list(logging.root.handlers), logging.root.level) == before\n"
        "assert not hasattr(collections, 'Mapping')\n"
        "import experta; assert hasattr(experta, 'KnowledgeEngine')\n"
        "print('ok')"
    )
    assert ran(code).strip() == "ok"


def imports(path: Path, *, at_once: bool = False) -> set[str]:
    """Every module that a file imports: anywhere in it, or only what is imported with it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    here = name_of(path)
    package = here if path.name == "__init__.py" else here.rpartition(".")[0]
    found: set[str] = set()
    for node in top_level(tree) if at_once else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found.add(module)
            found |= {f"{module}.{alias.name}" for alias in node.names if f"{module}.{alias.name}" in NAMES}
    return found


def top_level(tree: ast.Module) -> list[ast.stmt]:
    """The statements that run when a module is imported; those for type checkers only are left out."""
    found: list[ast.stmt] = []
    left: list[ast.stmt] = list(tree.body)
    while left:
        node = left.pop()
        found.append(node)
        if isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test):
            left += [*node.body, *node.orelse]
        elif isinstance(node, ast.Try):
            left += [*node.body, *node.orelse, *node.finalbody, *(s for h in node.handlers for s in h.body)]
    return found


def inside(path: Path, *, at_once: bool = False) -> set[str]:
    """The modules of this package that a file imports."""
    return {name for name in imports(path, at_once=at_once) if name in NAMES and name != name_of(path)}


def test_only_one_module_imports_experta() -> None:
    users = {
        path.name for path in MODULES if {name.partition(".")[0] for name in imports(path)} & {"experta", "frozendict"}
    }
    assert users == {"rete.py"}


def test_rules_cannot_run_code_for_nothing_evaluates_text() -> None:
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec", "compile", "__import__"), f"{path.name}:{node.lineno}"
        assert not {"pickle", "marshal", "shelve"} & imports(path), path.name


LAYERS = ("explain", "render", "cli")
"""Each may import those before it and none after."""


def layer(name: str) -> int:
    part = name.split(".")[1] if "." in name else ""
    part = "cli" if part.startswith("cli") else "explain" if part == "scoring" else part
    return 1 + LAYERS.index(part) if part in LAYERS else 0


CORE = [
    *("problems", "documents", "terms", "strata", "bookfile", "assembly", "library", "book", "memory", "matching"),
    *("rete", "casefile", "case", "casereader", "evidence", "robustness", "record", "inference", "validation"),
    *("bounds", "agreement", "blinding"),
]


@pytest.mark.parametrize("name", CORE)
def test_what_infers_knows_nothing_of_what_explains_and_shows(name: str) -> None:
    path = ENGINE / f"{name}.py"
    seen: set[str] = set()
    front = inside(path)
    while front:
        seen |= front
        front = {below for above in front for below in inside(NAMES[above])} - seen
    assert not {module for module in seen if layer(module) or module in ("foedus.api", "foedus.results")}


def shows_itself(path: Path) -> set[str]:
    """What is imported inside the methods by which an object prints itself."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith(("__rich", "__str__", "_repr_")):
            found |= {inner.module or "" for inner in ast.walk(node) if isinstance(inner, ast.ImportFrom)}
    return found


def test_explanations_know_nothing_of_what_shows_them_and_nothing_knows_the_command() -> None:
    for name, path in NAMES.items():
        if name in ("foedus", "foedus.__main__", "foedus.api", "foedus.casework"):
            continue
        highest = max(layer(name), 1 if name == "foedus.results" else 0)
        # an object may ask for its own printed form when it is printed, and not before
        asked = {other for other in shows_itself(path) if layer(other) == 1 + LAYERS.index("render")}
        for other in inside(path) - (asked - inside(path, at_once=True)):
            assert layer(other) <= highest, f"{name} imports {other}"


def test_no_module_imports_itself_through_others() -> None:
    graph = {name: inside(path, at_once=True) for name, path in NAMES.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join([*trail[trail.index(name) :], name])
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, (*trail, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())
