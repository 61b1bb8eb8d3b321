"""Trunks: carriers that calls come from and go to."""

from pbx.call.trunks.trunk import Trunk, is_address, split_host
from pbx.call.trunks.trunks import Resolve, Trunks

__all__ = ["Resolve", "Trunk", "Trunks", "is_address", "split_host"]
