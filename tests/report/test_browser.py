"""The page of a real run, and of a comparison, in a real browser: Debian's Chromium.

``ARCLOOP_SCREENSHOTS=FOLDER`` keeps pictures of what it saw; ``make screenshots`` makes those of the documentation, from the
runs of ``make demo``, which ``ARCLOOP_DEMO`` names.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium")

# CI installs it: there, a page that nobody has opened is no page.
pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="no chromium; apt-get install chromium brings it"
)

WIDE, PHONE = (1280, 900), (390, 844)
IDS = ("25ff71a9", "67a3c6ac", "3c9b0459")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Without its own sandbox, which root cannot have; the page is ours.
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the embedded model in two rounds with learning between them, beside random programs."""
    folder = tmp_path_factory.mktemp("runs")
    common = ["--tasks", "arc1-train", "--task-ids", *IDS, "--seed", "3"]
    learn = [*common, "--rounds", "2", "--programs", "8", "--group-size", "0", "--sampling.max-tokens", "96"]
    arcloop("run", *learn, "--training.epochs", "1", "--out", folder / "learn")
    arcloop("run", *common, "--rounds", "1", "--programs", "16", "--model", "grammar", "--out", folder / "random")
    groups = ["--group", f"random={folder / 'random'}", f"search and learn={folder / 'learn'}"]
    arcloop("compare", *groups, "--report", folder / "compared.html")
    return folder


def arcloop(*arguments: object) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "arcloop.cli", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


class Opened:
    """A page, and what went wrong in it."""

    def __init__(self, browser: Browser, path: Path, size: tuple[int, int], dark: bool = False) -> None:
        scheme = "dark" if dark else "light"
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion="reduce"
        )
        self.page: Page = self.context.new_page()
        self.wrong: list[str] = []
        self.page.on("console", lambda message: self.wrong.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", lambda request: self.asked(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("html[data-ready]", timeout=60_000)

    def asked(self, url: str) -> None:
        if not url.startswith(("file:", "data:", "blob:")):
            self.wrong.append(f"asked for {url}")

    def seen(self, name: str, whole: bool = False) -> None:
        """Nothing is wrong with what is shown now, for anybody."""
        assert self.wrong == [], name
        across = self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert across[0] <= across[1], f"{name}: wider than the window"
        found = Axe().run(self.page).response["violations"]
        serious = [
            (v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found if v["impact"] in ("serious", "critical")
        ]
        assert serious == [], name
        if folder := os.environ.get("ARCLOOP_SCREENSHOTS"):
            self.page.evaluate("drawAll()")
            # Few colours: a fifth of the bytes.
            with Image.open(BytesIO(self.page.screenshot(full_page=whole))) as image:
                image.convert("RGB").quantize(128).save(Path(folder) / f"{name}.png", optimize=True)


def test_a_report_is_looked_at(browser: Browser, report: Path) -> None:
    opened = Opened(browser, report / "learn" / "report.html", WIDE)
    page = opened.page
    expect(page.locator("h1:visible")).to_contain_text("tasks solved")
    expect(page.locator("#lead .film")).to_have_count(3)
    assert page.evaluate(
        "[...document.querySelectorAll('.chart canvas')].every((c) => c.getAttribute('aria-label').length > 20)"
    )
    opened.seen("overview", whole=True)

    page.get_by_role("link", name="Tasks", exact=True).click()
    expect(page.locator(".card")).to_have_count(3)
    page.locator("#task-search").fill("67A3")
    expect(page.locator(".card")).to_have_count(1)
    page.locator("#task-search").fill("")
    states = page.locator(".card").evaluate_all("(cards) => cards.map((card) => card.dataset.state)")
    page.locator("#task-state").select_option(states[0])
    expect(page.locator(".card")).to_have_count(states.count(states[0]))
    page.locator("#task-state").select_option("")
    page.locator("#task-order").select_option("score")
    page.locator(".card").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("[...document.querySelectorAll('.card')].indexOf(document.activeElement)") == 1
    opened.seen("tasks")

    page.keyboard.press("Enter")
    expect(page.locator("#task h1")).to_be_visible()
    frames = page.locator("#task .strip").first.locator("li:not(.target)")
    expect(frames).to_have_count(2)
    expect(page.locator("#task .source .token").first).to_be_visible()  # highlighted
    expect(frames.nth(1).locator("[aria-current]")).to_have_count(1)
    page.keyboard.press("ArrowLeft")
    expect(frames.nth(0).locator("[aria-current]")).to_have_count(1)
    page.locator("#task .on").click()
    expect(frames.nth(1).locator("[aria-current]")).to_have_count(1)
    # Who goes on by keyboard stays where they were, or comes to the other button at the end.
    expect(page.locator("#task .back")).to_be_focused()
    page.get_by_role("button", name="Test 1").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Test 1")).to_be_focused()
    expect(page.locator("#task .target").first).to_contain_text("Test 1")
    page.locator(".program summary").first.click()
    expect(page.locator(".program[open] .outputs canvas").first).to_be_visible()
    # Drawn in ARC's black, then in the other palette's colours.
    cells = "(canvas) => canvas.toDataURL()"
    grid = page.locator("#task canvas.grid").nth(1)
    before = grid.evaluate(cells)
    page.locator("#palette").select_option("safe")
    assert grid.evaluate(cells) != before
    page.locator("#palette").select_option("arc")
    opened.seen("task", whole=True)
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    expect(page.locator("#task h1")).to_be_visible()

    page.keyboard.press("j")
    page.get_by_role("link", name="Programs", exact=True).click()
    expect(page.locator("#program-count")).to_contain_text("programs")
    page.locator("#program-search").fill("def transform")
    expect(page.locator("#program-list .program").first).to_be_visible()
    page.locator("#program-search").fill("no program says this")
    expect(page.locator("#program-list .program")).to_have_count(0)
    page.locator("#program-search").fill("")
    page.locator("#theme").select_option("dark")
    expect(page.locator("#program-list .program").first).to_be_visible()
    opened.seen("programs")
    opened.context.close()


def test_a_comparison_on_a_phone_and_in_the_dark(browser: Browser, report: Path) -> None:
    opened = Opened(browser, report / "compared.html", PHONE, dark=True)
    page = opened.page
    expect(page.locator("h1:visible")).to_contain_text("With equally many programs")
    expect(page.locator("#lead .film").first.locator(".reel")).to_have_count(2)
    opened.seen("phone", whole=True)
    page.locator("#lead .film a").first.click()
    expect(page.locator("#task h1")).to_be_visible()
    opened.seen("phone-task", whole=True)
    page.locator("#run").select_option("0")
    expect(page.locator("#task .reel h3").first).to_contain_text("In search and learn")
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    page.get_by_role("link", name="Overview").click()
    opened.seen("compared", whole=True)
    opened.context.close()


def test_what_the_documentation_shows(browser: Browser, report: Path) -> None:
    path = (
        Path(os.environ["ARCLOOP_DEMO"]) / "report.html" if "ARCLOOP_DEMO" in os.environ else report / "compared.html"
    )
    opened = Opened(browser, path.resolve(), WIDE)
    expect(opened.page.locator("#lead .film").first.locator(".reel")).to_have_count(2)
    opened.seen("report-overview")
    opened.page.locator("#lead .film a").nth(1).click()
    expect(opened.page.locator("#task .source .token").first).to_be_visible()
    opened.page.get_by_role("heading", name="The film").evaluate("(heading) => heading.scrollIntoView()")
    opened.seen("report-task")
    opened.context.close()
    opened = Opened(browser, path.resolve(), PHONE, dark=True)
    opened.seen("report-phone")
    opened.context.close()
