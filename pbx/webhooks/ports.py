"""What webhooks ask of the rest of the process."""

from __future__ import annotations

from typing import Protocol

from pbx.webhooks.subscription import Subscription


class SubscriptionStore(Protocol):
    """Where subscriptions live. What is awaited returns after the commit and raises StoreError otherwise."""

    def load(self) -> list[Subscription]:
        """Those that were there when the store was started."""
        ...

    async def write(self, subscription: Subscription) -> None: ...

    async def remove(self, subscription: str) -> None: ...
