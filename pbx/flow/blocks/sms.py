"""Sends a short message: to the caller, with the answer that nobody then has to speak."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from pbx.contact.messaging import SmsPort, SmsRefused, SmsRequest
from pbx.flow.block import Block, Exit, Reference, Text
from pbx.flow.texts import TemplateError, template, words_of

if TYPE_CHECKING:
    from pbx.flow.run import Run
    from pbx.flow.variables import Variables

NOT_MOBILE = ("not_mobile", "invalid", "foreign")


class Sms(Block):
    """Exits: "sent" (kept, and on its way), "not_mobile" (there is no number that may be written to), "failed" (a
    limit, a wish not to be written to, a fault: `sms.reason` says which). It does not wait for the network, and one
    block sends one message in a call, however often the call comes by.
    """

    kind: Literal["sms"]
    template: str = ""  # an [[sms.template]]
    text: Text | None = None  # instead: with {names}, and {link:https://...} whose opening is counted
    to: str = ""  # a number, or a template of one; empty: the caller
    sender: str = ""  # empty: the template's, or the gateway's
    once_per_h: float = Field(default=0.0, ge=0)  # hours between two to one number; 0: the template's
    sent: str = ""
    not_mobile: str = ""
    failed: str = ""

    waits = False
    waits_for_caller = False

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        if bool(self.template) == (self.text is not None):
            raise ValueError('write template = "NAME" or text = "..."')
        return self

    def exits(self) -> dict[str, Exit]:
        return {
            "sent": Exit("sent", self.sent),
            "not_mobile": Exit("not_mobile", self.not_mobile),
            "failed": Exit("failed", self.failed),
        }

    def references(self) -> list[Reference]:
        return [Reference("sms_template", self.template, "template")] if self.template else []

    def templates(self) -> dict[str, str]:
        found = {"to": self.to} if self.to else {}
        if isinstance(self.text, str):
            found["text"] = self.text
        elif self.text is not None:
            found |= {f"text.{language}": words for language, words in self.text.items()}
        return {key: words for key, words in found.items() if "{link:" not in words}

    def sets(self) -> list[str]:
        return ["sms.reason", "sms.id"]

    async def run(self, run: Run) -> str:
        run.variables.set("sms.reason", "")
        run.variables.set("sms.id", "")
        port: SmsPort | None = run.call.services.extra.get("sms")
        try:
            if port is None:
                raise SmsRefused(409, "disabled", "messages are not enabled; set sms.enabled = true")
            ticket = await port.send(self._request(run))
        except SmsRefused as refused:
            run.variables.set("sms.reason", refused.reason)
            return "not_mobile" if refused.reason in NOT_MOBILE else "failed"
        except Exception as error:  # the database takes nothing: the caller goes on all the same
            run.failed(f"the message cannot be kept: {error}")
            run.variables.set("sms.reason", "store")
            return "failed"
        run.variables.set("sms.id", ticket.id)
        return "sent"

    def _request(self, run: Run) -> SmsRequest:
        """Raises SmsRefused for a caller without number, or a `to` that has no value."""
        call = run.call
        to = call.caller
        if self.to:
            try:
                to = template(self.to).render(run.variables, run.spoken, written=True)
            except TemplateError as error:
                raise SmsRefused(422, "variables", str(error)) from None
        elif call.setup.withheld or not to:
            raise SmsRefused(422, "invalid", "the caller's number is withheld")
        text, language = "", str(run.spoken)
        if self.text is not None:
            text, language = words_of(self.text, language, call.services.config.server.language)
        return SmsRequest(
            to=to,
            text=text,
            template=self.template,
            language=language,
            variables=_Shown(run.variables, {"caller": call.caller, "called": call.setup.did}),
            sender=self.sender,
            key=f"{call.id}:{run.flow.name}:{run.block}",
            source=f"flow:{run.flow.name}:{run.block}",
            reason="flow",
            origin_call=call.id,
            once_per_h=self.once_per_h,
            urgent=True,  # he calls us, whatever the hour
        )


class _Shown(Mapping[str, object]):
    """What a message may say: a flow's variables but the masked ones, and `more`."""

    def __init__(self, variables: Variables, more: Mapping[str, object]) -> None:
        self._variables = variables
        self._more = more

    def __getitem__(self, name: str) -> object:
        if name in self._more:
            return self._more[name]
        if name in self._variables.masked:
            raise KeyError(name)
        return self._variables[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._more
        yield from (name for name in self._variables if name not in self._variables.masked)

    def __len__(self) -> int:
        return sum(1 for _ in self)
