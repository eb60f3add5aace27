"""The report: every arm in it, the chosen one named, hostile text harmless, the same bytes twice."""

import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from aurora.errors import InputError
from aurora.shrink.comparison import ARMS, Arm, Comparison, Timeline
from aurora.shrink.figures import figure, over_seeds
from aurora.shrink.markdown import escape_line
from aurora.shrink.report import (
    REPORT_FILES,
    read_report,
    report_json,
    report_markdown,
    write_report,
)
from aurora.shrink.report_cells import interval_text
from aurora.shrink.report_html import report_html
from aurora.shrink.report_pictures import pictures_of
from aurora.shrink.report_tables import tables_of, verdict_lines
from aurora.train.interval import Interval
from comparison_sample import comparison

HOSTILE = "<script>alert(1)</script> | ![x](http://example.invalid/a) `b` $\\frac{ & \"'\n# head\n"


@pytest.fixture(scope="module")
def sample() -> Comparison:
    return comparison()


@pytest.fixture(scope="module")
def page(sample: Comparison) -> str:
    return report_html(sample)


class Page(HTMLParser):
    """Tags, attributes and text of a page, as a browser sees them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_three_files_and_the_json_reads_back(sample: Comparison, tmp_path: Path) -> None:
    paths = write_report(tmp_path / "report", sample)
    assert [path.name for path in paths] == list(REPORT_FILES)
    assert read_report(tmp_path / "report" / "report.json") == sample
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == sorted(REPORT_FILES)


def test_the_same_comparison_gives_the_same_bytes(sample: Comparison, page: str) -> None:
    assert report_html(comparison()) == page
    assert report_markdown(comparison()) == report_markdown(sample)
    assert report_json(comparison()) == report_json(sample)


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_every_arm_is_there_made_or_not(sample: Comparison, page: str, form: str) -> None:
    text = report_markdown(sample) if form == "markdown" else Page(page).text
    for name in ARMS:
        assert name in text
    assert "not asked for" in text and "no emulator in this test" in text
    for table in tables_of(sample):
        if table.head[:1] == ("arm",) and table.title.startswith(("What", "Scores", "Alarms")):
            assert [row[0] for row in table.rows] == list(ARMS), table.title


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_the_chosen_arm_is_named_with_its_reason(sample: Comparison, page: str, form: str) -> None:
    text = report_markdown(sample) if form == "markdown" else Page(page).text
    assert "The arm that ships is ptq, whatever its name" in text
    assert sample.reason in text
    assert (
        page.count('<tr class="chosen">')
        == page.count("<td>ptq</td>") - page.count("<td>ptq</td><td>ptq for")
        or page.count('<tr class="chosen">') > 0
    )


def test_no_arm_under_the_budget_is_said() -> None:
    found = list(verdict_lines(comparison(chosen=None, reason="flash binds: 9,000 of 5,000 bytes.")))
    assert found[0] == "No arm ships: flash binds: 9,000 of 5,000 bytes."


def test_losing_arms_are_told_as_losing(sample: Comparison) -> None:
    text = "\n".join(verdict_lines(sample))
    assert re.search(r"pruned against plain, AUROC.*, worse\.", text)
    assert re.search(r"distilled against plain, AUROC.*no difference shown\.", text)


def test_intervals_in_the_tables_are_those_of_the_seeds(sample: Comparison) -> None:
    table = next(t for t in tables_of(sample) if t.title.startswith("Scores by window"))
    column = table.head.index(figure("auroc").title)
    for row in table.rows:
        arm = sample.arm(row[0])
        expected = interval_text(over_seeds(arm, figure("auroc")), 3) if arm is not None else "-"
        assert row[column] == expected
    assert interval_text(Interval(0.9123, 0.9, 0.95, 5), 3) == "0.912 (0.900 to 0.950)"
    assert interval_text(Interval(0.9123, None, None, 1), 3) == "0.912 (n = 1)"


def test_summary_holds_means_intervals_and_differences(sample: Comparison) -> None:
    found = json.loads(report_json(sample))["summary"]
    assert found["chosen"] == "ptq"
    auroc = found["arms"]["pruned"]["auroc"]
    assert auroc["n"] == 5 and auroc["low"] < auroc["mean"] < auroc["high"]
    assert auroc["difference"]["excludes_zero"] is True and auroc["difference"]["mean"] < 0
    assert auroc["difference"]["against"] == "plain"
    assert auroc["over_units"]["n"] == 3


def test_page_holds_all_that_it_shows(page: str) -> None:
    found = Page(page)
    assert found.links and all(link.startswith("data:image/svg+xml;base64,") for link in found.links)
    assert "script" not in found.tags and "link" not in found.tags and "iframe" not in found.tags
    assert "http://" not in page and "https://" not in page
    assert found.tags.count("img") == 4


def test_pictures_are_svg_that_fetches_nothing(page: str) -> None:
    for link in Page(page).links:
        svg = base64.b64decode(link.split(",", 1)[1]).decode()
        root = ElementTree.fromstring(svg)
        assert root.tag.endswith("svg")
        targets = [v for e in root.iter() for k, v in e.attrib.items() if k.endswith("href")]
        assert all(target.startswith("#") for target in targets)


def test_hostile_text_stays_text() -> None:
    made = comparison(
        model=HOSTILE, reason=HOSTILE, limits=(HOSTILE,), facts={HOSTILE: HOSTILE}, asked=HOSTILE,
        board=HOSTILE, timeline=Timeline(HOSTILE, (0.0, 1.0), (0, 1), (False, True), 0, 1.0, None),
    )  # fmt: skip
    made = replace(made, arms=(*made.arms, replace(made.arms[0], name=HOSTILE, note=HOSTILE)))
    page = Page(report_html(made))
    assert "script" not in page.tags and "a" not in page.tags
    assert page.tags.count("img") == 4 and all(link.startswith("data:") for link in page.links)
    assert "<script>alert(1)</script>" in page.text
    for line in report_markdown(made).splitlines():
        assert not re.search(r"(?<!\\)<", line) and not line.startswith("# head")
        assert not re.search(r"(?<!\\)!\[", line) and not re.search(r"(?<!\\)\]\(", line)


@pytest.mark.parametrize("text", ["- a", "+ a", "= a", "# a", "> a", "[a]: b", "* a"])
def test_a_sentence_begins_no_block(text: str) -> None:
    assert escape_line(text).startswith("\\")


def test_markdown_tables_keep_their_columns() -> None:
    made = comparison(facts={"a | b": "c | d"})
    for block in re.findall(r"(?:^\|.*\n)+", report_markdown(made), flags=re.MULTILINE):
        counts = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(counts) == 1, block


def test_pictures_do_without_what_is_not_there() -> None:
    bare = comparison(timeline=None, pareto=(), device=None)
    captions = [caption for caption, _ in pictures_of(bare)]
    assert len(captions) == 2
    without = tuple(
        replace(arm, seeds=tuple(replace(s, calibration={}) for s in arm.seeds)) for arm in bare.arms
    )
    assert len(list(pictures_of(replace(bare, arms=without)))) == 1


def test_one_seed_has_no_interval_and_makes_no_claim(sample: Comparison) -> None:
    one = tuple(replace(arm, seeds=arm.seeds[:1]) for arm in sample.arms)
    text = report_markdown(replace(sample, arms=one))
    assert "one seed: nothing can be said" in text and " better" not in text.replace("better or worse", "")
    assert report_html(replace(sample, arms=one))


def test_device_arm_stands_beside_the_others(sample: Comparison) -> None:
    last = sample.arm("ptq")
    assert last is not None
    device = Arm("device", "board", last.seeds[:1], last.cost, ships=False, note="on mps2_an386")
    absent = dict.fromkeys(("qat", "linear"), "not asked for")
    text = report_markdown(replace(sample, arms=(*sample.arms, device), absent=absent))
    assert "(n = 1)" in text and "| device | board |" in text


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"comparison": {}}', b"[" * 100_000], ids=range(5))
def test_a_file_that_is_no_report_is_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_report(path)
    assert "\n" not in str(caught.value) and "report.json" in str(caught.value)


def test_a_report_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="report"):
        read_report(tmp_path / "report.json")
