"""What a media worker keeps: a leg for each stream, its rings, its tick wheel; and how it tells Python.

`Leg` is the stream with what the engine adds. All fields belong to the worker's thread unless a comment says otherwise.
"""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t

from core.base.atomics cimport load_acquire_u32
from core.base.pool cimport Pool
from core.base.ring cimport SpscRing
from core.engine.clips cimport ClipTable
from core.engine.coder cimport Coder
from core.engine.digits cimport DigitSender
from core.engine.keys cimport SrtpTable
from core.engine.heavy cimport HEAVY_SLOTS, Heavy
from core.engine.player cimport Player
from core.engine.recorder cimport RecordTable, Tap
from core.engine.voice cimport Voice
from core.signal.dtmf cimport DtmfDetector
from core.signal.resample cimport Resampler
from core.stream.srtp cimport SRTP_ROOM
from core.stream.stream cimport Received, Stream

cdef extern from *:
    """
    /* epoll data: the stream's id, and this bit for its RTCP socket */
    #define CENTRALA_RTCP_BIT (1ull << 32)
    """
    uint64_t RTCP_BIT "CENTRALA_RTCP_BIT"

cdef enum:
    BUFFER = 2048              # bytes of a datagram that are read
    WHEEL = 32                 # slots of the tick wheel: more than the longest packet time
    TICK_NS = 2000000          # a slot: 2 ms
    DIGIT_BACKLOG = 16

cdef enum:                     # events that found the ring full, by leg; they are sent when there is room
    PENDING_LATCHED = 1
    PENDING_FIRST_PACKET = 2
    PENDING_PLAY_ENDED = 4
    PENDING_TIMEOUT = 8
    PENDING_CLOSED = 16
    PENDING_DIGITS = 32
    PENDING_OVERLAY_ENDED = 64
    PENDING_TALKER = 128
    PENDING_QUALITY = 256

cdef enum:                     # Leg.membership
    MEMBER_MUTED = 1           # is not heard
    MEMBER_DEAF = 2            # hears silence

cdef enum:                     # Leg.watch
    WATCH_NONE = 0
    WATCH_LISTEN = 1           # hears both parties, heard by none
    WATCH_WHISPER = 2          # heard by the watched leg only
    WATCH_BARGE = 3            # heard by both

cdef enum:
    SWEEP_TICKS = 2            # who is swept is looked at this often, in slots of the wheel: 4 ms; others tick then as well
    SLOW_TICKS = 5             # as long as no room and not so many legs tick: 10 ms, since each wake costs as much as two packets
    SLOW_UP_TO = 200           # legs: with more of them a wake is shared by enough
    SWEEP_FROM = 8             # legs that play: from so many on, looking on ticks is cheaper than being woken
    ROOM_FRAME_MS = 20
    ROOM_TICKS = 10            # a frame in slots of the tick wheel
    RATE_PAIR = 8000           # Hz, of a pair on the tick
    MAX_FRAME = 960            # samples of a frame at 48 kHz
    MAX_MEMBERS = 512
    MAX_ROOMS = 4096           # of a worker
    MAX_PLACEMENTS = 8
    SHARED_FORMS = 2           # mu-law, A-law
    MAX_OUTPUTS = 16           # distinct outputs of a room whose listeners share packets; who finds none free is encoded alone

cdef struct HeardDigit:
    char code
    bint in_band
    int64_t duration_ms
    int64_t when_ns

cdef struct LegTotals:         # what of the counters is already in the worker's
    uint64_t rx_packets
    uint64_t tx_packets
    uint64_t foreign
    uint64_t malformed
    uint64_t send_errors
    uint64_t forged
    uint64_t replayed
    uint64_t expected
    uint64_t received

cdef struct Leg
cdef struct Room
cdef struct Worker

# One encoding for all listeners of a room whose far ends want the same octets (docs/decisions/0258). The encoder is that of
# one of them, who leads; those of the others rest.
cdef struct Output:
    Room* room
    Leg* leader
    uint32_t count             # who share it; 0: free
    bint deaf                  # silence, for who is in the room and hears it not
    uint8_t codec
    bint suppress              # silence is told by comfort noise
    bint pauses                # the encoder of a heavy codec pauses in silence
    int ptime_ms
    int bitrate                # of a heavy codec's encoder, as far ends' reports have made it
    int expected_loss

# A way to carry a pair (docs/decisions/0060): chosen in core/engine/placement and nowhere else.
cdef struct Placement:
    const char* name
    # Whether it can carry them now.
    bint (*fits)(Worker* w, Leg* a, Leg* b) noexcept nogil
    # Takes the pair over, also when it has it already and something about it changed. False: it cannot, take another.
    bint (*enter)(Worker* w, Leg* a, Leg* b, int64_t now) noexcept nogil
    void (*leave)(Worker* w, Leg* a, Leg* b, int64_t now) noexcept nogil
    # A packet that `source` has received for `to`, in the receive pass.
    void (*carry)(Worker* w, Leg* source, Leg* to, Received* got, int64_t now) noexcept nogil

cdef struct Leg:
    uint32_t id                # 0: closed. Before all else: a move copies what follows it
    uint32_t slot
    uint32_t active_index      # in Worker.active
    bint closing               # closed, but its event found no room
    bint reusable              # its sockets may serve another stream
    uint32_t moved_to          # its id on another worker; 0: it did not move
    bint echo
    bint describes_silence     # has sent comfort noise
    Leg* peer                  # the other one of the bridge
    const Placement* placement # what carries the pair; NULL without a peer
    Stream stream
    Player player
    Player overlay             # plays over whatever else is heard
    float duck                 # factor for what else is heard while it plays
    float gain                 # factor for what the far end says; 1.0: none
    # room: a conference, or one that the worker made for a pair or a supervised leg
    Room* room
    uint32_t room_index        # in Room.members
    uint32_t membership        # MEMBER_*
    Voice* voice               # present in a room only
    # what it shares with other listeners of its room (core/engine/listeners)
    bint shares                # `output` is what it is sent now
    int listened               # ticks in a row in which it heard the whole mix and nothing else, or was deaf
    Output* output             # the one that it shares, or shared last
    uint64_t since             # Worker.turn of the first packet of `output` that is its own,
    uint64_t until             # and of the first that is not any more
    Coder* coder               # present unless the codec is G.711
    int watch                  # WATCH_*: supervises `watched`
    Leg* watched
    Leg* watchers              # who supervise this one
    Leg* next_watcher          # of the same watched leg
    bint unsettled             # to be placed anew
    DigitSender digits
    # tick wheel
    bint ticking
    bint swept                 # its RTP socket is in Worker.sweep_epoll
    int64_t tick               # when it is due, in ticks of the worker
    Leg* next
    Leg* previous
    # in-band digits of what is received
    bint listening             # the detector is in use
    DtmfDetector detector
    char sounding              # ASCII of the digit that is still heard, 0: none
    int64_t heard_ns
    # recording
    Tap* tap                   # of what it says
    Tap* heard_tap             # of what it is told in a conference
    # events that wait for room
    uint32_t pending           # PENDING_*
    uint32_t ended_token
    bint ended_finished
    uint32_t overlay_token     # of the overlay that ended
    bint overlay_finished
    int64_t silent_ms
    int backlog_count
    HeardDigit backlog[DIGIT_BACKLOG]
    uint64_t tx_reported       # packets sent at the last RTCP report
    int passed_up              # datagrams given to Python since the last look of the slow pass
    LegTotals totals

cdef struct Room:
    uint32_t id                # 0: made by the worker itself
    uint32_t slot
    bint open
    int rate                   # Hz
    int frame                  # samples of 20 ms
    Resampler narrow           # to telephone sound, for the tape
    Resampler announce         # from telephone sound, for what is played
    int phase                  # of the tick wheel, 0..ROOM_TICKS - 1
    Room* next                 # of the same phase
    Room* previous
    Room* spare                # free list
    Leg** members
    uint32_t count
    uint32_t capacity
    bint gate                  # who does not talk is left out of the sum
    int64_t threshold          # power of a frame
    Player player              # announcements
    bint untold                # the end of the last one found the event ring full
    uint32_t ended_token
    bint ended_finished
    Tap* tap
    uint32_t recorded          # samples given to the recording: its timestamps
    uint32_t sharing           # members that share an output
    Output[MAX_OUTPUTS] outputs

cdef struct WorkerCounters:    # written by the worker, read relaxed
    uint64_t streams
    uint64_t ticks
    uint64_t late_ticks
    uint64_t rx_packets
    uint64_t tx_packets
    uint64_t send_errors
    uint64_t lost
    uint64_t expected
    uint64_t foreign
    uint64_t malformed
    uint64_t dropped_events
    uint64_t realtime
    uint64_t forged
    uint64_t replayed
    uint64_t dropped_datagrams # STUN or DTLS that Python did not get
    uint64_t moved             # legs that went to another worker
    uint64_t rooms             # named ones
    uint64_t room_members      # legs on the tick path
    uint64_t room_encodes      # packets encoded for them; one may go to many

cdef struct Worker:
    uint32_t index
    bint want_realtime
    bint running               # CMD_STOP clears it
    int epoll
    int sweep_epoll            # RTP sockets that are looked at on ticks: nobody is woken for them
    uint32_t swept             # how many
    int command_fd             # eventfd: commands wait
    int event_fd               # eventfd: events wait
    int timer_fd
    int32_t sleeping           # atomic: the worker may be in epoll_wait without having seen the last command
    int32_t event_armed        # atomic: Python wants to be woken
    bint unsignalled           # events were pushed since the last wake
    bint retry                 # some leg has pending events
    bint clips_unreported      # EV_CLIP_RELEASED found no room
    bint rooms_untold          # EV_ROOM_PLAY_ENDED found no room
    uint32_t recordings_open   # that this worker has still to report
    SpscRing commands          # of Command, Python to worker
    SpscRing events            # of Event, worker to Python
    SpscRing digits            # of Event, digits only
    SpscRing datagrams         # of Datagram
    Pool pool
    Leg* legs                  # one a slot
    Leg** active               # the open ones
    uint32_t active_count
    uint32_t house_cursor      # next leg of the slow pass
    int64_t house_ns           # when it goes on
    Leg* wheel[WHEEL]
    int64_t tick               # last tick that was run
    int64_t epoch_ns           # instant of tick 0
    int64_t armed              # tick the timer is set for; 0: none, -1: it has run out
    uint32_t ticking           # legs in the wheel
    uint32_t phase             # next stagger
    Room* rooms_by_phase[ROOM_TICKS]
    uint32_t room_load[ROOM_TICKS]     # members of these
    uint32_t rooms_ticking
    Pool room_pool
    Room** rooms               # one a slot, NULL: closed
    uint64_t turn              # ticks of rooms so far, the one in work among them
    Room* spare_rooms
    Voice* spare_voices
    void** voice_blocks        # what was allocated
    uint32_t voice_block_count
    int32_t* arrived           # atomic, one a slot: another worker has put a leg there
    bint stalled               # the next command waits for such a leg
    bint unsettled             # some leg's pair must be placed anew
    const Placement* placements[MAX_PLACEMENTS]    # in the order of preference, NULL at the end
    int64_t ntp_offset         # monotonic ns to NTP ns
    uint64_t random
    ClipTable* clips
    RecordTable* recordings
    SrtpTable* srtp
    Coder* spare_coders
    void* coder_blocks
    Heavy* heavy               # the helper thread for heavy codecs
    Leg* heavy_legs[HEAVY_SLOTS]   # whose slot it is
    int opus_rate              # Hz of the sound
    int opus_bitrate           # bit/s, 0: libopus chooses
    int opus_complexity        # 0..10
    int opus_expected_loss     # percent that the redundancy is made for, at least
    double silence_dbm0        # softer than this is silence that need not be sent
    WorkerCounters count
    uint8_t buffer[BUFFER + SRTP_ROOM]    # of the datagram in work
    uint8_t out[BUFFER + SRTP_ROOM]       # of a datagram that we make
    # scratch of the room that ticks
    int32_t total[MAX_FRAME]
    int16_t mixed[MAX_FRAME]
    int16_t played[MAX_FRAME]
    uint8_t shared[SHARED_FORMS][MAX_FRAME]   # what those who are not in the sum hear, encoded
    int shared_size[SHARED_FORMS]             # 0: not made in this tick

# Tells Python; False when the ring is full (counted).
cdef bint emit(Worker* w, int kind, uint32_t stream, int64_t a, int64_t b, int64_t c, int64_t now) noexcept nogil
# The state events: kept in the leg and told again when the ring was full.
cdef void tell(Worker* w, Leg* leg, uint32_t pending, int64_t now) noexcept nogil
cdef void tell_play_ended(Worker* w, Leg* leg, bint finished, int64_t now) noexcept nogil
# The end of a room's announcement: told again when the ring was full, the latest one for all before it.
cdef void tell_room_play_ended(Worker* w, Room* room, bint finished, int64_t now) noexcept nogil
cdef void tell_overlay_ended(Worker* w, Leg* leg, bint finished, int64_t now) noexcept nogil
cdef void tell_digit(Worker* w, Leg* leg, char code, int64_t duration_ms, bint in_band, int64_t now) noexcept nogil
# Tries what is pending again.
cdef void retry_events(Worker* w, int64_t now) noexcept nogil
# Wakes Python when there is something new.
cdef void signal_events(Worker* w) noexcept nogil
# Puts a leg into the tick wheel, staggered over its packet time, or takes it out.
cdef void start_ticking(Worker* w, Leg* leg, int64_t now) noexcept nogil
cdef void stop_ticking(Worker* w, Leg* leg) noexcept nogil
cdef void wheel_insert(Worker* w, Leg* leg, int64_t tick) noexcept nogil
# How often who is swept is looked at now, in slots of the wheel.
cdef inline int sweep_ticks(const Worker* w) noexcept nogil:
    return SWEEP_TICKS if w.rooms_ticking or w.ticking > SLOW_UP_TO else SLOW_TICKS


# Whether packets of the leg wake the worker, or are looked for on ticks: those of a room, which are wanted at its tick and
# not before, and those of legs that play and are heard by nobody but the detector of digits. To be called after each
# change of what decides this.
cdef void choose_watch(Worker* w, Leg* leg) noexcept nogil
# Neither any more.
cdef void end_watch(Worker* w, Leg* leg) noexcept nogil
# Sends RTP that is complete from its header on, with SRTP_ROOM bytes behind it; `payload` bytes are counted.
cdef void send_rtp(Leg* leg, uint8_t* data, int size, int payload) noexcept nogil


cdef inline uint64_t next_random(Worker* w) noexcept nogil:
    """xorshift64*: for spreading timers, never for secrets."""
    w.random ^= w.random >> 12
    w.random ^= w.random << 25
    w.random ^= w.random >> 27
    return w.random * <uint64_t>2685821657736338717


cdef inline Leg* find_leg(Worker* w, uint32_t id) noexcept nogil:
    """The open leg of an id, or NULL."""
    cdef uint32_t slot = id & 0x3FFF
    if slot >= w.pool.capacity or id == 0 or load_acquire_u32(&w.legs[slot].id) != id or w.legs[slot].closing:
        return NULL
    return &w.legs[slot]
