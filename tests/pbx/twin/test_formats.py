"""Exports of other systems and bills of operators: who called whom, when, whether anybody answered, how long."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pbx.twin import opening
from pbx.twin.cleaning import clean
from pbx.twin.found import Reading
from pbx.twin.reading import read_all, read_file, read_text
from pbx.twin.record import TwinError
from pbx.twin.records import Records
from pbx.twin.table import Source

WARSAW, MOSCOW = ZoneInfo("Europe/Warsaw"), ZoneInfo("Europe/Moscow")
POLISH, RUSSIAN = Source(WARSAW, "PL"), Source(MOSCOW, "RU")
BILLS = Path(__file__).parent / "bills"  # made by hand, each as its system is known to write it
A, B = "+79161234567", "+79161234568"


def told(reading: Reading) -> list[tuple[object, ...]]:
    """The sign before the number is the way: > in, < out, ? unknown."""
    sign = {"in": ">", "out": "<", "unknown": "?", "internal": "="}
    return [(sign[r.way] + r.number, r.answered, r.wait_s, r.talk_s) for r in reading.records]


@pytest.mark.parametrize(
    ("name", "source", "calls"),
    [
        (
            "threecx",
            POLISH,
            [("<+48501502503", True, 5, 60), (">+48500600701", False, 25, 0), (">+48500600700", True, 12, 192)],
        ),
        ("mikopbx", RUSSIAN, [(">" + A, True, 12, 120), (">" + A, False, 11, 0)]),
        ("freeswitch", POLISH, [(">+48500600700", True, 12, 120), (">+48500600701", False, 30, 0)]),
        ("orange", POLISH, [("?+48501502503", True, None, 192), (">+48501502504", True, None, 30)]),
        ("play", POLISH, [("<+48501502503", True, None, 192)]),
        ("netia", POLISH, [(f"<+4850150250{n}", True, None, 60.0 * n) for n in range(1, 7)]),
        ("mts", RUSSIAN, [(">" + A, True, None, 192), ("?" + B, True, None, 40)]),
        ("beeline", RUSSIAN, [(">" + A, True, None, 192), (">" + B, False, None, 0)]),
        ("mango", RUSSIAN, [(">" + A, True, 8, 192), (">" + B, False, 25, 0)]),
        ("mango_api", RUSSIAN, [("?" + A, True, 12, 120), ("?" + B, False, 25, 0)]),
        ("zadarma", RUSSIAN, [("?" + A, True, None, 192), ("?" + B, False, None, 0), ("<" + B, False, None, 0)]),
        ("uis", RUSSIAN, [(">" + A, True, 8, 192), (">" + B, False, 25, 0)]),
    ],
)
def test_each_is_read(name: str, source: Source, calls: list[tuple[object, ...]]) -> None:
    assert told(read_file(BILLS / f"{name}.csv", source)) == calls


def test_asterisk_calls_it_answered_when_its_own_voice_has() -> None:
    found = read_file(BILLS / "master.csv", POLISH)
    assert found.form == "Asterisk Master.csv"
    assert found.mapping["id"] == "linkedid"
    assert told(found) == [
        (">+48500600700", True, 1, 131),
        (">+48500600700", False, 7, 0),
        (">+48500600701", False, 40, 0),  # gave up in the queue
        ("?+48500600702", False, None, 0),  # heard the menu and went
        ("<+48221234567", True, 10, 60),
    ]
    assert sorted(found.counted.values()) == [1, 1, 2]
    log = (
        "1772442001|1772442000.1|sales|NONE|ENTERQUEUE||500600700|1\n1772442012|1772442000.1|sales|Jan|CONNECT|11|x|2\n"
    )
    log += "1772442132|1772442000.1|sales|Jan|COMPLETEAGENT|11|120|1\n"
    both = Records(found.records)
    both.extend(read_text(log, POLISH).records)
    first = next(iter(clean(both).records))
    assert (first.wait_s, first.talk_s, first.agent) == (11, 120, "Jan"), "the queue's log tells wait and talk apart"


def test_messages_and_sums_are_counted_with_an_example() -> None:
    found = read_file(BILLS / "orange.csv", POLISH)
    assert found.skipped == {"a message, data or a fee": 2, "no date and time": 1}
    assert "SMS" in found.examples["a message, data or a fee"]


DATES = "start,src,dst,billsec\n{}\n{}\n"


@pytest.mark.parametrize(
    ("dates", "order", "first", "noted"),
    [
        (("03/04/2026 10:00", "13/04/2026 10:00"), None, 1775203200, "read as day/month"),
        (("03/04/2026 10:00", "03/13/2026 10:00"), None, 1772614800, "read as month/day"),
        (("03/04/2026 10:00 AM", "03/05/2026 1:00 PM"), None, 1775203200, "--dates mdy"),
        (("03/04/2026 10:00 AM", "03/05/2026 1:00 PM"), "mdy", 1772614800, "as --dates says"),
        (("2026-04-03 10:00", "2026-04-03 10:00"), None, 1775203200, ""),
    ],
)
def test_day_and_month_are_told_by_the_whole_file(dates: tuple[str, str], order: str, first: int, noted: str) -> None:
    lines = [f"{one},500600700,600,60" for one in dates]
    found = read_text(DATES.format(*lines), Source(WARSAW, "PL", dates=order or None))  # type: ignore[arg-type]
    assert min(record.at for record in found.records) == first
    assert (noted in found.notes[0]) if noted else not found.notes


def test_the_hour_that_comes_twice_and_a_wrong_zone_are_told_by_the_ids() -> None:
    head = "calldate,src,dst,billsec,uniqueid\n"
    first, second = 1792888200, 1792891800  # 2026-10-25 02:30 in Warsaw, twice
    twice = head + "".join(f"2026-10-25 02:30:00,50060070{n},600,5,{at}.{n}\n" for n, at in enumerate((first, second)))
    assert [record.at for record in read_text(twice, POLISH).records] == [first, second]
    utc = head + "".join(f"2026-03-02 09:{n:02d}:00,50060070{n},600,5,{1772442000 + n * 60}.{n}\n" for n in range(8))
    assert "--zone" in read_text(utc, POLISH).notes[0]
    assert not read_text(utc, Source(ZoneInfo("UTC"), "PL")).notes


def queue_log(start: int, calls: range) -> str:
    lines = []
    for n in calls:
        at = start + 100 * n
        lines += [f"{at}|{at}.1|sales|NONE|ENTERQUEUE||50060{n:04d}|1", f"{at + 150}|{at}.1|sales|A|CONNECT|150|x|2"]
        lines += [f"{at + 160}|{at}.1|sales|A|ATTENDEDTRANSFER|BRIDGE|u|150|10|1"]
    return "\n".join(sorted(lines)) + "\n"


def test_rotated_logs_are_one_log_however_they_overlap(tmp_path: Path) -> None:
    whole = queue_log(1772442000, range(20)).splitlines(keepends=True)
    (tmp_path / "queue_log").write_text("".join(whole[25:]))
    (tmp_path / "queue_log.1.gz").write_bytes(gzip.compress("".join(whole[:35]).encode()))
    ((name, found),) = read_all([tmp_path], POLISH)
    assert (name, len(found.records)) == ("2 files", 20)
    assert found.skipped == {"the same line in two files": 10}
    assert all((one.wait_s, one.talk_s) == (150, 10) for one in found.records)


def test_a_queue_log_exported_from_a_database_and_ids_that_come_again() -> None:
    rows = ["id,time,callid,queuename,agent,event,data1,data2,data3"]
    for day in (2, 3):
        rows += [f'{day},"2026-03-0{day} 10:00:30",7.1,sales,NONE,ABANDON,1,1,30']
        rows += [f'{day},"2026-03-0{day} 10:00:00",7.1,sales,NONE,ENTERQUEUE,,500600700,1']
    found = read_text("\n".join(rows) + "\n", POLISH)
    assert found.form == "Asterisk queue_log (exported)"
    cleaned = clean(found.records)
    assert [record.wait_s for record in cleaned.records] == [30, 30], "another day's call is another call"


def test_who_goes_from_queue_to_queue_is_one_caller_whose_patience_is_that_of_the_last() -> None:
    log = "1772442000|1.1|sales|NONE|ENTERQUEUE||500600700|1\n1772442060|1.1|sales|NONE|EXITWITHTIMEOUT|1|1|60\n"
    log += "1772442061|1.1|rest|NONE|ENTERQUEUE||500600700|1\n1772442101|1.1|rest|NONE|ABANDON|1|1|40\n"
    (record,) = clean(read_text(log, POLISH).records).records
    assert (record.wait_s, record.sent_away) == (101, False)


def workbook(path: Path, rows: str, texts: str = "") -> Path:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("xl/workbook.xml", f'<workbook xmlns="{main}"/>')
        book.writestr("xl/sharedStrings.xml", f'<sst xmlns="{main}">{texts}</sst>')
        styles = '<numFmts><numFmt numFmtId="170" formatCode="[h]:mm:ss"/></numFmts><cellXfs>'
        styles += "".join(f'<xf numFmtId="{n}"/>' for n in (0, 22, 170)) + "</cellXfs>"
        book.writestr("xl/styles.xml", f'<styleSheet xmlns="{main}">{styles}</styleSheet>')
        book.writestr(
            "xl/worksheets/sheet1.xml", f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>'
        )
    return path


def test_a_workbook_of_excel(tmp_path: Path) -> None:
    texts = "<si><t>Początek</t></si><si><r><t>Numer </t></r><r><t>dzwoniący</t></r><rPh><t>x</t></rPh></si>"
    texts += "<si><t>Czas trwania</t></si><si><t>501 502 503</t></si>"
    head = "".join(f'<c r="{column}2" t="s"><v>{n}</v></c>' for n, column in enumerate("ACD"))
    line = (
        '<c r="A3" s="1"><v>46083.416666667</v></c><c r="C3" t="s"><v>3</v></c><c r="D3" s="2"><v>0.00222222222</v></c>'
    )
    title = '<row r="1"><c r="A1" t="inlineStr"><is><t>Bill</t></is></c></row>'
    rows = f'{title}<row r="2">{head}</row><row r="3">{line}</row>'
    found = read_file(workbook(tmp_path / "bill.xlsx", rows, texts), POLISH)
    assert (found.form, told(found)) == ("Excel workbook", [("?+48501502503", True, None, 192)])
    assert found.records[0].at == 1772442000
    broken = workbook(tmp_path / "broken.xlsx", '<row><c r="A1" t="s"><v>7</v></c></row><row/>')
    with pytest.raises(TwinError, match="damaged"):
        read_file(broken, POLISH)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as .xlsx or CSV"),
        ("page.xls", b"<html><table><tr><td>1", "web page"),
        ("bill.pdf", b"%PDF-1.7\n", "ask the operator"),
        ("logs.gz", b"\x1f\x8b\x08\0cut off", "damaged"),
        ("cut.csv", b'start,src\n"2026-03-02 10:00' + b"x" * 200_000, "quotation mark"),
    ],
)
def test_what_is_refused_says_what_to_do(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(TwinError, match=said):
        read_file(path, POLISH)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", "x")
    with pytest.raises(TwinError, match="unpack it"):
        read_file(tmp_path / "a.zip", POLISH)


def test_a_strange_letter_on_the_last_page_tells_the_code_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "BLOCK", 8192)
    path = tmp_path / "bill.csv"
    lines = [f"2026-03-02 10:{n % 60:02d}:00;50060{n % 9000:04d};600;60;x" for n in range(3_000)]
    path.write_bytes(
        "\n".join(["start;src;dst;billsec;agent", *lines, "2026-03-02 11:00:00;500;600;60;Żółć"]).encode("cp1250")
    )
    done: list[int] = []
    found = read_file(path, POLISH, done.append)
    assert any(record.agent == "Żółć" for record in found.records)
    assert sum(done) >= path.stat().st_size


def test_more_calls_than_the_memory_should_hold_come_in_order_of_time() -> None:
    found = read_text(
        "start,src,billsec\n" + "\n".join(f"{1772442000 + n * 7919 % 1000},5006,1" for n in range(1000)), POLISH
    )
    some = Records(found.records, in_memory=64)
    for _ in range(2):
        at = [record.at for record in some]
        assert at == sorted(at)
        assert len(at) == len(some) == 1000
