"""Counters as Python sees them: copies of what the workers count, made at the call."""

from dataclasses import dataclass


@dataclass(slots=True)
class StreamStats:
    """Counters of one stream (relaxed: they may trail by some packets)."""

    rx_packets: int
    rx_bytes: int
    tx_packets: int
    tx_bytes: int
    lost_packets: int
    jitter_ms: float
    max_gap_ms: float
    foreign_packets: int
    malformed_packets: int
    round_trip_ms: float
    late_ticks: int
    forged_packets: int = 0
    replayed_packets: int = 0
    mos: float = 0.0  # of what we heard, the whole call: MOS-CQE, G.107; 0: nothing was heard
    worst_mos: float = 0.0  # of five seconds; 0: there were none to judge
    bursts: int = 0  # of loss (RFC 3611 section 4.7.2)
    burst_lost_packets: int = 0
    level_dbm0: float | None = None  # of what the far end says, silence left out; None: never measured
    clipped_share: float = 0.0  # of its samples that are at the limit
    remote_lost_share: float = 0.0  # what the far end lost of ours, by its last report
    remote_jitter_ms: float = 0.0
    remote_mos: float = 0.0  # by its last VoIP metrics block (RFC 3611); 0: it sends none


@dataclass(slots=True)
class WorkerStats:
    """Counters of one worker thread."""

    streams: int
    ticks: int
    late_ticks: int
    rx_packets: int
    tx_packets: int
    send_errors: int
    lost_packets: int
    expected_packets: int
    foreign_packets: int
    malformed_packets: int
    dropped_events: int
    cpu_ns: int
    realtime: bool
    forged_packets: int = 0
    replayed_packets: int = 0
    dropped_datagrams: int = 0
    moved_streams: int = 0  # that went to another worker
    rooms: int = 0  # conferences
    room_members: int = 0  # streams on the tick path: decoded, mixed, encoded
    room_encodes: int = 0  # packets encoded for them; one may go to many
