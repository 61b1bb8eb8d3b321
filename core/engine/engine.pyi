"""The one class that Python sees of the media threads. All calls are made from one thread (the event loop's)."""

from collections.abc import Sequence

# Codecs (RFC 3551 static payload types).
CODEC_PCMU: int  # 0
CODEC_PCMA: int  # 8

# Latch policies: from where a stream accepts RTP (docs/decisions/0030).
LATCH_SIGNALLED: int  # SDP address, or one validated switch to the SDP's or the signalling source's IP
LATCH_ANY: int  # SDP address, or one validated switch to any source
LATCH_STRICT: int  # SDP address only
LATCH_TOLD: int  # what `latch_to` says (ICE)

# Event kinds: the first element of a drained tuple.
EV_LATCHED: int  # a, b = the address, IPv4 as mapped IPv6, in two int64 (host order); c = port
EV_FIRST_PACKET: int
EV_DIGIT: int  # a = ord(digit), b = duration in ms, c = 0 RFC 4733, 1 in-band
EV_PLAY_ENDED: int  # a = token of play(), b = 1 finished, 0 stopped or replaced, c = 1 of a play with mix=True
EV_QUALITY: int  # a = QUALITY_* bits of core.stream.quality that hold now, b = MOS of the window times 1000
EV_MEDIA_TIMEOUT: int  # a = ms without RTP
EV_STREAM_CLOSED: int
EV_CLIP_RELEASED: int  # a = clip id, stream = 0
EV_RECORDING_ENDED: int  # a = recording id, b = duration in ms, c = errno (0: fine; 28: disk full)
EV_DATAGRAM: int  # STUN or DTLS waits: take `datagrams`; a = bytes
EV_TALKER: int  # a = 1 begins to talk, 0 ends, b = level in dBm0, c = room id
EV_MOVED: int  # stream = its id until now, which no later event names; a = its id from now on
EV_RTCP_SPARE: int  # rtcp-mux was agreed on: the RTCP socket is closed by `drain`; a = RTP descriptor
EV_ROOM_CLOSED: int  # a = room id, stream = 0
EV_ROOM_PLAY_ENDED: int  # a = token of play_in_room(), b = 1 finished, 0 stopped or replaced, c = room id, stream = 0
EV_COMMAND_FAILED: int  # a = command kind, b = errno, c = sequence

LAYOUT_VERSION: int

Event = tuple[int, int, int, int, int, int]  # (kind, stream, a, b, c, monotonic time in ns)

class EngineBusy(RuntimeError):
    """The command ring of a worker is full; nothing was done."""

class PortsExhausted(OSError):
    """No RTP port pair of the range is free; the message names the range and the remedy."""

class StreamStats:
    """Counters of one stream, copied at the call (relaxed: they may trail by some packets)."""

    rx_packets: int
    rx_bytes: int
    tx_packets: int
    tx_bytes: int
    lost_packets: int
    jitter_ms: float  # RFC 3550 section 6.4.1, of what was received
    max_gap_ms: float  # longest time between two received packets
    foreign_packets: int  # from a source that is not latched
    malformed_packets: int
    round_trip_ms: float  # from RTCP, 0.0 when unknown
    late_ticks: int
    forged_packets: int  # SRTP or SRTCP that failed its authentication
    replayed_packets: int  # SRTP or SRTCP that was seen before
    mos: float  # of what we heard, the whole call: MOS-CQE, G.107; 0: nothing was heard
    worst_mos: float  # of five seconds; 0: there were none to judge
    bursts: int  # of loss (RFC 3611 section 4.7.2)
    burst_lost_packets: int
    level_dbm0: float | None  # of what the far end says, silence left out; None: never measured
    clipped_share: float  # of its samples that are at the limit
    remote_lost_share: float  # what the far end lost of ours, by its last report
    remote_jitter_ms: float
    remote_mos: float  # by its last VoIP metrics block (RFC 3611); 0: it sends none

class WorkerStats:
    """Counters of one worker thread."""

    streams: int
    ticks: int
    late_ticks: int  # started more than 10 ms after their deadline
    rx_packets: int
    tx_packets: int
    send_errors: int
    lost_packets: int  # of closed and open streams
    expected_packets: int
    foreign_packets: int
    malformed_packets: int
    dropped_events: int
    cpu_ns: int  # CLOCK_THREAD_CPUTIME_ID of the worker
    realtime: bool
    forged_packets: int
    replayed_packets: int
    dropped_datagrams: int  # STUN or DTLS that Python did not get
    moved_streams: int  # that went to another worker
    rooms: int  # conferences
    room_members: int  # streams on the tick path: decoded, mixed, encoded
    room_encodes: int  # packets encoded for them; one may go to many

class Engine:
    """Starts and stops the workers, submits commands, drains events."""

    def __init__(
        self,
        *,
        workers: int = 1,
        port_min: int = 20000,
        port_max: int = 29999,
        max_streams: int = 8192,
        realtime: bool = True,
        opus_complexity: int = 5,
        opus_bitrate: int = 0,
        opus_expected_loss: int = 5,
        opus_rate: int = 16000,
        silence_dbm0: float = -60.0,
    ) -> None:
        """`opus_complexity` 0..10, `opus_bitrate` in bit/s (0: libopus chooses), `opus_expected_loss` in percent: how
        many bits go into in-band error correction at least; what far ends report of losses adds to it. `opus_rate`
        is that of Opus's sound in Hz: 8000, 16000 or 48000. Softer than `silence_dbm0` is silence that need not be
        sent. Raises ValueError beyond these."""
    @property
    def workers(self) -> int: ...
    def start(self) -> None:
        """Starts the threads and raises the soft descriptor limit towards what max_streams needs. Once only."""
    def stop(self) -> None:
        """Closes every stream, joins the threads; idempotent."""
    def event_fd(self, worker: int) -> int:
        """An eventfd that is readable while `drain(worker)` would return something."""
    def drain(self, worker: int) -> list[Event]: ...
    def tidy(self, age_s: float = 5.0) -> int:
        """Closes sockets that have waited for a new stream for over `age_s`; returns how many pairs still wait."""
    def datagrams(self, worker: int) -> list[tuple[int, str, int, bytes]]:
        """STUN and DTLS that came: (stream, source address, source port, data), at most 256 at a time."""
    def open(self, local_ip: str, *, worker: int = -1) -> tuple[int, int]:
        """Binds an RTP socket (even port) and its RTCP socket (next port) for a worker (-1: the least loaded).

        "::" hears IPv6 and IPv4. Returns (stream id, RTP port). Raises PortsExhausted, or OSError naming the
        address and the remedy.
        """
    def worker_of(self, stream: int) -> int: ...
    def configure(
        self,
        stream: int,
        *,
        remote_ip: str,
        remote_port: int,
        codec: int,
        remote_rtcp_port: int = 0,
        payload_type: int = -1,
        event_payload_type: int = -1,
        heard_payload_type: int = -1,
        heard_event_type: int = -1,
        noise_payload_type: int = -1,
        ptime_ms: int = 20,
        receive: bool = True,
        send: bool = True,
        latch: int = 0,
        signalling_ip: str = "",
        rtcp_mux: bool = False,
        rtp_timeout_ms: int = 0,
        open_window: bool = True,
        secure: bool = False,
        demux: bool = False,
        suppress_silence: bool = False,
        digits_signalled: bool = False,
    ) -> None:
        """Sets or changes the far end, as an offer/answer says. `open_window` opens the 2 s that allow a switch.

        May be called again at any time (re-INVITE); sequence numbers and timestamps go on. remote_rtcp_port 0 means
        remote_port + 1. Payload type -1 means the codec's static one; event payload type -1 means not negotiated: then
        digits are looked for in the audio. What is received carries the `heard_` numbers (-1: the same as is sent).
        Raises ValueError, also for an IPv6 address when the stream listens on IPv4. `secure`: nothing is sent or heard
        without keys (`protect`). `demux`: STUN and DTLS on the socket become EV_DATAGRAM. `noise_payload_type` is that
        of comfort noise (RFC 3389), both ways; with `suppress_silence` it is sent in place of silence, and Opus pauses.
        `digits_signalled`: digits for the far end are sent neither as events nor as tones.
        """
    def protect(self, stream: int, profile: int, key_in: bytes, key_out: bytes) -> None:
        """Sets the SRTP keys: `profile` 1, 2 (AES-CM, tag of 80, 32 bits), 7, 8 (AEAD AES-128, 256 GCM), master key and
        salt in one. A key that the stream has already goes on with its packet index. OSError without libsrtp.
        """
    def latch_to(self, stream: int, remote_ip: str, remote_port: int) -> None:
        """The far end is there and nowhere else: ICE has validated it. May be told again at any time."""
    def send_datagram(self, stream: int, data: bytes, remote_ip: str, remote_port: int) -> bool:
        """Sends STUN or DTLS from the stream's socket at once; False when the system refused it."""
    def play(
        self,
        stream: int,
        clips: Sequence[int],
        *,
        repeat: bool = False,
        gain_db: float = 0.0,
        mix: bool = False,
        duck_db: float = 0.0,
    ) -> int:
        """Plays the clips one after the other (all of them again and again with `repeat`, at most 16); returns a token.

        A play that is running ends at once with EV_PLAY_ENDED b = 0. A bridge does not stop it: while a stream plays,
        its bridge partner is not heard. `stop_play` gives the bridge back. With `mix` the clips are played over what
        else the stream hears (partner, room, another play), which is turned down by `duck_db` (-60..0) meanwhile.
        """
    def stop_play(self, stream: int, *, mix: bool = False) -> None: ...
    def send_digits(self, stream: int, digits: str, *, duration_ms: int = 100) -> None:
        """Sends DTMF to the far end: RFC 4733 when negotiated, else as tones."""
    def bridge(self, stream_a: int, stream_b: int) -> None:
        """Each hears the other. Both must be on one worker (ValueError). An earlier bridge of either is ended."""
    def unbridge(self, stream: int) -> None: ...
    def gain(self, stream: int, gain_db: float) -> None:
        """Makes what the far end says louder or softer (-60..20 dB) for all that hear it; not for recordings."""
    def supervise(self, stream: int, other: int, how: int) -> None:
        """Lets `stream` hear both parties of `other`'s bridge, or its room: 1 heard by none, 2 by `other`, 3 by all.

        It goes on through later bridges of `other`, until 0 ends it. Both on one worker; a bridge of `stream` is ended.
        """
    def open_room(self, *, worker: int = -1, rate: int = 8000, gate: bool = True) -> int:
        """A conference; returns its id. With `gate` who does not talk is left out of the sum, and EV_TALKER tells."""
    def worker_of_room(self, room: int) -> int: ...
    def close_room(self, room: int) -> None:
        """Its streams stay open, alone. The id is dead at once, EV_ROOM_CLOSED follows. A second close does nothing."""
    def join_room(self, room: int, stream: int, *, muted: bool = False, deaf: bool = False) -> None:
        """Puts a stream of the room's worker (ValueError) into it, or changes what it may. A bridge of it is ended."""
    def leave_room(self, stream: int) -> None: ...
    def play_in_room(self, room: int, clips: Sequence[int], *, repeat: bool = False, gain_db: float = 0.0) -> int:
        """An announcement that all members hear; returns a token for EV_ROOM_PLAY_ENDED."""
    def stop_room_play(self, room: int) -> None: ...
    def echo(self, stream: int, on: bool) -> None:
        """Sends back what is received (payload kept, own SSRC and sequence)."""
    def move(self, stream: int, worker: int) -> int:
        """Moves a stream to another worker: returns its new id; the old one is dead, EV_MOVED says the last of it.

        Sequence, timestamps, plays, digits, recording and counters go on; its bridge, room or supervision ends.
        """
    def record(self, path: str, left: int, right: int = 0, *, pipe: int = -1) -> int:
        """Records what is received on `left` and `right` into a stereo WAV (8 kHz, s16le; mono when right is 0).

        Returns a recording id; the file is a valid WAV at any instant up to the last second. The recording goes on
        whatever the streams do. Raises OSError naming the path. `pipe`: a descriptor that is written the frames
        instead, without a header, and closed at the end; `path` is not used then.
        """
    def record_room(self, path: str, room: int, *, pipe: int = -1) -> int:
        """Records the mix of a room (mono)."""
    def add_to_record(self, recording: int, stream: int, channel: int, *, heard: bool = False) -> int:
        """One more stream into channel 0 (left) or 1; returns its tap. ValueError when the recording is over.

        `heard`: not what the stream says, but what it is told while it is in a conference (silence elsewhere).
        """
    def drop_from_record(self, recording: int, tap: int) -> None:
        """The stream of that tap is no longer recorded; with the last one the recording ends."""
    def pause_record(self, recording: int, on: bool) -> None:
        """While paused, silence is recorded."""
    def stop_record(self, recording: int) -> None:
        """Ends the recording; EV_RECORDING_ENDED follows when all is on disk. Closing its streams ends it as well."""
    def add_clip(self, pcm: bytes, wide: bytes = b"", full: bytes = b"") -> int:
        """Registers a clip of 8 kHz mono s16le samples; encoded at once for each codec. Returns its id.

        `wide` is the same at 16 kHz, twice as many samples, and `full` at 48 kHz, six times as many: heard in rooms of
        these rates and by streams whose codec has more than 8 kHz, where all clips of a play have them.
        """
    def release_clip(self, clip: int) -> None:
        """The memory is freed after EV_CLIP_RELEASED, when nothing plays it any more."""
    def close(self, stream: int) -> None:
        """Closes a stream; the id is dead at once, EV_STREAM_CLOSED follows. A second close does nothing."""
    def stream_stats(self, stream: int) -> StreamStats:
        """Raises KeyError for a closed stream; read it before `close`."""
    def worker_stats(self, worker: int) -> WorkerStats: ...
