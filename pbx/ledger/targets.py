"""The systems that are told of calls, as the configuration names them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pbx.config import Config, Crm, Ga4
from pbx.ledger.crm.amocrm import AmoCrm
from pbx.ledger.crm.bitrix24 import Bitrix24
from pbx.ledger.crm.generic import GenericCrm
from pbx.ledger.crm.grants import Grant
from pbx.ledger.crm.message import CrmAdapter
from pbx.ledger.ga4.deliverer import Ga4Deliverer

GA4_AGE_S = 72 * 3600.0
GrantOf = Callable[[str], Grant | None]  # of a CRM that is asked by tokens that are renewed


@dataclass(frozen=True, slots=True)
class GaTarget:
    """A data stream. `name` is the outbox's."""

    name: str
    settings: Ga4
    deliverer: Ga4Deliverer

    def takes(self, site: str) -> bool:
        return self.settings.site in ("", site)


@dataclass(frozen=True, slots=True)
class CrmTarget:
    name: str
    settings: Crm
    adapter: CrmAdapter


@dataclass(frozen=True, slots=True)
class Targets:
    """`max_age_s` of GA's events is what GA takes."""

    ga: tuple[GaTarget, ...] = ()
    crm: tuple[CrmTarget, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.ga or self.crm)

    @property
    def names(self) -> set[str]:
        return {one.name for one in self.ga} | {one.name for one in self.crm}

    @classmethod
    def of(cls, config: Config, now: Callable[[], float], grant: GrantOf = lambda _name: None) -> Targets:
        ga = tuple(GaTarget(f"ga4:{one.measurement_id}", one, Ga4Deliverer(one, now)) for one in config.ga4)
        return cls(
            ga, tuple(CrmTarget(f"crm:{one.name}", one, adapter(one, now, grant(one.name))) for one in config.crm)
        )


def adapter(settings: Crm, now: Callable[[], float], grant: Grant | None = None) -> CrmAdapter:
    """The words of a kind of CRM."""
    if settings.kind == "bitrix24":
        return Bitrix24(settings, grant)
    return AmoCrm(settings, grant) if settings.kind == "amocrm" else GenericCrm(settings, now)
