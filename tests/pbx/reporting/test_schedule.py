"""Scheduled reports: due on the clock of their zone, each run once whatever breaks, sent by SMTP with TLS."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from aiosmtpd.smtp import SMTP
from pydantic import ValidationError

from pbx.cli.certificate import write_certificate
from pbx.config import Config
from pbx.config_reports import ReportSchedule, Smtp
from pbx.events import Alarm, EventBus
from pbx.metrics.report_schedule import ReportScheduleMetrics
from pbx.reporting.intervals import days
from pbx.reporting.jobs import Where
from pbx.reporting.schedule.checks import check_reports
from pbx.reporting.schedule.due import due, period_of
from pbx.reporting.schedule.mail import MailError, MailInDoubt, message, send
from pbx.reporting.schedule.making import MailJob
from pbx.reporting.schedule.notice import MOST, notice
from pbx.reporting.schedule.service import PAUSES_S, ROOM, ScheduledReports, Tell
from pbx.store.database import prepare
from tests.pbx.store.support import World, until
from tests.support.journeys import answered

WARSAW = ZoneInfo("Europe/Warsaw")
TO = ["boss@example.com"]


class Clock:
    def __init__(self, text: str) -> None:
        self.now = datetime.fromisoformat(text).timestamp()

    def unix(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now


class Kept:
    """What outlives a process."""

    def __init__(self) -> None:
        self.rows: dict[str, Any] = {}
        self.history: list[str] = []

    def load(self, room: str) -> dict[str, Any]:
        assert room == ROOM
        return dict(self.rows)

    async def keep(self, room: str, key: str, value: Any) -> None:
        if value is None:
            del self.rows[key]
            return
        self.rows[key] = value
        self.history.append(value["state"])


class Office:
    def __init__(self, kept: Kept, clock: Clock, *, tell: Tell | None = None, **schedule: Any) -> None:
        given = {"name": "boss", "recipients": TO, "reports": ["queues"], **schedule}
        self.config = Config.model_validate(
            {
                "server": {"timezone": "Europe/Warsaw"},
                "smtp": {"host": "localhost", "sender": "pbx@example.com", "security": "none"},
                "report_schedule": [given],
            }
        )
        self.clock, self.kept, self.sent, self.alarms = clock, kept, [], []
        self.problem: Exception | None = None
        bus = EventBus()
        bus.subscribe(Alarm, self.alarms.append)
        self.service = ScheduledReports(self.config, kept, bus, clock, self._make, send=self._send, tell=tell)

    async def _make(self, job: Any) -> list[dict[str, str]]:
        return [{"name": "queues.csv", "type": "text/csv", "text": job.period.label}]

    def _send(self, settings: Smtp, made: Any) -> None:
        if self.problem is not None:
            raise self.problem
        self.sent.append(made["Message-ID"])

    async def look(self, text: str = "") -> dict[str, Any]:
        if text:
            self.clock.now = datetime.fromisoformat(text).timestamp()
        await self.service.look(self.config.report_schedule[0])
        (state,) = self.service.states()
        return state


async def test_each_run_goes_out_once_and_a_missed_one_is_caught_up() -> None:
    kept = Kept()
    office = Office(kept, Clock("2026-11-20T12:00+01:00"))
    assert (await office.look())["state"] == "begins"  # nothing of before it was configured
    await office.look("2026-11-21T06:59+01:00")
    assert office.sent == []
    assert (await office.look("2026-11-21T07:00+01:00"))["state"] == "sent"
    await office.look("2026-11-21T22:00+01:00")
    assert office.sent == ["<report-boss-2026-11-21@example.com>"]
    again = Office(kept, office.clock)  # down for two days: the latest run only
    await again.look("2026-11-24T03:00+01:00")
    await again.look()
    assert again.sent == ["<report-boss-2026-11-23@example.com>"]
    assert kept.history == ["begins", "making", "sending", "sent", "making", "sending", "sent"]


async def test_a_failure_is_tried_again_and_alarmed() -> None:
    office = Office(Kept(), Clock("2026-11-20T12:00+01:00"))
    await office.look()
    office.problem = MailError("mail:587 cannot be reached")
    assert (await office.look("2026-11-21T07:00+01:00"))["state"] == "failed"
    await office.look()  # not yet
    assert office.service.results["boss", "failed"] == 1
    office.clock.now += PAUSES_S[0]
    await office.look()
    assert office.service.results["boss", "failed"] == 2
    office.problem = None
    office.clock.now += PAUSES_S[1]
    assert (await office.look())["state"] == "sent"
    assert len(office.sent) == 1
    assert [alarm.active for alarm in office.alarms] == [True, True, False]
    office.clock.now += 86_400
    office.problem = MailInDoubt("broke off")
    await office.look()
    families = ReportScheduleMetrics(lambda: office.service).collect()
    samples = {tuple(one.labels.values()): one.value for family in families for one in family.samples}
    sent = datetime.fromisoformat("2026-11-21T07:06+01:00").timestamp()
    assert samples == {("boss", "sent"): 1, ("boss", "failed"): 2, ("boss", "in_doubt"): 1, ("boss",): sent}
    kept = office.kept.rows["boss"]
    assert (kept["state"], kept["last_sent"]) == ("in_doubt", sent), "a restart does not forget it"


@pytest.mark.parametrize("died", [True, False])
async def test_what_may_have_gone_out_is_not_sent_again(died: bool) -> None:
    kept = Kept()
    office = Office(kept, Clock("2026-11-20T12:00+01:00"))
    await office.look()
    if died:
        kept.rows["boss"] = {"due": "2026-11-21", "state": "sending", "tries": 1}
        office = Office(kept, office.clock)
    else:
        office.problem = MailInDoubt("broke off")
    assert (await office.look("2026-11-21T08:00+01:00"))["state"] == "in_doubt"
    office.problem = None
    await office.look()
    assert office.sent == []
    assert "centrala report send boss" in office.alarms[-1].text
    await office.look("2026-11-22T08:00+01:00")
    assert office.sent == ["<report-boss-2026-11-22@example.com>"]


@pytest.mark.parametrize(
    ("every", "now", "when", "label"),
    [
        ("day", "2026-11-21T05:59+00:00", "2026-11-20", "2026-11-19"),
        ("day", "2026-11-21T06:00+00:00", "2026-11-21", "2026-11-20"),
        ("week", "2026-11-25T12:00+01:00", "2026-11-23", "2026-11-16 to 2026-11-22"),
        ("month", "2026-03-01T06:00+01:00", "2026-02-01", "2026-01-01 to 2026-01-31"),
        ("month", "2026-03-31T12:00+02:00", "2026-03-01", "2026-02-01 to 2026-02-28"),
    ],
)
def test_when_it_is_due_and_of_which_days(every: str, now: str, when: str, label: str) -> None:
    schedule = ReportSchedule.model_validate({"name": "x", "every": every, "recipients": TO})
    found = due(schedule, WARSAW, datetime.fromisoformat(now).astimezone(UTC))
    assert found == date.fromisoformat(when)
    assert period_of(schedule, WARSAW, found).label == label


# -- by webhook --------------------------------------------------------------------------------------------------------


class Hooks:
    """What tells webhooks: by how many keys, to how many."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.wanted = 1

    async def tell(self, key: str, body: bytes) -> int:
        self.told.append((key, orjson.loads(body)))
        return self.wanted


async def test_webhooks_are_told_under_the_name_of_the_run_whatever_breaks() -> None:
    kept, hooks, clock = Kept(), Hooks(), Clock("2026-11-20T12:00+01:00")
    office = Office(kept, clock, tell=hooks.tell, webhook=True, recipients=[])
    await office.look()
    hooks.wanted = 0
    assert (await office.look("2026-11-21T07:00+01:00"))["state"] == "failed"
    assert "no webhook that is on wants report.ready" in office.alarms[-1].text
    hooks.wanted = 1
    kept.rows["boss"] = {"due": "2026-11-21", "state": "making", "tries": 0}  # it ended when the outbox had it
    office = Office(kept, clock, tell=hooks.tell, webhook=True, recipients=[])
    assert (await office.look())["state"] == "sent"
    assert office.sent == []
    assert {key for key, _ in hooks.told} == {"report-boss-2026-11-21"}
    (file,) = hooks.told[-1][1]["files"]
    assert (file["name"], file["text"], hooks.told[-1][1]["period"]) == ("queues.csv", "2026-11-20", "2026-11-20")


async def test_a_mail_that_fails_tells_webhooks_nothing_new() -> None:
    kept, hooks = Kept(), Hooks()
    office = Office(kept, Clock("2026-11-20T12:00+01:00"), tell=hooks.tell, webhook=True)
    await office.look()
    office.problem = MailError("mail:587 cannot be reached")
    await office.look("2026-11-21T07:00+01:00")
    office.problem = None
    office.clock.now += PAUSES_S[0]
    assert (await office.look())["state"] == "sent"
    assert len(office.sent) == 1
    assert len({key for key, _ in hooks.told}) == 1


def test_a_notice_has_what_there_is_room_for() -> None:
    job = MailJob(Where.of(Config()), ("queues",), ("json",), days(date(2026, 11, 20), 1, WARSAW), "UTC", "pl")
    parts = [
        {"name": "a.html", "type": "text/html", "text": "x" * MOST},
        {"name": "b.json", "type": "application/json", "text": '[{"rows": []}]'},
    ]
    body = notice("boss", date(2026, 11, 21), job, parts)
    first, second = orjson.loads(body)["files"]
    assert first == {"name": "a.html", "type": "text/html", "octets": MOST}
    assert second["sheets"] == [{"rows": []}]
    assert len(body) < MOST


# -- by mail -----------------------------------------------------------------------------------------------------------


class Inbox:
    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.came = threading.Event()

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        self.mails.append(envelope.content)
        self.came.set()
        return "250 taken"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Inbox, Smtp]]:
    made = write_certificate(tmp_path, ["localhost"], 2)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*made)
    inbox = Inbox()
    loop = asyncio.new_event_loop()

    def protocol() -> SMTP:
        return SMTP(inbox, tls_context=context, require_starttls=True, loop=loop)

    listening = loop.run_until_complete(loop.create_server(protocol, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    port = listening.sockets[0].getsockname()[1]
    yield inbox, Smtp(host="localhost", port=port, ca=str(made[0]), sender="pbx@example.com", timeout_s=10)
    loop.call_soon_threadsafe(listening.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def test_a_report_comes_by_tls_with_what_is_attached(server: tuple[Inbox, Smtp]) -> None:
    inbox, settings = server
    parts = [{"name": "kolejki.csv", "type": "text/csv", "text": "ą,1\r\n"}]
    send(settings, message(settings, TO, "Raport: środa", "Dzień dobry\n", parts, "report-x-1"))
    mail = message_from_bytes(inbox.mails[0])
    _body, attached = mail.get_payload()  # type: ignore[misc]
    assert attached.get_filename() == "kolejki.csv"  # type: ignore[union-attr]
    assert attached.get_payload(decode=True).decode().startswith("ą,1")  # type: ignore[union-attr]
    assert mail["Message-ID"] == "<report-x-1@example.com>"
    for wrong, text in (
        ({"ca": ""}, "no TLS that can be trusted"),
        ({"security": "none"}, "does not take"),
        ({"host": "127.0.0.1", "port": 1}, "cannot be reached"),
        ({"host": ""}, r"write \[smtp\]"),
    ):
        other = settings.model_copy(update=wrong)
        with pytest.raises(MailError, match=text):
            send(other, message(settings, TO, "x", "y\n", [], "1"))
    assert len(inbox.mails) == 1


async def test_the_page_and_csv_are_made_of_the_database(tmp_path: Path) -> None:
    from pbx.reporting.schedule.service import mail_job

    async with World(tmp_path) as world:
        world.publish(answered(1))
        await until(lambda: world.count("cdrs") == 1)
        config = Config.model_validate(
            {
                "server": {"data_dir": str(tmp_path)},
                "report_schedule": [
                    {"name": "x", "recipients": TO, "reports": ["page", "queues"], "format": ["html", "csv"]}
                ],
            }
        )
        prepare(world.store._url)
        parts = mail_job(config, config.report_schedule[0], date(2026, 9, 22)).run()
    assert [part["name"] for part in parts] == [
        "page-2026-09-21.html",
        "queues-2026-09-21.csv",
        "queues-2026-09-21.html",
    ]
    assert "sales,1,1" in parts[1]["text"]


def test_a_configuration_that_cannot_be_right() -> None:
    for wrong in ({"recipients": ["me"]}, {"recipients": []}, {"at": "25:00"}, {"every": "hour"}, {"reports": []}):
        with pytest.raises(ValidationError):
            ReportSchedule.model_validate({"name": "x", "recipients": TO, **wrong})
    with pytest.raises(ValidationError, match="in the clear"):
        Smtp(host="mail.example.com", sender="a@b.pl", security="none")
    for here in ("localhost", "127.0.0.1", "127.0.1.1", "::1"):
        assert Smtp(host=here, sender="a@b.pl", security="none").host == here
    with pytest.raises(ValidationError, match="sender is missing"):
        Smtp(host="mail.example.com")


def test_the_check_names_reports_and_zones_that_do_not_exist() -> None:
    schedule = {"name": "x", "recipients": TO, "reports": ["page", "moon"], "timezone": "Mars/Base"}
    config = Config.model_validate({"report_schedule": [schedule, schedule]})
    texts = [str(problem) for problem in check_reports(config)]
    assert len(texts) == 6
    assert any("no report is called 'moon'" in text for text in texts)
    assert check_reports(Config()) == []
    for per, count in (("day", 0), ("hour", 1), ("moon", 2)):
        schedule = {"name": "x", "webhook": True, "reports": ["page", "queues", "money"], "per": per}
        found = check_reports(Config.model_validate({"report_schedule": [schedule]}))
        assert [one.key[-1] for one in found] == ["per"] * count
