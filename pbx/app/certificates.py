"""Keeps the TLS certificate in step with its files, and raises the alarm before it ends."""

from __future__ import annotations

import asyncio
import datetime
import logging

from pbx.clock import Clock
from pbx.events import Alarm, EventBus
from pbx.transport.tls import CertificateError, Certificates

log = logging.getLogger("centrala.tls")

LOOK_S = 5.0  # how often the files are looked at
DAY_S = 86_400.0
EXPIRY = "certificate_expiry"
UNUSABLE = "certificate_unusable"


class CertificateKeeper:
    """Reads the files again on demand and whenever they change; what is wrong with them is an alarm, and the PBX goes
    on with what it had.
    """

    def __init__(self, certificates: Certificates, bus: EventBus, clock: Clock, alarm_days: int) -> None:
        self._certificates = certificates
        self._bus = bus
        self._clock = clock
        self._alarm_s = alarm_days * DAY_S
        self._timer: asyncio.TimerHandle | None = None
        self._expiring = False
        self._unusable = False
        self.reloads = 0
        self.failed_reloads = 0

    def start(self) -> None:
        """Looks from now on, now included."""
        self._look()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def reload(self) -> None:
        """New connections get what the files hold now. Raises CertificateError, and then nothing has changed."""
        try:
            self._certificates.load()
        except CertificateError as error:
            self.failed_reloads += 1
            self._unusable = True
            self._tell(UNUSABLE, f"the old certificate stays in use: {error}", True)
            raise
        self.reloads += 1
        log.info("certificate read: %s, valid until %s", self._certificates.subject, self._until())
        if self._unusable:
            self._unusable = False
            self._tell(UNUSABLE, "certificate and key can be used again", False)
        self._check_expiry()

    def _look(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(LOOK_S, self._look)
        if self._certificates.changed:
            try:
                self.reload()
            except CertificateError as error:
                self._certificates.ignore_change()
                log.warning("the certificate was changed and cannot be used: %s", error)
        self._check_expiry()

    def _check_expiry(self) -> None:
        expires_at = self._certificates.expires_at
        if not expires_at:
            return
        left_s = expires_at - self._clock.unix()
        if left_s < self._alarm_s and not self._expiring:
            self._expiring = True
            when = "has ended" if left_s <= 0 else f"ends in {left_s / DAY_S:.1f} days"
            text = (
                f"the TLS certificate {when} ({self._until()}): replace the file that tls.certificate names; it is "
                "read without a restart"
            )
            self._tell(EXPIRY, text, True)
        elif left_s >= self._alarm_s and self._expiring:
            self._expiring = False
            self._tell(EXPIRY, f"the TLS certificate is valid until {self._until()}", False)

    def _until(self) -> str:
        return f"{datetime.datetime.fromtimestamp(self._certificates.expires_at, datetime.UTC):%Y-%m-%d %H:%M} UTC"

    def _tell(self, name: str, text: str, active: bool) -> None:
        self._bus.publish(Alarm(name, text, active, self._clock.unix()))
