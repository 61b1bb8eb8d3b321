"""What the call layer needs of SIP, SDP, media and speech, as narrow protocols: the real ones fit, and so do a
test's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol


class Settings(Protocol):
    """The part of `pbx.sdp.offer_answer.MediaSettings` that calls look at."""

    remote_ip: str
    codec: int
    event_payload_type: int
    send: bool
    receive: bool


class StreamCounters(Protocol):
    """The part of the engine's StreamStats that a call's record keeps."""

    rx_packets: int
    tx_packets: int
    lost_packets: int
    jitter_ms: float
    mos: float
    worst_mos: float
    bursts: int
    round_trip_ms: float
    level_dbm0: float | None
    remote_lost_share: float


class Recording(Protocol):
    """A recording that runs."""

    @property
    def path(self) -> Any: ...
    @property
    def relative_path(self) -> str:
        """Below the recordings folder."""
        ...

    @property
    def active(self) -> bool: ...
    def pause(self, on: bool) -> None: ...
    def add(self, session: Any, channel: int, *, heard: bool = False) -> None:
        """One stream more on a channel, or what it is told in a room. ValueError when it has had all it can take."""
        ...

    def drop(self, session: Any, *, heard: bool = False) -> None: ...
    def stop(self) -> Awaitable[float]:
        """Ends it; gives its length in seconds when all is on disk. OSError when the disk did not take it."""
        ...


class Media(Protocol):
    """One RTP stream (`pbx.media.session.MediaSession`)."""

    local_ip: str
    local_port: int
    on_digit: Callable[[str, str], None] | None
    on_timeout: Callable[[float], None] | None
    on_quality: Callable[[tuple[str, ...], float], None] | None
    on_secured: Callable[[str, str], None] | None
    on_insecure: Callable[[str], None] | None
    security: Any
    signalled_digits: bool
    suite: str

    @property
    def is_playing(self) -> bool: ...
    def configure(self, settings: Any, *, signalling_ip: str) -> None: ...
    def play(
        self, clips: Sequence[Any], *, repeat: bool = False, mix: bool = False, duck_db: float = 0.0
    ) -> asyncio.Future[bool]: ...
    def stop_play(self, *, mix: bool = False) -> None: ...
    def send_digits(self, digits: str) -> None: ...
    def echo(self, on: bool) -> None: ...
    def bridge(self, other: Any) -> None: ...
    def listen(self, other: Any) -> None: ...
    def whisper(self, other: Any) -> None: ...
    def barge(self, other: Any) -> None: ...
    def stop_listening(self) -> None: ...
    def unbridge(self) -> None: ...
    def record(self, path: str, other: Any, *, plain: bool = False, converts: bool = True) -> Recording: ...
    def close(self) -> StreamCounters | None: ...


class MediaRoom(Protocol):
    """A conference of streams (`pbx.media.room.Room`)."""

    on_talker: Callable[[Any, bool], None] | None

    def join(self, session: Any, *, muted: bool = False, deaf: bool = False) -> None: ...
    def leave(self, session: Any) -> None: ...
    def mute(self, session: Any, on: bool) -> None: ...
    def play(self, clips: Sequence[Any], *, repeat: bool = False) -> asyncio.Future[bool]: ...
    def record(self, path: str) -> Any: ...
    def close(self) -> None: ...


class MediaPort(Protocol):
    """Opens streams and rooms; `near` puts them on the same media worker."""

    protection: Any  # does the cryptography: `pbx.sdp.security.Provider`

    def open(self, near: Any = None) -> Media: ...
    def open_room(self, *, near: Any = None) -> Any: ...
    def clip(self, pcm: bytes, key: str) -> Any:
        """A clip of 16-bit mono sound at 8 kHz."""
        ...


class Prompts(Protocol):
    """Speech, music and tones as clips."""

    async def get(self, text: str, language: str, voice: str = "") -> Any:
        """`voice` is a [[speech.voice]], else that of the language."""
        ...

    def music(self, name: str) -> Any: ...
    def ringback(self) -> Any: ...
    def tone(self, name: str) -> Any: ...
    def cached(self, text: str, language: str, voice: str = "") -> Any:
        """The prompt if it is in memory, else None."""
        ...


class Negotiator(Protocol):
    """SDP offer/answer (RFC 3264). Each method raises SdpError, an exception with `status` (400 or 488)."""

    def offer(self, ip: str, port: int, *, prefer: int, session_id: int, version: int, security: Any = None) -> bytes:
        """Our offer; the codec whose static payload type is `prefer` (-1: none) is named first."""
        ...

    def answer(
        self, offer: bytes, ip: str, port: int, *, session_id: int, version: int, security: Any = None
    ) -> tuple[bytes, Any]:
        """Our answer to a far end's offer, and what was agreed. `security` is a `pbx.sdp.security.MediaSecurity`."""
        ...

    def agreed(self, offer: bytes, answer: bytes, security: Any = None) -> Any:
        """What the far end's answer to our offer agreed on."""
        ...


class Session(Protocol):
    """One INVITE dialog (`pbx.sip.session.InviteSession`)."""

    observer: Any
    request: Any  # the INVITE of a caller; None for a call of ours

    @property
    def heard(self) -> bool: ...
    @property
    def call_id(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def remote_sdp(self) -> bytes: ...
    @property
    def local_sdp(self) -> bytes: ...
    @property
    def end_reason(self) -> str: ...
    @property
    def wants_early_offer(self) -> bool: ...
    @property
    def source(self) -> Any: ...

    def progress(
        self, status: int = 180, reason: str | None = None, body: bytes = b"", headers: Sequence[str] = ()
    ) -> object: ...
    def accept(self, body: bytes, headers: Sequence[str] = ()) -> object: ...
    def reject(self, status: int, reason: str | None = None, headers: Sequence[str] = ()) -> object: ...
    def cancel(self, headers: Sequence[str] = ()) -> object: ...
    def bye(self, headers: Sequence[str] = ()) -> object: ...
    def end(self, status: int = 480, headers: Sequence[str] = ()) -> object: ...
    def reinvite(self, body: bytes) -> object: ...
    def send(
        self,
        method: str,
        *,
        headers: Sequence[str] = (),
        body: bytes = b"",
        content_type: str = "",
        done: Callable[[int], None] | None = None,
    ) -> bool: ...
    def info(self, body: bytes, content_type: str) -> object: ...
    def accept_reinvite(self, body: bytes) -> object: ...
    def reject_reinvite(self, status: int) -> object: ...


class Requester(Protocol):
    """The part of the user agent that registrations at carriers and OPTIONS use."""

    def local_address(self, destination: Any, /) -> tuple[str, int]: ...

    def request(
        self,
        method: str,
        *,
        uri: str,
        destination: Any,
        from_: str,
        to: str,
        headers: Sequence[str] = (),
        credentials: Any = None,
        call_id: str = "",
        cseq: int = 0,
        alternatives: Sequence[Any] = (),
        on_response: Callable[[int, Any], None],
    ) -> Any: ...


class Agent(Requester, Protocol):
    """Starts dialogs, and sends requests outside of them (`pbx.sip.user_agent.UserAgent`)."""

    extensions: Any  # pbx.sip.extensions.Extensions: the policy for far ends that have none of their own

    def invite(
        self,
        *,
        uri: str,
        destination: Any,
        from_: str,
        to: str,
        body: bytes,
        headers: Sequence[str] = (),
        contact_user: str = "",
        observer: Any,
        credentials: Any = None,
        route_set: Sequence[str] = (),
        follow_contact: Callable[[str], bool] | None = None,
        max_forwards: int = 70,
        alternatives: Sequence[Any] = (),
        extensions: Any = None,
    ) -> Session: ...

    def find_replaced(self, call_id: str, to_tag: str, from_tag: str) -> Session | None: ...
