"""The callback widget in a real browser: with the keyboard alone, for screen readers, on telephones, under a policy."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.shop import NUMBER, REQUESTED, ROOT, Visit, events

AXE = ROOT / "widget" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = ROOT / "build" / "widget"
EVENTS = """window.dataLayer = []; window.heard = []
for (const name of ['open', 'requested', 'ringing', 'connected', 'failed', 'close'])
  document.addEventListener('pbx:' + name, (event) => window.heard.push(name))"""
RINGING = {**REQUESTED, "state": "ringing"}
CONNECTED = {**REQUESTED, "state": "connected"}
OVER = {**CONNECTED, "over": True}


def taken(state: dict[str, Any] | None = None, *then: dict[str, Any]) -> dict[str, Any]:
    return {"/w/request": (201, state or REQUESTED), "/w/request/t.0/events": (200, events(*then))}


def focused(page: Page) -> str:
    """Which element of the widget has the focus."""
    found: str = page.evaluate(
        """() => { const inside = document.querySelector('pbx-callback').shadowRoot.activeElement
                   return inside ? inside.id || inside.className || inside.tagName : document.activeElement.tagName }"""
    )
    return found


def test_with_the_keyboard_alone(browser: Browser, settings: Any) -> None:
    answers = taken(None, REQUESTED, RINGING, CONNECTED, OVER)
    with Visit(browser, settings(), answers=answers, scripts=EVENTS) as seen:
        page = seen.swapped()
        panel = page.get_by_role("dialog")
        page.get_by_role("button", name="Request a call").focus()
        page.keyboard.press("Enter")
        assert panel.get_by_role("heading").text_content() == "We will call you back within 28 seconds"
        assert focused(page) == "n"
        around = []
        for _ in range(5):
            around.append(focused(page))
            page.keyboard.press("Tab")
        assert around == ["n", "send", "link", "x", "n"], "the focus goes round in the dialog"
        page.keyboard.press("Escape")
        assert panel.count() == 0
        assert focused(page) == "go"
        page.keyboard.press("Enter")
        page.keyboard.type("60010020")
        page.keyboard.press("Enter")
        error = panel.get_by_role("alert")
        assert error.text_content() == "Enter your full phone number: digits are missing."
        assert focused(page) == "n"
        page.keyboard.type("0")
        assert panel.get_by_label("Your phone number").input_value() == "600 100 200"
        assert error.count() == 0
        page.keyboard.press("Enter")
        panel.get_by_text("Enjoy your conversation!").wait_for()
        heard = page.evaluate("() => window.heard")
        assert heard == ["open", "close", "open", "requested", "ringing", "connected"]
        assert [each["event"] for each in page.evaluate("() => window.dataLayer")] == [f"pbx:{name}" for name in heard]
        assert focused(page) == "x", "the focus is not lost with the form"
        (wish,) = seen.of("/w/request")
        assert (wish["number"], wish["queue"], wish["visit"], wish["at"]) == ("+48600100200", "sales", "v1", 0)
        assert wish["offer"] == seen.config["departments"][0]["offer"]
        assert wish["consent"] == {"version": seen.config["consent"]["version"], "given": True}
        work = seen.config["work"]
        digest = hashlib.sha256(f"{work['challenge']}:{wish['number']}:{wish['work']['counter']}".encode()).digest()
        assert digest[0] == 0, "eight bits of work"
        assert (seen.violations, seen.errors) == ([], [])


def test_when_it_fails_and_when_it_is_refused(browser: Browser, settings: Any) -> None:
    refused = {"error": "premium", "text": "We cannot call this number."}
    stale = {"error": "stale", "text": "", "work": {"challenge": "new", "bits": 4}}
    replies = [(403, refused), (409, stale), (201, REQUESTED)]
    failed = {**REQUESTED, "state": "failed", "at": 1_900_000_000, "sms": True}
    answers = {
        "/w/request": lambda _body: replies.pop(0),
        "/w/request/t.0/events": (503, {}),  # no stream: the page asks instead
        "/w/request/t.0": (200, failed),
    }
    with Visit(browser, settings(), answers=answers, scripts=EVENTS) as seen:
        page = seen.swapped()
        page.evaluate("() => document.querySelector('#talk').click()")  # the page's own button: pbx.push(['open'])
        panel = page.get_by_role("dialog")
        panel.get_by_label("Your phone number").fill("701 234 567")
        panel.get_by_role("button", name="Call me").click()
        panel.get_by_text("We cannot call this number.").wait_for()
        panel.get_by_role("button", name="Call me").click()
        panel.get_by_text("We could not reach you").wait_for()
        said = panel.inner_text()
        assert "We will call again: " in said
        assert "We have sent you a text message, too." in said
        assert seen.of("/w/request")[-1]["work"]["challenge"] == "new", "the work was done again"
        panel.get_by_role("button", name="Cancel the request").click()
        seen.until(lambda: seen.of("/w/request/t.0/cancel"), "the cancellation")
        assert page.evaluate("() => window.heard").count("failed") == 2


def test_a_hotline_that_is_new_calls_at_once_and_promises_no_seconds(browser: Browser, settings: Any) -> None:
    with Visit(browser, settings(seconds=None, silence="data"), answers=taken(None, REQUESTED)) as seen:
        page = seen.swapped()
        page.get_by_role("button", name="Request a call").click()
        panel = page.get_by_role("dialog")
        title = panel.get_by_role("heading")
        assert title.text_content() == "We will call you as soon as an agent is free"
        panel.get_by_role("button", name="I would rather talk later").click()
        assert title.text_content() == "When should we call you?"
        panel.get_by_label("Time").wait_for()
        panel.get_by_role("button", name="I would rather talk now").click()
        panel.get_by_label("Your phone number").fill("600 100 200")
        panel.get_by_role("button", name="Call me").click()
        panel.get_by_text("We have your request").wait_for()
        assert panel.locator(".count").text_content() == "", "no seconds are counted"
        (wish,) = seen.of("/w/request")
        assert (wish["number"], wish["at"], wish["offer"]) == ("+48600100200", 0, "")


def test_what_is_wrong_with_a_number_is_said(browser: Browser, settings: Any) -> None:
    config = settings("pl", countries=["PL", "RU"])
    with Visit(browser, config, answers=taken(None, REQUESTED)) as seen:
        page = seen.swapped()
        page.get_by_role("button", name="Zamów rozmowę").click()
        panel = page.get_by_role("dialog")
        field, error = panel.get_by_label("Twój numer telefonu"), panel.get_by_role("alert")
        for typed, said in (
            ("+49 30 1234567", "Do tego kraju nie dzwonimy. Dzwonimy pod numery PL +48, RU +7."),
            ("+48 600", "Podaj pełny numer telefonu: brakuje cyfr."),
            ("600100200 wew. 5", "To nie jest numer telefonu. Wpisz same cyfry, bez numeru wewnętrznego."),
        ):
            field.fill(typed)
            field.press("Enter")
            assert (error.text_content(), field.get_attribute("aria-invalid")) == (said, "true"), typed
        assert not seen.of("/w/request")
        field.fill("\u202a+48 (0) ６００ 100 200\u202c")  # as an address book copies it
        field.press("Enter")
        panel.get_by_text("Mamy Twoją prośbę").wait_for()
        assert [wish["number"] for wish in seen.of("/w/request")] == ["+48600100200"]


def test_a_slot_when_nothing_can_be_promised(browser: Browser, settings: Any) -> None:
    titles = [{"queue": "sales", "title": {"en": "Sales"}}, {"queue": "service", "title": {"en": "Service"}}]
    config = settings(seconds=None, departments=titles, countries=["PL", "RU"], consent_ask=True)
    scheduled = {**REQUESTED, "state": "scheduled", "at": config["departments"][1]["slots"][3]}
    with Visit(browser, config, answers=taken(scheduled, scheduled)) as seen:
        page = seen.swapped()
        page.get_by_role("button", name="Request a call").click()
        panel = page.get_by_role("dialog")
        assert panel.get_by_role("heading").text_content() == "When should we call you?"
        panel.get_by_label("Department").select_option("service")
        panel.get_by_label("Your phone number").fill("+7 916 123-45-67")
        assert panel.get_by_label("Country").input_value() == "RU"
        panel.get_by_role("button", name="Call me at this time").click()
        assert panel.get_by_role("alert").text_content() == "Tick the box so that we may call you."
        panel.get_by_role("checkbox").check()
        first = panel.get_by_label("Time").input_value()
        panel.get_by_role("button", name="Call me at this time").click()
        panel.get_by_text("It is a date!").wait_for()
        (wish,) = seen.of("/w/request")
        assert (wish["number"], wish["queue"], str(wish["at"]), wish["offer"]) == ("+79161234567", "service", first, "")


@pytest.mark.parametrize("lang", ["pl", "ru", "en"])
def test_accessible_and_good_to_look_at(browser: Browser, settings: Any, lang: str) -> None:
    """axe-core finds nothing in the button, the form, an error, each state; pictures are left in build/widget."""
    if not AXE.exists():
        pytest.skip("axe-core is missing (npm ci in widget)")
    titles = [{"queue": "sales", "title": {lang: "Sprzedaż"}}, {"queue": "service", "title": {lang: "Serwis"}}]
    config = settings(lang, departments=titles, countries=["PL", "RU"], consent_ask=lang == "pl")
    failed = {**REQUESTED, "state": "failed", "at": 1_900_000_000, "sms": True}
    with Visit(
        browser,
        config,
        answers=taken(None),
        bypass_csp=True,
        viewport={"width": 1100, "height": 820},
        reduced_motion="reduce",
    ) as seen:
        page = seen.swapped()
        page.add_script_tag(path=AXE)
        PICTURES.mkdir(parents=True, exist_ok=True)

        def look(name: str) -> None:
            page.screenshot(path=PICTURES / f"{lang}-{name}.png")
            found = page.evaluate("() => axe.run('pbx-callback').then((all) => all.violations)")
            assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], name

        look("button")
        page.locator("pbx-callback .go").click()
        look("form")
        page.locator("pbx-callback .send").click()
        look("error")
        page.locator("pbx-callback #n").fill("600100200")
        if lang == "pl":
            page.locator("pbx-callback #a").check()
        states = (("requested", REQUESTED), ("ringing", RINGING), ("connected", OVER), ("failed", failed))
        for name, state in states if lang == "en" else states[-1:]:
            seen.answers.update(taken(state, state))
            if name != states[0][0] and lang == "en":
                page.reload()
                page.add_script_tag(path=AXE)
                page.locator("pbx-callback .go").click()
                page.locator("pbx-callback #n").fill("600100200")
                if lang == "pl":
                    page.locator("pbx-callback #a").check()
            page.locator("pbx-callback .send").click()
            page.locator("pbx-callback .live").wait_for()
            look(name)


def test_on_a_telephone_the_button_dials(browser: Browser, settings: Any) -> None:
    phone = {
        "viewport": {"width": 390, "height": 780},
        "has_touch": True,
        "is_mobile": True,
        "reduced_motion": "reduce",
    }
    with Visit(browser, settings("pl"), **phone) as seen:
        page = seen.swapped()
        dial = page.get_by_role("link", name=f"Zadzwoń: {NUMBER}")
        dial.wait_for()
        assert dial.get_attribute("href") == f"tel:{NUMBER}", "the visitor's number"
        page.screenshot(path=PICTURES / "pl-phone.png")
        page.get_by_role("button", name="Zamów rozmowę").tap()
        box = page.get_by_role("dialog").bounding_box()
        assert box is not None
        assert (box["x"], box["width"]) == (0, 390), "a sheet at the bottom"
        page.screenshot(path=PICTURES / "pl-phone-form.png")


def test_triggers_and_pages_without_it(browser: Browser, settings: Any) -> None:
    config = settings(scroll=0.5, hide=["/contact*"])
    with Visit(browser, config, viewport={"width": 1000, "height": 300}, reduced_motion="reduce") as seen:
        page = seen.swapped()
        widget = page.locator("pbx-callback")
        widget.wait_for(state="attached")
        page.locator("#talk").focus()
        page.evaluate("() => scrollTo(0, document.documentElement.scrollHeight)")
        page.get_by_role("dialog").wait_for()
        assert page.evaluate("() => document.activeElement.id") == "talk", (
            "nobody asked for it: the page keeps the focus"
        )
        assert widget.locator(".panel").evaluate("node => getComputedStyle(node).animationName") == "none"
        page.evaluate("() => window.shopView('/contact/us', 'Contact')")
        widget.wait_for(state="hidden")
        page.evaluate("() => window.shopView('/boots', 'Boots')")
        widget.locator(".go").wait_for()
        page.evaluate("() => pbx.push(['hide'])")
        widget.wait_for(state="hidden")
