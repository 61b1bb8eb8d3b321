"""Which legs encrypt their media: the policy of each extension and trunk (`media_encryption`)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pbx.events import Kind
from pbx.sdp.security import MediaSecurity, Policy

if TYPE_CHECKING:
    from pbx.call.leg import Leg
    from pbx.config import Config
    from pbx.sdp.security import Provider


def secure(leg: Leg, security: MediaSecurity | None) -> None:
    """The stream of `leg` is to be protected so; the leg hears of it. None: plain RTP."""
    media = leg.media
    if media is not None and (security is not None or media.security is not None):
        media.security = security
        media.on_secured = lambda method, suite: _secured(leg, method, suite)
        media.on_insecure = lambda why: _insecure(leg, why)


def _secured(leg: Leg, method: str, suite: str) -> None:
    """The stream has keys."""
    if leg.call is not None:
        leg.call.emit(Kind.MEDIA_SECURED, leg.name, method=method, suite=suite)


def _insecure(leg: Leg, why: str) -> None:
    """The stream will never have keys, or its far end is gone: there is no call without media."""
    if leg.call is not None:
        log.warning("call %s leg %s: %s", leg.call.id, leg.name, why)
        if leg.media is not None and leg.media.suite and leg.answered_at:  # it had keys: consent has run out (RFC 7675)
            leg.finish("media_timeout", 408)
        else:
            leg.finish("incompatible", 488)


log = logging.getLogger("centrala.call")


class MediaPolicies:
    """Looked up once a leg; where no account asks for encryption it costs a call nothing."""

    def __init__(self, config: Config, provider: Provider) -> None:
        self._provider = provider
        self.take(self.tables(config))

    @staticmethod
    def tables(config: Config) -> tuple[dict[str, Policy], dict[str, Policy]]:
        """What `take` is given."""
        extensions: dict[str, Policy] = {
            extension.number: extension.media_encryption
            for extension in config.extension
            if extension.media_encryption != "none"
        }
        trunks: dict[str, Policy] = {
            trunk.name: trunk.media_encryption for trunk in config.trunk if trunk.media_encryption != "none"
        }
        return extensions, trunks

    def take(self, tables: tuple[dict[str, Policy], dict[str, Policy]]) -> None:
        """From now on as these tables say; legs that run keep what they have."""
        self._extensions, self._trunks = tables
        self.any = bool(self._extensions or self._trunks)

    def of(self, extension: str, trunk: str) -> MediaSecurity | None:
        """What a leg of `trunk`, or else of `extension`, needs; None for plain RTP."""
        policy = self._trunks.get(trunk) if trunk else self._extensions.get(extension)
        return MediaSecurity(policy, self._provider) if policy is not None else None
