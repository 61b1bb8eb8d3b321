"""Every check that a configuration has to pass besides those of pbx.configfile, which knows no feature."""

from __future__ import annotations

from pbx.call.secret_check import check_secrets
from pbx.call.trunks.tables import check_tables
from pbx.callback.checks import check_callbacks
from pbx.config import Config
from pbx.configfile.check import cross_check
from pbx.configfile.load import Check
from pbx.configfile.problem import Problem
from pbx.features.checks import check_features
from pbx.flow.loader import check_flows
from pbx.reporting.schedule.checks import check_reports
from pbx.screenpop.checks import check_screen_pops
from pbx.sms.checks import check_sms
from pbx.voicemail.checks import check_recognizer
from pbx.widget.checks import check_widgets

CHECKS: tuple[Check, ...] = (
    *(check_flows, check_tables, check_features, check_callbacks),
    *(check_sms, check_secrets, check_widgets, check_recognizer, check_reports, check_screen_pops),
)


def all_problems(config: Config) -> list[Problem]:
    """Everything that is wrong with a configuration whose sections are valid by themselves; one problem a key."""
    found = [*cross_check(config), *(problem for check in CHECKS for problem in check(config))]
    return list({problem.key: problem for problem in reversed(found)}.values())[::-1]
