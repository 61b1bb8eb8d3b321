"""Which SIP extensions are used with whom: what an `[[extension]]` or `[[trunk]]` says of reliable provisional
responses (RFC 3262) and session timers (RFC 4028) goes before `[sip]`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.sip.extensions import Extensions

if TYPE_CHECKING:
    from pbx.config import Config, Extension, Sip, Trunk

    Tables = tuple[dict[str, Extensions], dict[str, Extensions], Extensions]


class SipPolicies:
    """Looked up once a leg; where no account has a policy of its own (`any` False) nothing is looked up at all."""

    def __init__(self, config: Config) -> None:
        self.take(self.tables(config))

    @staticmethod
    def tables(config: Config) -> Tables:
        """What `take` is given."""
        sip = config.sip
        extensions = {one.number: _policy(sip, one) for one in config.extension if _differs(one)}
        trunks = {one.name: _policy(sip, one) for one in config.trunk if _differs(one)}
        own = bool(extensions or trunks)
        # What is asked of a caller before it is known who calls: nothing that another policy could forgive.
        general = Extensions(sip.prack, sip.session_timers, sip.session_expires_s, sip.min_se_s, by_account=own)
        return extensions, trunks, general

    def take(self, tables: Tables) -> None:
        """From now on as these tables say; legs that run keep what they have."""
        self._extensions, self._trunks, self.general = tables
        self.any = bool(self._extensions or self._trunks)

    def of(self, extension: str, trunk: str) -> Extensions | None:
        """The policy for a leg of `trunk`, or else of `extension`; None for that of `[sip]`."""
        if not self.any:
            return None
        return self._trunks.get(trunk) if trunk else self._extensions.get(extension)


def _differs(account: Extension | Trunk) -> bool:
    return account.prack is not None or account.session_timers is not None or account.session_expires_s is not None


def _policy(sip: Sip, account: Extension | Trunk) -> Extensions:
    return Extensions(
        account.prack or sip.prack,
        account.session_timers or sip.session_timers,
        account.session_expires_s or sip.session_expires_s,
        sip.min_se_s,
    )
