"""The number guard: a page that shows less than was assigned, or something else, says so within its view."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.shop import NUMBER, Visit, visit

RUSSIAN = {"main": {"number": "+74957654321", "international": "+7 495 765-43-21", "default": "+74951234567"}}


def test_the_mark_up_that_hides_the_last_digits(browser: Browser) -> None:
    """Catalogue A7.3: assigned +7 (495) 765-43-21, shown +7 (495) 765-."""

    def shop(text: str) -> str:
        shown = '<span id="foot" class="foot">+7 (495) <span>123-</span><span id="rest">45-67</span></span>'
        return text.replace('<span id="foot">22&nbsp;123-00-00</span>', shown)

    hide = "setTimeout(() => document.querySelector('#rest').style.display = 'none', 0)"
    with Visit(
        browser, {"departments": [], "countries": []}, html=shop, answers={"/t/visit": (200, visit(numbers=RUSSIAN))}
    ) as seen:
        page = seen.open("/")
        page.wait_for_function("() => document.querySelector('#rest').textContent === '43-21'")
        page.evaluate(hide)
        (report,) = seen.until(seen.reports, "the report")
        assert (report["verdict"], report["shown"], report["assigned"]) == (
            "truncated",
            "+7 (495) 765-",
            "+74957654321",
        )
        assert (report["selector"], report["session"]) == ("#foot", "s1")
        assert report["page"] == "https://shop.example/"


WRONG = {
    "narrow": ("truncated", "node.className = 'narrow'; node.style.maxWidth = '4em'"),  # overflow and an ellipsis
    "cut": ("truncated", "node.textContent = '22 111-00-'"),
    "covered": (
        "truncated",
        "const over = document.createElement('i'); document.body.append(over); const at = node.getBoundingClientRect();"
        "Object.assign(over.style, {position: 'absolute', background: '#fff', width: '30px', height: at.height + 'px',"
        "left: at.right - 30 + scrollX + 'px', top: at.top + scrollY + 'px'})",
    ),
    "words": ("overwritten", "node.textContent = 'call us'"),
    "other": ("overwritten", "node.textContent = '22 765 43 21'"),
    "faded": ("blocked", "node.style.opacity = '0'"),
    "clear": ("blocked", "node.style.color = 'rgba(0, 0, 0, 0)'"),
}


@pytest.mark.parametrize("names", [("narrow", "cut", "covered"), ("words", "other", "faded", "clear")])
def test_what_is_wrong_with_a_number(browser: Browser, names: tuple[str, ...]) -> None:
    lines = "".join(f'<p>Call <span id="{name}">22 123 00 00</span>!</p>' for name in names)
    with Visit(browser, html=lambda text: text.replace("<main>", f"<main>{lines}")) as seen:
        page = seen.swapped("/", f"#{names[-1]}")
        for name in names:
            page.evaluate(f"() => {{ const node = document.querySelector('#{name}'); {WRONG[name][1]} }}")
        seen.until(lambda: len(seen.reports()) == len(names), "the reports")
        found = {report["selector"]: report["verdict"] for report in seen.reports()}
        assert found == {f"#{name}": WRONG[name][0] for name in names}
        assert {(report["assigned"], report["line"]) for report in seen.reports()} == {(NUMBER, "main")}
        assert seen.violations == []


def test_a_link_to_another_number(browser: Browser) -> None:
    """What hydration does: one number is shown, another one is linked, and set again as often as we correct it."""
    insist = """() => {
        const link = document.querySelector('#link')
        const other = 'tel:+48229999999'
        const set = () => link.getAttribute('href') === other || link.setAttribute('href', other)
        new MutationObserver(set).observe(link, { attributes: true })
        set()
    }"""
    with Visit(browser) as seen:
        page = seen.swapped()
        page.evaluate(insist)
        (report,) = seen.until(seen.reports, "the report")
        assert (report["verdict"], report["href"], report["shown"]) == ("href_mismatch", "+48229999999", "22 111 00 01")


def test_what_is_good_is_told_once(browser: Browser) -> None:
    with Visit(browser) as seen:
        seen.page.clock.install()
        page = seen.swapped()
        page.locator("#fax").evaluate("node => node.style.display = 'none'")  # none of ours
        page.evaluate("() => { document.querySelector('header').style.cssText = 'position: sticky; top: 0' }")
        for _ in range(5):
            page.clock.run_for(1500)
        seen.until(lambda: len(seen.reports()) == 3, "the reports")
        assert {report["selector"] for report in seen.reports()} == {"#head", "#foot", "#link"}
        assert {(report["verdict"], report["assigned"]) for report in seen.reports()} == {("number_ok", NUMBER)}


def calm(seen: Visit, path: str = "/") -> Page:
    """The page five seconds later, when all was good; time is the test's from now on."""
    seen.page.clock.install()
    page = seen.swapped(path)
    for _ in range(6):
        page.clock.run_for(1000)
    seen.until(lambda: len(seen.reports()) == 3, "the reports")
    assert {report["verdict"] for report in seen.reports()} == {"number_ok"}
    seen.posts.clear()
    return page


LATE = {
    "text": ("overwritten", "document.querySelector('#foot').textContent = '22 765 43 21'"),
    "element": (
        "overwritten",
        "const old = document.querySelector('#foot'); const other = document.createElement('span');"
        "other.id = 'foot'; other.textContent = '22 765 43 21'; old.replaceWith(other)",
    ),
    "style": (
        "truncated",
        "const node = document.querySelector('#foot'); node.className = 'narrow'; node.style.maxWidth = '4em'",
    ),
    "sheet": (
        "blocked",
        "const s = new CSSStyleSheet(); s.replaceSync('#foot { opacity: 0 }'); document.adoptedStyleSheets = [s]",
    ),
}


@pytest.mark.parametrize("name", LATE)
def test_what_happens_long_after_it_was_written(browser: Browser, name: str) -> None:
    """A script of somebody else comes a minute later; each fault is told once, however often it is seen."""
    verdict, change = LATE[name]
    with Visit(browser) as seen:
        page = calm(seen)
        page.clock.run_for(60_000)
        page.evaluate(f"() => {{ {change} }}")
        page.clock.run_for(16_000)
        seen.until(seen.reports, "the report")
        page.clock.run_for(120_000)
        page.evaluate("() => document.body.append('.')")
        page.clock.run_for(5_000)
        assert [(each["selector"], each["verdict"]) for each in seen.reports()] == [("#foot", verdict)]
        assert seen.errors == []


def test_what_says_something_else_for_a_moment_is_no_fault(browser: Browser) -> None:
    with Visit(browser) as seen:
        page = calm(seen)
        page.evaluate(
            """() => {
                const node = document.querySelector('#foot').firstChild
                const before = node.data
                node.data = 'Copied!'
                setTimeout(() => node.data = before, 2000)
            }"""
        )
        page.clock.run_for(20_000)
        page.clock.run_for(20_000)
        assert page.locator("#foot").text_content() == "22\u00a0111-00-01"
        assert seen.reports() == []


def test_another_view_is_looked_at_anew(browser: Browser) -> None:
    with Visit(browser) as seen:
        page = calm(seen)
        page.evaluate("() => window.shopView('/boots/ridge', 'Questions? +48 22 123 00 00')")
        page.clock.run_for(1000)
        seen.until(lambda: seen.of("/t/visit"), "the view")
        for _ in range(7):
            page.clock.run_for(1000)
        seen.until(lambda: len(seen.reports()) == 3, "the reports of the new view")
        assert {(each["page"], each["verdict"]) for each in seen.reports()} == {
            ("https://shop.example/boots/ridge", "number_ok")
        }
        seen.posts.clear()
        page.evaluate("() => window.shopView('/about', 'We make boots')")  # the number is gone with its view
        for _ in range(9):
            page.clock.run_for(1000)
        seen.until(lambda: len(seen.reports()) == 2, "the reports of the last view")
        assert {each["verdict"] for each in seen.reports()} == {"number_ok"}


def test_a_page_that_never_rests_is_looked_at_once_a_second(browser: Browser) -> None:
    count = """window.looks = 0
    const rects = Range.prototype.getClientRects
    Range.prototype.getClientRects = function () { window.looks++; return rects.call(this) }"""
    with Visit(browser, scripts=count) as seen:
        page = calm(seen)
        page.clock.run_for(5000)
        one = page.evaluate("() => { const before = window.looks; window.looks = 0; return before }")
        assert one > 0
        page.evaluate("() => setInterval(() => document.body.classList.toggle('dancing'), 16)")
        page.clock.run_for(1000)
        page.evaluate("() => window.looks = 0")
        page.clock.run_for(10_000)
        marks = page.evaluate(
            "() => ['#head', '#foot', '#link'].map((each) => document.querySelector(each).textContent).join('').length"
        )
        assert 9 * marks * 0.6 <= page.evaluate("() => window.looks") <= 11 * marks
        assert seen.reports() == []
