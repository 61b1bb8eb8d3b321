"""The number guard: a page that shows less than was assigned, or something else, says so within its view."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

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
