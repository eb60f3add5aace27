"""The README says what is so: commands exist, the transcript is the code's own, the picture is there."""

import re
import struct
from pathlib import Path

import click
import pytest
from aurora.cli import COMMANDS, group
from aurora.demo.report import parse_report, summary_lines

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
# The report of a run of `make demo`; renewed together with the README and its picture.
REPORT = parse_report((ROOT / "tests" / "vectors" / "demo_report.json").read_text())
BLOCKS = re.findall(r"```\n(.*?)```", README, re.DOTALL)
COMMAND_LINES = [
    line for block in BLOCKS for line in block.splitlines() if line.startswith(("make ", "aurora "))
]


def command_of(words: list[str]) -> click.Command:
    """The command that ``words`` reach, as click finds it."""
    found: click.Command = group
    context = click.Context(group)
    for word in words:
        assert isinstance(found, click.Group)
        found = found.get_command(context, word)
        assert found is not None, f"no command {' '.join(words)}"
        if not isinstance(found, click.Group):
            break
    return found


def test_transcript_is_what_the_demo_prints() -> None:
    transcript = next(block for block in BLOCKS if "bytes differ" in block)
    assert transcript.splitlines() == list(summary_lines(REPORT))


def test_transcript_is_of_a_good_run() -> None:
    assert REPORT["bytes_differing"] == 0
    assert REPORT["windows"] >= 1000


def test_some_commands_are_shown() -> None:
    assert {line.split()[0] for line in COMMAND_LINES} == {"make", "aurora"}


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_commands_exist_with_their_options(line: str) -> None:
    words = line.split("#")[0].split()
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
        return
    command = command_of(words[1:])
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_every_command_is_reachable_and_explained() -> None:
    for name, summary in COMMANDS.items():
        command = command_of([name])
        assert command.help, f"aurora {name} has no help"
        assert summary.endswith(".")


def test_linked_files_exist() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).exists(), target


def test_picture_is_small_and_a_png() -> None:
    picture = (ROOT / "host" / "images" / "demo.png").read_bytes()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", picture[16:24]) == (1600, 1000)
    assert len(picture) <= 200_000


def test_readme_is_one_screen() -> None:
    assert len(README.splitlines()) <= 60
