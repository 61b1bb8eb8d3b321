"""Trunks: carriers that calls come from and go to."""

from pbx.call.trunks.hop import is_address, split_host
from pbx.call.trunks.trunk import Trunk
from pbx.call.trunks.trunks import Trunks

__all__ = ["Trunk", "Trunks", "is_address", "split_host"]
