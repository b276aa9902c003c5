"""The house itself: who may import whom, who has a test, who speaks both languages."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import typing
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

import whynet
from whynet import registry
from whynet.registry import Info, Kind
from whynet.text import with_particle

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "whynet"
FILES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
KINDS: tuple[Kind, ...] = typing.get_args(Kind)

FLOORS: tuple[tuple[str, ...], ...] = (  # each room may enter its own and those of the floors below it
    ("text",),
    ("errors",),
    ("spec", "task", "rng"),
    ("registry",),
    ("vision",),
    ("data", "layers", "losses", "optimizers"),
    ("models",),  # a part like the four beside it, made of layers
    ("recipe",),
    ("engine",),
    ("runs", "figures"),
    ("experiment",),
    ("doctor", "questions"),
    ("report",),
    ("cli", "lab"),
    ("__init__", "__main__"),  # what `import whynet` offers, and what `python -m whynet` runs
)
FLOOR_OF = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
PARTS = {"data", "models", "losses", "optimizers"}
LONGEST_FILE = 400


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imported_rooms(path: Path) -> Iterator[tuple[str, int]]:
    """Each room of whynet that a file imports from, with the line; relative imports and lazy ones count too."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}:{node.lineno}: write the whole name of what is imported"
            if node.module == "whynet":
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif node.module and node.module.startswith("whynet."):
                yield node.module.split(".")[1], node.lineno
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == "whynet":
                    yield alias.name.partition(".")[2].partition(".")[0] or "__init__", node.lineno


# --- floors ----------------------------------------------------------------------------------------------------------


def test_every_room_has_its_floor() -> None:
    assert {room_of(path) for path in FILES} <= set(FLOOR_OF)


def test_a_room_enters_only_the_floors_below() -> None:
    """Rooms of one floor keep apart as well, so the rooms can form no circle; the parts keep apart except models from layers."""
    climbing = [
        f"{name_of(path)}:{line}: {room_of(path)} imports {other}"
        for path in FILES
        for other, line in imported_rooms(path)
        if other != room_of(path) and (FLOOR_OF.get(other, 99) >= FLOOR_OF[room_of(path)] or {other, room_of(path)} <= PARTS)
    ]
    assert not climbing, "\n".join(climbing)


def test_nothing_private_is_taken_from_another_room() -> None:
    taken = [
        f"{name_of(path)}:{node.lineno}: {node.module}.{alias.name}"
        for path in FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("whynet.")
        for alias in node.names
        if (alias.name.startswith("_") or "._" in (node.module or "")) and (node.module or "").split(".")[1] != room_of(path)
    ]
    assert not taken, "\n".join(taken)


# --- every registered thing ------------------------------------------------------------------------------------------


@cache
def registered() -> tuple[Info, ...]:
    for module in pkgutil.walk_packages(whynet.__path__, "whynet."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return tuple(info for kind in KINDS for info in registry.infos(kind) if info.make.__module__.startswith("whynet."))


def test_something_is_registered() -> None:
    assert {info.kind for info in registered()} >= {"data", "model", "layer", "loss", "optimizer"}


def test_every_registered_thing_is_tested() -> None:
    """Its name stands in a test, or a contract test runs over all of its kind."""
    tests = "\n".join(path.read_text("utf-8") for path in TESTS if path != Path(__file__))
    contracts = {kind for kind in KINDS if re.search(rf"\b(names|infos)\(\s*[\"']{kind}[\"']", tests)}
    words = set(re.findall(r"\w+", tests))
    untested = [f"{info.kind} {info.name}" for info in registered() if info.kind not in contracts and info.name not in words]
    assert not untested, ", ".join(untested)


def test_every_registered_thing_says_what_it_is_in_both_languages() -> None:
    silent = [
        f"{info.kind} {info.name}: {info.idea}"
        for info in registered()
        if not (english(info.idea.en) and korean(info.idea.ko)) or korean(info.idea.en)
    ]
    assert not silent, "\n".join(silent)


def test_every_option_can_be_checked() -> None:
    """An option without a type would take anything and fail later, in the middle of the training."""
    untyped = [
        f"{info.kind} {info.name}: {option}" for info in registered() for option in info.parameters if option not in info.hints
    ]
    assert not untyped, "\n".join(untyped)


def test_every_default_fits_its_own_type() -> None:
    for info in registered():
        for option, parameter in info.parameters.items():
            if parameter.default is not parameter.empty:
                registry.check(f"{info.name}: {option}", info.hints[option], parameter.default)


# --- sentences -------------------------------------------------------------------------------------------------------


BETWEEN = {"to", "with", "and", "or", "of", "x"}  # Korean writes ~ and brackets instead


def english(text: str) -> bool:
    """Whether it has a word of its own, besides its fields."""
    own = " ".join(literal for literal, *_ in Formatter().parse(text))
    return any(word not in BETWEEN for word in re.findall(r"[A-Za-z]{2,}", own))


def korean(text: str) -> bool:
    return bool(re.search("[가-힣]", text))


def written(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


@cache
def sentences() -> tuple[tuple[str, str, str], ...]:
    """Every sentence in the package as (place, English, Korean): ``Text("…", "…")`` and ``en="…", ko="…"``."""
    found = []
    for path in FILES:
        for node in ast.walk(tree_of(path)):
            if not isinstance(node, ast.Call):
                continue
            named = {keyword.arg: written(keyword.value) for keyword in node.keywords}
            en, ko = named.get("en"), named.get("ko")
            if isinstance(node.func, ast.Name) and node.func.id == "Text" and len(node.args) >= 2:
                en, ko = written(node.args[0]), written(node.args[1])
            if en is not None and ko is not None:
                found.append((f"{name_of(path)}:{node.lineno}", en, ko))
    return tuple(found)


def fields(template: str) -> set[str]:
    return {name.partition(".")[0].partition("[")[0] for _, name, _, _ in Formatter().parse(template) if name is not None}


def test_sentences_are_found() -> None:
    assert len(sentences()) > 100


def test_every_sentence_is_in_both_languages() -> None:
    """A name or a formula that reads the same in both is written ``plain("…")``."""
    lacking = [f"{place}: {en!r} / {ko!r}" for place, en, ko in sentences() if (english(en) and not korean(ko)) or korean(en)]
    assert not lacking, "\n".join(lacking)


def test_both_languages_speak_of_the_same_things() -> None:
    other = [f"{place}: {fields(en) ^ fields(ko)}" for place, en, ko in sentences() if fields(en) != fields(ko)]
    assert not other, "\n".join(other)


def test_particles_are_chosen_and_not_left_open() -> None:
    """``{name:은}`` writes 은 or 는; 은(는) leaves it to the reader."""
    opened = [
        f"{place}: {ko}"
        for place, _, ko in sentences()
        if re.search(r"(은\(는|는\(은|이\(가|가\(이|을\(를|를\(을|과\(와|와\(과)\)|\(으\)로", ko)
    ]
    assert not opened, "\n".join(opened)


PARTICLE_AFTER_FIELD = re.compile(r"[^%]\}(은|는|이|가|을|를|과|와|으로|로|이다|이나|이라는|라는)(?![가-힣])")


def test_no_particle_stands_fixed_after_a_field() -> None:
    """After a field that may be any word the particle depends on it: ``{name:은}``, not ``{name}은``. % is always 퍼센트."""
    fixed = [f"{place}: {ko}" for place, _, ko in sentences() if PARTICLE_AFTER_FIELD.search(ko)]
    assert not fixed, "\n".join(fixed)


def test_a_field_asks_for_a_particle_that_exists() -> None:
    """In Korean only, at the end of the format."""
    for place, en, ko in sentences():
        assert not any(korean(spec or "") for _, _, spec, _ in Formatter().parse(en)), f"{place}: {en}"
        for _, _, spec, _ in Formatter().parse(ko):
            asked = re.search("[가-힣].*", spec or "")
            assert asked is None or with_particle("층", asked[0]), f"{place}: {ko}"


# --- manners ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_manners_of_a_file(path: Path) -> None:
    text, tree = path.read_text("utf-8"), tree_of(path)
    assert text.count("\n") <= LONGEST_FILE, "one file holds one thing; this one is too long"
    assert ast.get_docstring(tree), "a file says in its first line what it holds"
    assert not re.search(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX|HACK)\b", text), "what is left to do is not left in the code"
    assert not re.search(r"(?<![\w.])/(work|root|home|opt)/", text), "a path of one machine"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "print" or room_of(path) == "cli", f"line {node.lineno}: only the terminal prints"
            assert node.func.id not in ("eval", "exec"), f"line {node.lineno}: nothing is evaluated"
        if isinstance(node, ast.ImportFrom):
            assert all(alias.name != "*" for alias in node.names), f"line {node.lineno}: import names, not everything"


@pytest.mark.parametrize("path", TESTS, ids=name_of)
def test_manners_of_a_test(path: Path) -> None:
    assert ast.get_docstring(tree_of(path)), "a file says in its first line what it holds"
    assert path.read_text("utf-8").count("\n") <= LONGEST_FILE, "one file tests one thing; this one is too long"


def test_test_files_have_names_of_their_own() -> None:
    """There are no packages among the tests, so two files of one name would hide each other."""
    of_tests = [path.name for path in TESTS if path.name.startswith("test_")]
    twice = {name for name in of_tests if of_tests.count(name) > 1}
    assert not twice
