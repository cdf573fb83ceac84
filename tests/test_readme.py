"""README.md tells the truth: settings, commands, floors, people and files are those of the code."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
from django.core.management import get_commands

from accounts.management.commands import demo

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "CHANGELOG.md", "docs/development.md", "docs/operations.md")
TYPES = {"flag": "yes or no", "number": "number", "words": "list, commas", "url": "URL", "text": "text"}
# Read as text and then handed to something that knows better.
SPECIAL = {"DATA_DIR": "folder"}
PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def section(heading: str, page: str = "README.md") -> str:
    """Return what stands under a heading, down to the next one."""
    found = re.search(rf"^##+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", text(page), re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no section « {heading} »"
    return found[1]


def rows(markdown: str, columns: int) -> list[list[str]]:
    """Return the cells of the tables with that many columns, their heads left out."""
    lines = [line for line in markdown.splitlines() if line.startswith("|") and not line.startswith("|--")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [row for row in cells if len(row) == columns and "`" in row[0] + row[1]]


def code_of(markdown: str) -> str:
    """Return what is written as code: blocks, and words between backticks."""
    blocks = re.findall(r"```.*?```", markdown, re.DOTALL)
    words = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", markdown, flags=re.DOTALL))
    return "\n".join([*blocks, *words])


def calls() -> dict[str, list[ast.Call]]:
    """Return each setting that settings.py reads, with the calls that read it."""
    found: dict[str, list[ast.Call]] = {}
    for node in ast.walk(ast.parse(text("mcm_portal/settings.py"))):
        if isinstance(node, ast.Call) and re.fullmatch(r"environment\.\w+", ast.unparse(node.func)):
            assert isinstance(node.args[0], ast.Constant)
            found.setdefault(node.args[0].value, []).append(node)
    return found


READ = calls()
LISTED = {row[0].strip("`"): row for row in rows(section("Every setting"), 5)}


def test_the_table_lists_every_setting_that_is_read_and_no_other() -> None:
    assert set(LISTED) == set(READ)
    assert len(LISTED) == len(rows(section("Every setting"), 5))


@pytest.mark.parametrize("name", READ)
def test_a_setting_is_described_as_it_is_read(name: str) -> None:
    _name, kind, default, choices, _does = LISTED[name]
    methods = [ast.unparse(call.func).partition(".")[2] for call in READ[name]]
    assert kind == SPECIAL.get(name) or kind in {TYPES[method] for method in methods}
    for call, method in zip(READ[name], methods, strict=True):
        for keyword in call.keywords:
            bound = ast.literal_eval(keyword.value)
            for said in bound if keyword.arg == "schemes" else [bound]:
                assert f"{said}{'://' if keyword.arg == 'schemes' else ''}" in choices.replace("`", "")
        if method == "number":
            assert default == f"`{ast.literal_eval(call.args[1])}`"
    needed = any(
        (method == "text" and len(call.args) == 1)
        or any(isinstance(node, ast.Constant) and node.value is None for node in ast.walk(call))
        for call, method in zip(READ[name], methods, strict=True)
    )
    assert default.startswith("required") == needed


def test_the_variables_around_the_settings_are_read_where_it_says() -> None:
    around = rows(section("Every setting"), 3)
    assert around
    for name, readers, _does in around:
        for reader in re.findall(r"`([^`]+)`", readers):
            places = (
                ["mcm_portal/embedded/supervisor.py", "mcm_portal/embedded/bootstrap.py"]
                if reader == "make run"
                else [reader]
            )
            assert any(name.strip("`") in text(place) for place in places), (name, reader)


def test_every_make_target_named_exists_and_every_target_is_named() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*##", text("Makefile"), re.MULTILINE))
    named = {
        target
        for page in PAGES
        for target in re.findall(r"\bmake ([a-z]+(?:-[a-z]+)*)\b", code_of(text(page)))
    }
    assert named <= targets
    assert targets - {"help"} <= set(re.findall(r"\bmake ([a-z-]+)", code_of(text("README.md"))))


def test_every_management_command_named_exists() -> None:
    for page in PAGES:
        for command in re.findall(r"(?:manage\.py |make manage ARGS=[\"'])([a-z_]+)", text(page)):
            assert command in get_commands()


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for pair in LINK.findall(text(page)):
        target, _, anchor = "".join(pair).partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        found = ((ROOT / page).parent / target).resolve() if target else ROOT / page
        assert found.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in headings}


@pytest.mark.parametrize("page", PAGES)
def test_every_file_named_exists(page: str) -> None:
    made_when_it_runs = (".data/", ".venv/")
    for path in PATH.findall(text(page)):
        assert path.startswith(made_when_it_runs) or (ROOT / path).exists(), path


def test_the_tour_shows_every_floor_as_the_import_contract_has_it() -> None:
    contract = tomllib.loads(text("pyproject.toml"))["tool"]["importlinter"]["contracts"][0]
    floors: dict[str, list[str]] = {}
    for floor, app, owns in rows(section("A tour of the floors"), 3):
        if re.fullmatch(r"\d[ab]?", floor):
            assert owns
            floors.setdefault(floor, []).append(app.strip("`"))
    assert [sorted(apps) for apps in floors.values()] == [
        sorted(app.strip() for app in layer.split("|")) for layer in contract["layers"]
    ]


def test_the_tour_shows_every_well_known_module_and_where_its_table_is() -> None:
    looked_for = {
        f"{argument.value}.py"
        for apps in ROOT.glob("*/apps.py")
        for node in ast.walk(ast.parse(apps.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "autodiscover_modules"
        for argument in node.args
        if isinstance(argument, ast.Constant)
    }
    shown = {
        module.strip("`"): table.strip("`")
        for module, table, _registers in rows(section("A tour of the floors"), 3)
        if module.endswith(".py`")
    }
    assert set(shown) == looked_for
    assert all("def register(" in text(table) for table in shown.values())


def test_the_demonstration_people_and_their_password_are_those_that_exist() -> None:
    two_commands = section("Two commands")
    assert f"`{demo.PASSWORD}`" in two_commands and f"code {demo.CLOSED}" in two_commands
    named = {row[0].strip("`") for row in rows(two_commands, 2)}
    assert named == {person[0] for person in (*demo.PEOPLE, demo.TEACHER, demo.HEAD, *demo.STAFF)}


def test_what_stands_in_the_way_is_said_in_the_words_of_the_program() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "mcm_portal/embedded").iterdir())
        if path.suffix in {".py", ".sh"}
    )
    said = [row[0] for row in rows(section("When something is in the way"), 2)]
    assert said
    assert [words for words in said if words.strip("`") not in sources] == []


def test_the_pictures_are_all_shown_and_small() -> None:
    pictures = sorted((ROOT / "docs/pictures").iterdir())
    shown = set(re.findall(r'src="(docs/pictures/[^"]+)"', text("README.md")))
    assert {f"docs/pictures/{picture.name}" for picture in pictures} == shown
    assert sum(picture.stat().st_size for picture in pictures) < 600_000
    assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in pictures)
