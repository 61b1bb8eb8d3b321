"""An address is its template's own: no value becomes a host, a path, a parameter or a header of it."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from pbx.app.checks import all_problems
from pbx.config import Config
from pbx.screenpop.template import MAX_VALUE, TemplateError, encoded, parse

NASTY = (
    *("a&b=c#d", "../../admin", "x\r\nSet-Cookie: a=b", "https://evil.example/", "javascript:alert(1)"),
    *("Żółć & Ко", "100%", "a b+c", "'\"><script>", "\ud800", "\x00", "@evil.example", "\\evil", "🙂"),
)


@pytest.mark.parametrize("value", NASTY)
def test_a_value_stays_a_value(value: str) -> None:
    template = parse("https://crm.example/find/{caller_name}?name={caller_name}&number={number_e164}#{caller_name}")
    url = template.fill({"caller_name": value, "number_e164": "+48600100200"}.get)  # type: ignore[arg-type]
    found = urlsplit(url)
    assert (found.scheme, found.netloc) == ("https", "crm.example")
    assert url.isascii()
    assert not set(url) & set(" \r\n\t\x00\"'<>\\")
    said = value.replace("\ud800", "?")
    assert parse_qs(found.query) == {"name": [said], "number": ["+48600100200"]}
    assert found.path.count("/") == 2
    assert unquote(found.path.rpartition("/")[2]) == said == unquote(found.fragment)


def test_a_value_that_would_climb_is_none_and_one_without_end_is_cut() -> None:
    assert [encoded(value) for value in ("..", ".", "...", "", ".a")] == ["", "", "", "", ".a"]
    long = encoded("Ż" * 10_000)
    assert len(long) <= MAX_VALUE
    assert unquote(long, errors="strict") == "Ż" * (MAX_VALUE // 6), "cut between letters"


@pytest.mark.parametrize(
    "url",
    [
        "https://crm.example/find?phone={number_e164}",
        "http://10.0.0.5:8080/{queue}/{ivr.order.number}",
        "bitrix24:call?id={call_id}",
        "crm-client://open/{contact_id}",
        "https://crm.example",
    ],
)
def test_what_may_be_written(url: str) -> None:
    assert len(parse(url).variables) == url.count("{")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("javascript:alert({call_id})", "would run or open"),
        ("JavaScript:alert(1)", "would run or open"),
        ("data:text/html,{caller_name}", "would run or open"),
        ("file:///etc/passwd", "would run or open"),
        ("ms-msdt:/id", "would run or open"),
        ("//crm.example/", "does not begin with a scheme"),
        ("{queue}://crm.example/", "does not begin with a scheme"),
        ("crm.example/find", "does not begin with a scheme"),
        ("https:crm.example", "names no host"),
        ("https:///find", "names no host"),
        ("https://{queue}.crm.example/", "part of the host"),
        ("https://crm.example{queue}/", "part of the host"),
        ("https://me:secret@crm.example/", "password before the host"),
        ("https://crm.example/{nobody}", "{nobody} is no variable"),
        ("https://crm.example/{ivr.}", "is no variable"),
        ("https://crm.example/{ivr.A b}", "is no variable"),
        ("https://crm.example/{}", "is no variable"),
        ("https://crm.example/{queue", "without its other one"),
        ("https://crm.example/}", "without its other one"),
        ("https://crm.example/a b", "holds ' '"),
        ("https://crm.example/a\r\nX: y", "holds '\\r'"),
        ("https://crm.example/ż", "holds 'ż'"),
        ("https://crm.example/" + "{did}" * 21, "21 variables"),
    ],
)
def test_what_may_not(url: str, said: str) -> None:
    with pytest.raises(TemplateError) as refused:
        parse(url)
    assert said in str(refused.value)
    assert refused.value.remedy


def test_a_wrong_section_is_refused_with_key_and_remedy() -> None:
    pops = [
        {"name": "crm", "url": "https://crm.example/{phone}", "queues": ["sails"], "teams": ["night"]},
        {"name": "crm", "url": "https://crm.example/", "agents": ["999"]},
    ]
    agents = [{"extension": "101"}]
    queues = [{"name": "sales", "agents": ["101"]}]
    config = Config.model_validate(
        {"screen_pop": pops, "agent": agents, "queue": queues, "extension": [{"number": "101", "secret": "x" * 12}]}
    )
    problems = [problem for problem in all_problems(config) if problem.key[0] == "screen_pop"]
    assert {problem.key for problem in problems} == {
        ("screen_pop", 0, "url"),
        ("screen_pop", 0, "queues", 0),
        ("screen_pop", 0, "teams", 0),
        ("screen_pop", 1, "name"),
        ("screen_pop", 1, "agents", 0),
    }
    assert all(problem.remedy for problem in problems)
    assert "{number_e164}" in next(problem.remedy for problem in problems if problem.key[-1] == "url")
