"""What REST asks of one's own second factor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pbx.accounts.errors import AccountError
from pbx.accounts.rights import Principal
from pbx.accounts.second_factor import PENDING_S
from pbx.accounts.service import Accounts
from pbx.api.account_errors import refusal
from pbx.api.control import Refused

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx


class PbxFactorControl:
    """Implements pbx.api.rest.routes.second_factor.FactorControl. Raises Refused."""

    def __init__(self, app: Pbx) -> None:
        self._app = app

    @property
    def _accounts(self) -> Accounts:
        return self._app.accounts

    def factor(self, who: Principal) -> dict[str, Any]:
        _person(who)
        accounts = self._accounts
        factor = accounts.factors.of(who.id)
        return {
            "enrolled": factor is not None,
            "required": accounts.factors.required(accounts.people.find(who.id)),
            "since": factor.since if factor is not None else None,
            "recovery_left": len(factor.recovery) if factor is not None else 0,
        }

    async def begin(self, who: Principal, password: str, code: str, address: str) -> dict[str, Any]:
        _person(who)
        try:
            secret, uri = await self._accounts.begin_factor(who, password, code, address)
        except AccountError as error:
            raise refusal(error) from None
        return {"secret": secret, "uri": uri, "expires_s": PENDING_S}

    async def confirm(self, who: Principal, code: str) -> list[str]:
        _person(who)
        try:
            return await self._accounts.confirm_factor(who, code)
        except AccountError as error:
            raise refusal(error) from None

    async def renew(self, who: Principal, code: str, address: str) -> list[str]:
        _person(who)
        try:
            return await self._accounts.renew_recovery(who, code, address)
        except AccountError as error:
            raise refusal(error) from None

    async def remove(self, who: Principal, code: str, address: str) -> None:
        _person(who)
        if self._accounts.factors.of(who.id) is None:
            raise Refused(404, "there is no second factor")
        try:
            await self._accounts.remove_factor(who, code, address)
        except AccountError as error:
            raise refusal(error) from None


def _person(who: Principal) -> None:
    if not who.session:
        raise Refused(404, "a token has no second factor")
