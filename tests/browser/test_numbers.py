"""Number substitution in real pages: every place that a number stands in, however late, and nothing else."""

from __future__ import annotations

import json

from playwright.sync_api import Browser

from tests.browser.shop import DEFAULT, NUMBER, Visit, visit

NATIONAL = NUMBER[3:]


def digits(text: str | None) -> str:
    return "".join(mark for mark in text or "" if mark.isdigit())


def test_every_place_of_a_number(browser: Browser) -> None:
    with Visit(browser) as seen:
        page = seen.swapped()
        head = page.locator("#head")
        assert head.inner_html() == "<b>+48 22</b> <span>111 <i>00 01</i></span>", "digit for digit, the mark-up stays"
        assert head.get_attribute("href") == f"tel:{NUMBER}"
        assert head.get_attribute("aria-label") == "Call us: +48 22 111 00 01"
        assert page.locator("#foot").text_content() == "22\u00a0111-00-01"
        assert page.locator("#fax").text_content() == "22 123 00 00", "data-pbx-noswap"
        assert (page.locator("#link").text_content(), page.locator("#link").get_attribute("href")) == (
            "22 111 00 01",
            f"tel:{NUMBER}",
        )
        assert "order number 221 230 001" in (page.locator("#order").text_content() or ""), "no number of ours"
        script = page.locator("script[type='application/ld+json']").text_content() or ""
        assert json.loads(script)["telephone"] == "+48 22 111 00 01"
        (first,) = seen.of("/t/visit")
        assert (first["page"], first["lines"], first["site"]) == ("https://shop.example/", ["main"], "pk_shop12345678")
        page.evaluate("() => window.shopView('/boots/ridge', 'Questions? +48 22 123 00 00')")
        assert page.locator("#view").text_content() == "Questions? +48 22 111 00 01", (
            "late nodes, before they are painted"
        )
        seen.until(
            lambda: [body for body in seen.of("/t/visit") if body["page"].endswith("/boots/ridge")],
            "the view",
        )
        page.evaluate("() => { document.querySelector('#view').firstChild.data = 'Now (22) 123.00.00!' }")
        assert page.locator("#view").text_content() == "Now (22) 111.00.01!"
        page.evaluate(
            """() => {
                const script = document.createElement('script')
                script.type = 'application/ld+json'
                script.append('{"telephone": "+48-22-123-00-00"}')
                document.head.append(script)
            }"""
        )
        late = page.locator("script[type='application/ld+json']").last
        assert json.loads(late.text_content() or "")["telephone"] == "+48-22-111-00-01"
        assert (seen.violations, seen.errors) == ([], [])


def test_a_picture_that_is_a_link_stays_one(browser: Browser) -> None:
    icon = '<a id="icon" data-pbx-number href="tel:+48221230000" aria-label="Call +48 22 123 00 00"><svg></svg></a>'
    with Visit(browser, html=lambda text: text.replace("<main>", f"<main>{icon}")) as seen:
        seen.page.clock.install()
        page = seen.swapped()
        link = page.locator("#icon")
        assert (link.get_attribute("href"), link.text_content()) == (f"tel:{NUMBER}", "")
        assert link.get_attribute("aria-label") == "Call +48 22 111 00 01"
        for _ in range(6):
            page.clock.run_for(1000)
        seen.until(lambda: len(seen.reports()) == 3, "the reports")
        assert "#icon" not in {report["selector"] for report in seen.reports()}


def test_masks_and_masked_numbers(browser: Browser) -> None:
    answers = {"/t/reveal": lambda body: (200, {"number": "+48584440002", "international": "+48 58 444 00 02"})}
    with Visit(browser, answers=answers) as seen:
        page = seen.swapped("/contact.html", "#shop")
        assert page.locator("#shop").text_content() == "+48 221 110 001"
        assert page.locator("#other").text_content() == "+48 22 999 11 11"
    with Visit(browser, answers=answers) as seen:
        page = seen.swapped("/dealers.html", "#foot")
        near, far = page.locator("#krakow"), page.locator("#gdansk")
        assert (near.text_content(), near.get_attribute("href"), near.get_attribute("role")) == (
            "+48 12 444 XX XX",
            None,
            "button",
        )
        near.click()
        assert (near.text_content(), near.get_attribute("href")) == ("+48 12 444 00 01", "tel:+48124440001")
        far.focus()
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.querySelector('#gdansk').textContent === '+48 58 444 00 02'")
        assert [body["masked"] for body in seen.of("/t/reveal")] == ["krakow", "gdansk"]
        assert seen.errors == []


def test_the_number_of_the_page_stays_when_anything_fails(browser: Browser) -> None:
    for answers in (
        {"/w.js": (0, b"")},
        {"/t/visit": (503, {"error": "busy"}), "/w/config": (500, {})},
        {"/t/visit": (200, b"<html>"), "/w/config": (200, b"<html>")},
    ):
        with Visit(browser, answers=answers) as seen:
            page = seen.open()
            if "/w.js" not in answers:
                seen.until(lambda seen=seen: seen.of("/t/visit"), "the visit")
            page.evaluate("() => new Promise((done) => setTimeout(done, 50))")
            assert digits(page.locator("#head").text_content()) == DEFAULT[1:]
            assert page.locator("#link").get_attribute("href") == "tel:221230000"


def test_a_page_that_writes_back_is_let_be(browser: Browser) -> None:
    """A framework that renders its own state again must not fight with us for ever."""
    with Visit(browser) as seen:
        page = seen.swapped()
        page.evaluate(
            """() => {
                window.writes = 0
                const node = document.querySelector('#foot').firstChild
                new MutationObserver(() => {
                    if (node.data === '22 123 00 00' || ++window.writes > 1000) return
                    node.data = '22 123 00 00'
                }).observe(node, { characterData: true })
                node.data = '22 123 00 00'
            }"""
        )
        report = seen.until(lambda: [each for each in seen.reports() if each["verdict"] == "overwritten"], "the report")
        assert report[0]["selector"] == "#foot"
        assert page.evaluate("() => window.writes") <= 6


def test_nothing_is_stored_before_consent(browser: Browser) -> None:
    kept = visit(visitor="u1", keep_days=30)
    with Visit(browser, answers={"/t/visit": lambda body: (200, kept if body.get("consent") else visit())}) as seen:
        page = seen.swapped()
        stored = "() => [document.cookie, localStorage.length, sessionStorage.length].join()"
        assert page.evaluate(stored) == ",0,0"
        page.evaluate("() => pbx.push(['consent', { tracking: true }])")
        page.wait_for_function("() => localStorage.length === 1 && sessionStorage.length === 1")
        last = seen.of("/t/visit")[-1]
        assert (last["consent"], last["same_page"], last["session"]) == ({"tracking": True}, True, "s1")
        seen.posts.clear()
        seen.answers["/t/visit"] = (0, b"")
        page.goto("https://shop.example/contact.html")
        page.wait_for_function("() => document.querySelector('#shop').textContent === '+48 221 110 001'")
        again = seen.until(lambda: seen.of("/t/visit"), "the visit")
        assert (again[0]["visitor"], again[0]["session"]) == ("u1", "s1"), "the visitor keeps his number"
        page.evaluate("() => pbx.push(['consent', { tracking: false }])")
        page.wait_for_function("() => localStorage.length === 0 && sessionStorage.length === 0")


def test_a_second_copy_does_nothing(browser: Browser) -> None:
    twice = '<script async src="https://pbx.example/w.js" data-key="pk_shop12345678"></script></body>'
    heard = "document.addEventListener('pbx:duplicate', () => window.twice = true)"
    with Visit(browser, html=lambda text: text.replace("</body>", twice), scripts=heard) as seen:
        page = seen.swapped()
        page.wait_for_function("() => window.twice")
        assert len(seen.of("/t/visit")) == 1
