"""Command and Event: all that crosses between Python and the media workers. Plain structs, no pointer, no object.

Change a struct or a meaning: raise LAYOUT. It is compared at import, because a stale extension would read garbage.
"""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t

from core.base.sockets cimport Address, Ip

cdef enum:
    LAYOUT = 5
    MAX_CLIPS = 16             # of one play
    MAX_DIGITS = 64            # of one send_digits

cpdef enum:                    # kinds of commands
    CMD_OPEN = 1               # stream
    CMD_CONFIGURE = 2
    CMD_PLAY = 3               # count, values (clip ids), token, flags, gain
    CMD_STOP_PLAY = 4
    CMD_SEND_DIGITS = 5        # count, values (ASCII, a byte each), duration_ms
    CMD_BRIDGE = 6             # stream, other
    CMD_UNBRIDGE = 7
    CMD_ECHO = 8               # flags & FLAG_ON
    CMD_RECORD = 9             # stream (or room), token (recording id), count (tap), flags & FLAG_ROOM, FLAG_HEARD
    CMD_STOP_RECORD = 10       # token (recording id); flags & FLAG_ON: only the tap `count`
    CMD_RELEASE_CLIP = 11      # token (clip id)
    CMD_CLOSE = 12
    CMD_STOP = 13              # the worker ends
    CMD_PROTECT = 14           # stream, srtp_in, srtp_out (0: as it is)
    CMD_LATCH = 15             # stream, remote: the far end is there
    CMD_ROOM_OPEN = 16         # stream (room id), count (kHz)
    CMD_ROOM_CLOSE = 17        # stream (room id)
    CMD_ROOM_JOIN = 18         # stream, other (room id), flags (MEMBER_*); again: changes the flags
    CMD_ROOM_LEAVE = 19        # stream
    CMD_ROOM_PLAY = 20         # like CMD_PLAY, stream is a room id
    CMD_ROOM_STOP_PLAY = 21    # stream (room id)
    CMD_SUPERVISE = 22         # stream, other (who is supervised), flags (WATCH_*)
    CMD_GAIN = 23              # stream, gain
    CMD_STOP_OVERLAY = 24      # stream
    CMD_MOVE = 25              # stream, other (its id on the worker it goes to)
    CMD_ARRIVE = 26            # stream: it comes from another worker

cdef enum:
    FLAG_ON = 1
    FLAG_REPEAT = 1
    FLAG_OVERLAY = 2           # of CMD_PLAY: over what else is heard, which is turned down by `duck`
    FLAG_ROOM = 1              # of CMD_RECORD: stream is a room id
    FLAG_HEARD = 2             # of CMD_RECORD: what the stream is told in a conference, not what it says
    FLAG_RECEIVE = 1
    FLAG_SEND = 2
    FLAG_RTCP_MUX = 4
    FLAG_OPEN_WINDOW = 8
    FLAG_SECURE = 16           # nothing goes or comes unprotected
    FLAG_DEMUX = 32            # STUN and DTLS are for Python
    FLAG_SUPPRESS = 64         # silence is not sent: comfort noise where it was negotiated, the pauses of Opus
    FLAG_DIGITS_SIGNALLED = 128    # digits for the far end go by SIP INFO

cpdef enum:                    # kinds of events
    EV_LATCHED = 1
    EV_FIRST_PACKET = 2
    EV_DIGIT = 3
    EV_PLAY_ENDED = 4
    EV_MEDIA_TIMEOUT = 5
    EV_STREAM_CLOSED = 6
    EV_CLIP_RELEASED = 7
    EV_RECORDING_ENDED = 8
    EV_COMMAND_FAILED = 9
    EV_DATAGRAM = 10           # STUN or DTLS waits in the ring of datagrams
    EV_TALKER = 11
    EV_MOVED = 12
    EV_ROOM_CLOSED = 13
    EV_ROOM_PLAY_ENDED = 14
    EV_QUALITY = 15
    EV_RTCP_SPARE = 16         # rtcp-mux: the RTCP socket is of no use

cdef struct Command:           # 192 bytes
    uint16_t kind              # CMD_*
    uint16_t count
    uint32_t sequence          # grows by one a command, for EV_COMMAND_FAILED
    uint32_t stream
    uint32_t other
    uint32_t token
    uint32_t flags             # FLAG_*
    Address remote             # its family: of the stream's sockets
    Ip signalling_ip           # none: unknown
    uint32_t rtp_timeout_ms    # 0: never
    uint16_t rtcp_port         # at the remote address
    uint16_t ptime_ms
    int16_t payload_type       # to send with
    int16_t event_payload_type # to send with; -1: not negotiated
    int16_t heard_payload_type # that the far end sends with
    int16_t heard_event_type   # -1: not negotiated
    uint8_t codec
    uint8_t latch
    uint16_t duration_ms
    float gain                 # factor; 1.0: none
    uint32_t srtp_in           # SRTP context of what is received; 0: none
    uint32_t srtp_out          # of what is sent
    uint16_t duck_q8           # factor for what else is heard, in 1/256
    int16_t noise_payload_type # comfort noise, both ways; -1: not negotiated
    int32_t rtcp_fd            # another RTCP socket for the stream; 0: none
    uint32_t spare[5]
    uint32_t values[MAX_CLIPS]

cdef struct Event:             # 64 bytes
    uint32_t kind              # EV_*
    uint32_t stream            # 0: not of a stream
    int64_t a
    int64_t b
    int64_t c
    int64_t when_ns            # CLOCK_MONOTONIC
    int64_t spare[3]
