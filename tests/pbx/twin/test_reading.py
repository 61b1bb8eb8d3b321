"""Files of other systems become calls; what is no call is counted with its reason."""

from __future__ import annotations

import contextlib
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.twin.cleaning import clean
from pbx.twin.fitting import fit
from pbx.twin.found import Reading
from pbx.twin.reading import decoded, read_all, read_file, read_text
from pbx.twin.record import CallRecord, TwinError, Way
from pbx.twin.table import Source

WARSAW = ZoneInfo("Europe/Warsaw")
POLISH = Source(WARSAW, "PL")

MASTER = (
    '"","500600700","600","from-trunk","""Jan"" <500600700>","SIP/trunk-1","SIP/101-2","Queue","sales",'
    '"2026-03-02 10:00:00","2026-03-02 10:00:12","2026-03-02 10:02:12",132,120,"ANSWERED","DOCUMENTATION","1.1",""\n'
    '"","500600701","600","from-trunk","<500600701>","SIP/trunk-3","","Queue","sales",'
    '"2026-03-02 10:05:00",,"2026-03-02 10:05:40",40,0,"NO ANSWER","DOCUMENTATION","1.2",""\n'
)
QUEUE_LOG = """1772442000|c1|NONE|NONE|CONFIGRELOAD|
1772442001|c1|sales|NONE|ENTERQUEUE||500600700|1
1772442011|c1|sales|Agent/201|CONNECT|10|b1|3
1772442131|c1|sales|Agent/201|COMPLETECALLER|10|120|1
1772442200|c2|sales|NONE|ENTERQUEUE||500600701|1
1772442245|c2|sales|NONE|ABANDON|1|1|45
1772442300|c3|sales|NONE|ENTERQUEUE||500600702|1
1772442310|c3|sales|Agent/201|CONNECT|10|b2|2
1772442370|c3|sales|Agent/201|BLINDTRANSFER|102|internal|10|60|1
1772442400|c4|sales|NONE|ENTERQUEUE||500600703|1
1772442520|c4|sales|NONE|EXITWITHTIMEOUT|1|1|120
1772442600|c5|sales|NONE|ABANDON|1|1|9
1772442700|c6|sales|NONE|ENTERQUEUE||500600704|1
"""
FREESWITCH = """<?xml version="1.0"?>
<cdr><variables><uuid>u1</uuid><direction>inbound</direction><start_epoch>1772442000</start_epoch>
<answer_epoch>1772442001</answer_epoch><end_epoch>1772442131</end_epoch><billsec>130</billsec>
<caller_id_number>%2B48500600700</caller_id_number><destination_number>600</destination_number>
<cc_queue>sales%40default</cc_queue><cc_queue_joined_epoch>1772442001</cc_queue_joined_epoch>
<cc_queue_answered_epoch>1772442011</cc_queue_answered_epoch><cc_agent>201</cc_agent></variables></cdr>
<cdr><variables><uuid>u2</uuid><direction>outbound</direction><start_epoch>1772442003</start_epoch>
<last_bridge_role>originatee</last_bridge_role></variables></cdr>
<cdr><variables><uuid>u3</uuid><direction>outbound</direction><start_epoch>1772443000</start_epoch><end_epoch>1772443020</end_epoch>
</variables><callflow><caller_profile><caller_id_number>101</caller_id_number><destination_number>221234567</destination_number>
</caller_profile></callflow></cdr>
<cdr><variables><uuid>u4</variables></cdr>
"""


def one(text: str, source: Source = POLISH) -> CallRecord:
    found = read_text(text, source)
    assert len(found.records) == 1, found
    return found.records[0]


def brief(reading: Reading) -> list[tuple[str, str, bool, float | None, float]]:
    return [(r.way, r.number, r.answered, r.wait_s, r.talk_s) for r in reading.records]


def test_master_csv() -> None:
    found = read_text(MASTER, POLISH)
    assert found.form == "Asterisk Master.csv"
    assert brief(found) == [
        ("in", "+48500600700", True, 12.0, 120.0),
        ("in", "+48500600701", False, 40.0, 0.0),
    ]
    assert found.records[0].at == 1772442000.0
    assert found.records[0].call_id == "1.1"


def test_queue_log() -> None:
    found = read_text(QUEUE_LOG, POLISH)
    assert found.form == "Asterisk queue_log"
    assert brief(found) == [
        ("in", "+48500600700", True, 10.0, 120.0),
        ("in", "+48500600701", False, 45.0, 0.0),
        ("in", "+48500600702", True, 10.0, 60.0),
        ("in", "+48500600703", False, 120.0, 0.0),
    ]
    assert found.records[0].agent == "Agent/201"
    assert sum(found.skipped.values()) == 2


def test_freeswitch() -> None:
    found = read_text(FREESWITCH, POLISH)
    assert brief(found) == [
        ("in", "+48500600700", True, 10.0, 120.0),
        ("out", "+48221234567", False, 20.0, 0.0),
    ]
    assert found.records[0].queue == "sales@default"
    assert found.skipped == {"the other leg of a call": 1, "no well-formed XML": 1}
    with pytest.raises(TwinError, match="type definition"):
        read_text('<!DOCTYPE x [<!ENTITY a "b">]>' + FREESWITCH, POLISH)


FREEPBX = """calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,uniqueid
2026-03-02 10:00:00,"Jan <500600700>",500600700,600,ext-queues,SIP/t,SIP/101,Queue,600,75,60,ANSWERED,1.1
"""
BILL = """Data połączenia;Godzina;Numer dzwoniący;Numer wywoływany;Czas trwania;Kierunek;Koszt
02.03.2026;10:00:00;500600700;221234567;0:01:00;przychodzące;0,00
02.03.2026;10:10:00;221234567;500600701;0:00:30;wychodzące;0,12
razem;;;;0:01:30;;0,12
"""
RUSSIAN = """Дата и время;Кто звонил;Куда;Длительность разговора;Ожидание;Статус
02.03.2026 10:00:00;84951234567;88001234567;60;8;Принят
02.03.2026 10:05:00;84951234568;88001234567;0;25;Пропущен
"""


def test_freepbx() -> None:
    call = one(FREEPBX)
    assert (call.number, call.wait_s, call.talk_s, call.answered) == ("+48500600700", 15.0, 60.0, True)


def test_a_polish_bill() -> None:
    found = read_text(BILL, POLISH)
    assert brief(found) == [("in", "+48500600700", True, None, 60.0), ("out", "+48500600701", True, None, 30.0)]
    assert found.mapping["date"] == "Data połączenia"
    assert found.mapping["talk"] == "Czas trwania"
    assert found.skipped == {"no date and time": 1}
    assert "razem" in found.examples["no date and time"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
def test_a_russian_export_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "calls.csv"
    path.write_bytes(RUSSIAN.encode(encoding))
    found = read_file(path, Source(ZoneInfo("Europe/Moscow"), "RU"))
    assert [(r.number, r.answered, r.wait_s, r.talk_s) for r in found.records] == [
        ("+74951234567", True, 8.0, 60.0),
        ("+74951234568", False, 25.0, 0.0),
    ]
    assert found.records[0].at == 1772434800.0


def test_a_table_without_headings() -> None:
    text = "2026-03-02 10:00:00,500600700,221234567,60\n2026-03-02 10:01:00,500600701,221234567,0\n"
    found = read_text(text, Source(WARSAW, "PL", own=("+4822",)))
    assert brief(found) == [("in", "+48500600700", True, None, 60.0), ("in", "+48500600701", False, None, 0.0)]


def test_columns_that_are_named_count() -> None:
    text = "When,Who,Secs\n2026-03-02 10:00:00,500600700,30\n"
    with pytest.raises(TwinError, match="--column at=HEADING"):
        read_text(text, POLISH)
    call = one(text, Source(WARSAW, "PL", {"at": "When", "from": "2", "talk": "Secs"}))
    assert (call.number, call.talk_s) == ("+48500600700", 30.0)
    for columns, said in (({"at": "Whenever"}, "there are: When"), ({"what": "When"}, "meanings are")):
        with pytest.raises(TwinError, match=said):
            read_text(text, Source(WARSAW, "PL", columns))


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(TwinError, match=r"none\.csv: No such file"):
        read_file(tmp_path / "none.csv", POLISH)
    (tmp_path / "book.xlsx").write_bytes(b"PK\x03\x04\0\0\0\xff\xfe" * 20)
    with pytest.raises(TwinError, match=r"save it as \.xlsx or CSV"):
        read_file(tmp_path / "book.xlsx", POLISH)
    with pytest.raises(TwinError, match="no line"):
        read_text("\n\n", POLISH)
    assert decoded("zażółć".encode("cp1250"), "PL") == "zażółć"


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(TwinError):
        read_text(text, POLISH)


def test_ways() -> None:
    text = "start,src,dst,billsec\n2026-03-02 10:00:00,{},{},5\n"
    for caller, callee, way in (
        ("101", "102", Way.INTERNAL),
        ("101", "500600700", Way.OUT),
        ("500600700", "101", Way.IN),
        ("500600700", "500600701", Way.UNKNOWN),
    ):
        assert one(text.format(caller, callee)).way is way


RUSSIAN_BILL = """Отчёт по звонкам за период 01.03.2026 - 31.03.2026;;;;;;
;;;;;;
Дата;Время;Кто звонил;Кому;Длительность;Тип;Стоимость, руб.
02.03.2026;10:00:05;8 (916) 123-45-67;8 800 555-35-35;00:03:20;Входящий;12,50
02.03.2026;10:05:05;+7 916 123-45-68;8 800 555-35-35;00:00:00;Пропущенный;0,00
02.03.2026;11:05:05;8 800 555-35-35;8-916-123-45-69;00:01:05;Исходящий;5,00
Итого;;;;00:04:25;;17,50
"""
POLISH_BILL = """Bilans połączeń;;;;;
Data i godzina;Numer dzwoniący;Numer wywoływany;Czas połączenia;Rodzaj połączenia;Koszt netto
"02.03.2026 10:00:05";"601 002 003";"22 100 00 01";"0:03:20";"Przychodzące";"0,00"
"02.03.2026 10:05:05";"601 002 004";"22 100 00 01";"0:00:00";"Nieodebrane";"0,00"
"02.03.2026 11:05:05";"22 100 00 01";"601 002 005";"1:05";"Wychodzące";"0,12"
"Razem";"";"";"0:04:25";"";"0,12"
"""


@pytest.mark.parametrize(
    ("text", "encoding", "country", "numbers"),
    [
        (RUSSIAN_BILL, "cp1251", "RU", ["+79161234567", "+79161234568", "+79161234569"]),
        (POLISH_BILL, "cp1250", "PL", ["+48601002003", "+48601002004", "+48601002005"]),
        (POLISH_BILL, "utf-8-sig", "PL", ["+48601002003", "+48601002004", "+48601002005"]),
    ],
)
def test_a_bill_has_a_title_above_and_a_sum_below(
    tmp_path: Path, text: str, encoding: str, country: str, numbers: list[str]
) -> None:
    path = tmp_path / "bill.csv"
    path.write_bytes(text.encode(encoding))
    found = read_file(path, Source(ZoneInfo("Europe/Moscow"), country))
    assert [record.number for record in found.records] == numbers
    assert [record.way for record in found.records] == [Way.IN, Way.IN, Way.OUT]
    assert [(record.answered, record.talk_s) for record in found.records] == [(True, 200), (False, 0), (True, 65)]
    assert list(found.skipped) == ["no date and time"]


def test_a_queue_log_out_of_a_database_has_dates_and_who_is_sent_away_is_not_impatient() -> None:
    log = """2026-03-02 10:00:00.123456|a.1|sales|NONE|ENTERQUEUE||+48601002003|1
2026-03-02 10:00:10.000000|a.1|sales|SIP/101|RINGNOANSWER|10000
2026-03-02 10:00:20.123456|a.1|sales|SIP/102|CONNECT|20|1772442016.9|5
2026-03-02 10:03:20.123456|a.1|sales|SIP/102|COMPLETECALLER|20|180|1
2026-03-02 10:05:00|a.2|sales|NONE|ENTERQUEUE||601002004|1
2026-03-02 10:06:00|a.2|sales|NONE|EXITWITHTIMEOUT|1|1|60
2026-03-02 10:07:00|a.3|sales|NONE|ENTERQUEUE||601002005|1
2026-03-02 10:07:40|a.3|sales|NONE|ABANDON|1|1|40
"""
    found = read_text(log, Source(ZoneInfo("Europe/Warsaw")))
    assert found.form == "Asterisk queue_log"
    assert [(one.wait_s, one.talk_s, one.sent_away) for one in found.records] == [
        (20, 180, False),
        (60, 0, True),
        (40, 0, False),
    ]
    fitted = fit(clean(found.records), ZoneInfo("Europe/Warsaw"))
    assert (fitted.gave_up, fitted.patience_s) == (1, 120.0)
    assert fitted.patience_range_s[0] < 120 < fitted.patience_range_s[1]


def test_legs_of_freepbx_are_one_call_by_their_linkedid() -> None:
    who = '"""Jan, K"" <601002003>"'
    rows = f"""calldate,clid,src,dst,duration,billsec,disposition,uniqueid,cnum,linkedid
2026-03-02 10:00:00,{who},601002003,600,200,180,ANSWERED,1.1,601002003,1.1
2026-03-02 10:00:05,{who},601002003,101,195,180,ANSWERED,1.3,601002003,1.1
"""
    found = clean(read_text(rows, Source(ZoneInfo("Europe/Warsaw"))).records)
    assert (len(found.records), found.removed) == (1, {"further lines of one call": 1})


def test_a_folder_is_read_as_one_source(tmp_path: Path) -> None:
    folder = tmp_path / "cdr"
    for number in range(3):
        (folder / f"{number}").mkdir(parents=True)
        start = 1_772_442_000 + 600 * number
        (folder / f"{number}" / "a.cdr.xml").write_text(
            f"<cdr><variables><uuid>{number}</uuid><direction>inbound</direction><start_epoch>{start}</start_epoch>"
            f"<caller_id_number>%2B4860100200{number}</caller_id_number><end_epoch>{start + 9}</end_epoch>"
            "</variables></cdr>"
        )
    (folder / ".hidden").write_text("x")
    ((name, reading),) = read_all([folder], Source(ZoneInfo("UTC")))
    assert (name, [one.number for one in reading.records]) == ("3 files", [f"+4860100200{n}" for n in range(3)])
    (tmp_path / "empty").mkdir()
    with pytest.raises(TwinError, match="has no file"):
        read_all([tmp_path / "empty"], Source(ZoneInfo("UTC")))
