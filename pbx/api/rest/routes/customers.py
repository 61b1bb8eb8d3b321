"""Customers by number: looked up, imported; where a number belongs."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Path, Query, Request
from pydantic import StringConstraints

from pbx.accounts.rights import Permission
from pbx.api.rest.access import allow
from pbx.api.rest.bodies import text_body
from pbx.api.rest.models.contacts import Customer, CustomerImport, Imported, ImportedTable, Region
from pbx.api.rest.page import Page

MAX_TABLE = 8 * 1024 * 1024
Number = Annotated[str, Path(pattern=r"^\+?[0-9]{1,32}$", description="A number", examples=["+48600100200"])]
Batch = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:_-]{1,64}$")]
READ = [allow(Permission.CUSTOMERS_READ)]
WRITE = [allow(Permission.CUSTOMERS_WRITE)]


class CustomerControl(Protocol):
    """What a running PBX tells and does; refusals are raised as `pbx.api.control.Refused`."""

    async def customers(self, text: str, tag: str, limit: int) -> list[dict[str, Any]]: ...
    async def customer(self, number: str) -> dict[str, Any]: ...
    async def take_customers(self, rows: list[dict[str, Any]], batch: str, last: bool) -> dict[str, Any]: ...
    async def take_table(self, text: str, batch: str, last: bool) -> dict[str, Any]: ...
    async def remove_customer(self, number: str) -> dict[str, Any]: ...
    def region(self, number: str) -> dict[str, Any]: ...


def customers_router(control: CustomerControl) -> APIRouter:
    """Every path and what answers it."""
    router = APIRouter(tags=["customers"])

    @router.get(
        "/customers", response_model=Page[Customer], dependencies=READ, summary="By number or a part of the name"
    )
    async def customers(
        text: Annotated[str, Query(max_length=100, description="A number, or a part of the name")] = "",
        tag: Annotated[str, Query(max_length=100)] = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> Any:
        """The best matches; there are no further pages."""
        return {"items": await control.customers(text, tag, limit), "next": None}

    @router.get("/customers/{number}", response_model=Customer, dependencies=READ, summary="Whose number it is")
    async def customer(number: Number) -> Any:
        return await control.customer(number)

    @router.post("/customers", response_model=Imported, dependencies=WRITE, summary="Add or change customers")
    async def take(body: CustomerImport) -> Any:
        """All of them or none. With `last`, customers of other batches are removed."""
        rows = [row.model_dump(exclude_defaults=True) for row in body.rows]
        return await control.take_customers(rows, body.batch, body.last)

    @router.post(
        "/customers/import",
        response_model=ImportedTable,
        dependencies=WRITE,
        summary="Customers from a CSV table",
        openapi_extra=text_body("text/csv", "number;name;tags\r\n+48600100200;Anna Nowak;gold\r\n"),
        max_body_size=MAX_TABLE,
    )
    async def table(
        request: Request,
        batch: Annotated[Batch, Query(description="Names this table; customers of another one go with `replace`")],
        replace: bool = False,
    ) -> Any:
        """Columns are recognised by their names in English, Polish and Russian; lines that cannot be used are told."""
        return await control.take_table((await request.body()).decode("utf-8", "replace"), batch, replace)

    @router.delete("/customers/{number}", status_code=204, dependencies=WRITE, summary="Remove a customer")
    async def remove(number: Number) -> None:
        await control.remove_customer(number)

    @router.get("/regions/{number}", response_model=Region, dependencies=READ, summary="Where a number belongs")
    async def region(number: Number) -> Any:
        return control.region(number)

    return router
