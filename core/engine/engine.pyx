"""Starts and stops the media workers, submits commands, drains events. One thread makes all the calls."""

import os

from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy, memset

from core.base.atomics cimport full_fence, store_release_i32, store_release_u32
from core.base.pool cimport id_slot, id_tag, pool_is_current, pool_retire, pool_take
from core.base.sockets cimport Address, counter_read, ip_known, udp_send_to
from core.engine cimport messages as m
from core.engine.arguments cimport configure_command, digits_command, factor, far_end, local_address, new_command
from core.engine.clips cimport clip_free
from core.engine.crew cimport Crew
from core.engine.keys cimport KeyStore
from core.engine.messages cimport Command, Event
from core.engine.ports cimport PortRange
from core.engine.reading cimport read_stream, read_worker, take_datagrams, take_events
from core.engine.recorder cimport record_free
from core.engine.shelf cimport Shelf
from core.engine.state cimport MEMBER_DEAF, MEMBER_MUTED, WATCH_BARGE, Leg, Worker
from core.engine.tapes cimport add_tap, drop_tap, pause_tape, start_room_tape, start_tape, stop_tape
from core.stream.stream cimport stream_init

from core.engine.crew import EngineBusy
from core.engine import messages as _messages
from core.engine.messages import (
    CODEC_PCMA,
    CODEC_PCMU,
    EV_CLIP_RELEASED,
    EV_COMMAND_FAILED,
    EV_DATAGRAM,
    EV_DIGIT,
    EV_FIRST_PACKET,
    EV_LATCHED,
    EV_MEDIA_TIMEOUT,
    EV_QUALITY,
    EV_MOVED,
    EV_PLAY_ENDED,
    EV_RECORDING_ENDED,
    EV_RTCP_SPARE,
    EV_ROOM_CLOSED,
    EV_ROOM_PLAY_ENDED,
    EV_STREAM_CLOSED,
    EV_TALKER,
    LATCH_ANY,
    LATCH_SIGNALLED,
    LATCH_STRICT,
    LATCH_TOLD,
    LAYOUT_VERSION,
)
from core.engine.ports import PortsExhausted
from core.engine.stats import StreamStats, WorkerStats

if (_messages.LAYOUT_VERSION, _messages.COMMAND_SIZE, _messages.EVENT_SIZE) != (m.LAYOUT, sizeof(Command), sizeof(Event)):
    raise ImportError(
        f"core.engine.messages has layout {_messages.LAYOUT_VERSION}, core.engine.engine was built with {m.LAYOUT}: "
        "build the core again (python setup.py build_ext --inplace --force)"
    )

cdef enum:
    RANDOM_BLOCK = 512         # octets, eight a stream
    SRTP_CONTEXTS = 4          # of a stream: both directions, before and after a change of keys


cdef class Engine:
    """The media workers of one process; see engine.pyi for every call."""

    def __cinit__(self, *, int workers=1, int port_min=20000, int port_max=29999, int max_streams=8192,
                  bint realtime=True, int opus_complexity=5, int opus_bitrate=0, int opus_expected_loss=5,
                  int opus_rate=16000, double silence_dbm0=-60.0):
        cdef int i
        self.ports = PortRange(port_min, port_max)
        self.keys = KeyStore(SRTP_CONTEXTS * max_streams * workers + 1)
        self.crew = Crew(workers, max_streams, realtime, self.keys)
        self.ports.workers = self.crew.pool
        self.crew.ports = self.ports
        self.shelf = Shelf(self.crew)
        if not 0 <= opus_complexity <= 10:
            raise ValueError(f"opus_complexity is {opus_complexity}, it must be 0..10")
        if opus_bitrate and not 6000 <= opus_bitrate <= 128000:
            raise ValueError(f"opus_bitrate is {opus_bitrate} bit/s, it must be 6000..128000, or 0: libopus chooses")
        if not 0 <= opus_expected_loss <= 100:
            raise ValueError(f"opus_expected_loss is {opus_expected_loss} percent, it must be 0..100")
        if opus_rate not in (8000, 16000, 48000):
            raise ValueError(f"opus_rate is {opus_rate} Hz, it must be 8000, 16000 or 48000")
        if not -90.0 <= silence_dbm0 <= -30.0:
            raise ValueError(f"silence_dbm0 is {silence_dbm0}, it must be -90..-30")
        for i in range(self.crew.count):
            self.crew.pool[i].silence_dbm0 = silence_dbm0
            self.crew.pool[i].opus_complexity = opus_complexity
            self.crew.pool[i].opus_bitrate = opus_bitrate
            self.crew.pool[i].opus_expected_loss = opus_expected_loss
            self.crew.pool[i].opus_rate = opus_rate
        self.random = b""

    @property
    def workers(self):
        return self.crew.count

    def start(self):
        self.crew.start()

    def stop(self):
        self.crew.stop()

    def event_fd(self, int worker):
        return self.crew.worker(worker).event_fd

    def drain(self, int worker):
        cdef Worker* w = self.crew.worker(worker)
        cdef list out = []
        counter_read(w.event_fd)
        store_release_i32(&w.event_armed, 1)
        full_fence()
        take_events(w, out)
        for event in out:
            if event[0] == m.EV_CLIP_RELEASED:
                clip_free(self.crew.clips, event[2])
            elif event[0] == m.EV_RECORDING_ENDED:
                record_free(self.crew.recordings, event[2])
            elif event[0] == m.EV_MOVED:
                self.crew.moving.pop(event[2], None)
            elif event[0] == m.EV_RTCP_SPARE:
                self.ports.spare(event[1], event[2])
            elif event[0] == m.EV_STREAM_CLOSED:
                self.ports.rest(event[1], event[2], event[3])
                if self.keys.current:
                    self.keys.drop(event[1])
        return out

    def tidy(self, double age_s=5.0):
        self.ports.tidy(age_s)
        return self.ports.resting

    def datagrams(self, int worker):
        cdef list out = []
        take_datagrams(self.crew.worker(worker), out)
        return out

    cdef uint64_t _random(self) except? 0:
        """64 random bits, from a block read in one go: one system call serves many streams."""
        cdef uint64_t value
        if self.random_at + 8 > len(self.random):
            self.random = os.urandom(RANDOM_BLOCK)
            self.random_at = 0
        memcpy(&value, <const char*>self.random + self.random_at, 8)
        self.random_at += 8
        return value

    def open(self, str local_ip, *, int worker=-1):
        cdef uint32_t id
        cdef Address local = local_address(local_ip)
        cdef int pair
        cdef int[2] fds
        cdef Leg* leg
        cdef Command c
        if worker == -1:
            worker = self.crew.calmest()
        self.crew.worker(worker)
        self.crew.vacancy(worker)
        pair = self.ports.take(local_ip, &local, fds)
        id = pool_take(&self.crew.pool[worker].pool)
        if id == 0:
            self.ports.close(fds[0])
            raise EngineBusy(f"media worker {worker} has its {self.crew.max_streams} streams; raise max_streams")
        leg = &self.crew.pool[worker].legs[id_slot(id)]
        memset(leg, 0, sizeof(Leg))
        stream_init(&leg.stream, fds[0], fds[1], local.family, self._random())
        leg.slot = id_slot(id)
        leg.gain = 1.0
        store_release_u32(&leg.id, id)
        self.ports.give_to(local_ip, pair, id)
        c = new_command(m.CMD_OPEN, id)
        self.crew.submit(worker, &c, True)
        return id, self.ports.first + 2 * pair

    def worker_of(self, stream):
        self.crew.leg(stream)
        return id_tag(stream)

    def configure(self, stream, *, str remote_ip, int remote_port, int codec, int remote_rtcp_port=0,
                  int payload_type=-1, int event_payload_type=-1, int heard_payload_type=-1, int heard_event_type=-1,
                  int noise_payload_type=-1, int ptime_ms=20, bint receive=True, bint send=True, int latch=0,
                  str signalling_ip="",
                  bint rtcp_mux=False, object rtp_timeout_ms=0, bint open_window=True, bint secure=False,
                  bint demux=False, bint suppress_silence=False, bint digits_signalled=False):
        cdef Command c
        cdef Leg* leg = self.crew.leg(stream)
        c = configure_command(stream, leg.stream.family, remote_ip, remote_port, remote_rtcp_port, codec, payload_type,
                              event_payload_type, heard_payload_type, heard_event_type, noise_payload_type, ptime_ms, latch,
                              signalling_ip, rtp_timeout_ms)
        # Nowhere to send: 0.0.0.0, the old way to say hold (RFC 2543), or what is no host.
        send = send and (ip_known(&c.remote.ip) or latch == LATCH_TOLD)
        c.flags = ((m.FLAG_RECEIVE if receive else 0) | (m.FLAG_SEND if send else 0)
                   | (m.FLAG_RTCP_MUX if rtcp_mux else 0) | (m.FLAG_OPEN_WINDOW if open_window else 0)
                   | (m.FLAG_SECURE if secure else 0) | (m.FLAG_DEMUX if demux else 0)
                   | (m.FLAG_SUPPRESS if suppress_silence else 0)
                   | (m.FLAG_DIGITS_SIGNALLED if digits_signalled else 0))
        if rtcp_mux:
            c.rtcp_port = c.remote.port
        elif self.ports.single and leg.stream.fd in self.ports.single:
            c.rtcp_fd = max(self.ports.complete(leg.stream.fd), 0)
        self.crew.submit(id_tag(stream), &c, True)

    def protect(self, stream, int profile, bytes key_in, bytes key_out):
        cdef Command c = new_command(m.CMD_PROTECT, stream)
        cdef uint32_t id
        self.crew.leg(stream)
        id = stream
        self.crew.vacancy(id_tag(id))
        c.srtp_in = self.keys.add(id, "in", profile, key_in)
        c.srtp_out = self.keys.add(id, "out", profile, key_out)
        self.crew.submit(id_tag(id), &c, True)

    def latch_to(self, stream, str remote_ip, int remote_port):
        cdef Command c = new_command(m.CMD_LATCH, stream)
        cdef Leg* leg = self.crew.leg(stream)
        c.remote = far_end(leg.stream.family, remote_ip, remote_port)
        if not ip_known(&c.remote.ip):
            raise ValueError(f"{remote_ip} is no address of a far end")
        self.crew.submit(id_tag(stream), &c, True)

    def send_datagram(self, stream, bytes data, str remote_ip, int remote_port):
        cdef Leg* leg = self.crew.leg(stream)
        cdef Address remote = far_end(leg.stream.family, remote_ip, remote_port)
        # The socket stays open until the worker takes CMD_CLOSE, which only this thread sends.
        return udp_send_to(leg.stream.fd, <const char*>data, <int>len(data), &remote) >= 0

    def play(self, stream, clips, *, bint repeat=False, double gain_db=0.0, bint mix=False, double duck_db=0.0):
        cdef uint32_t flags = (m.FLAG_REPEAT if repeat else 0) | (m.FLAG_OVERLAY if mix else 0)
        self.crew.leg(stream)
        return self.shelf.play(m.CMD_PLAY, stream, clips, flags, gain_db, duck_db)

    def _simple(self, stream, int kind, uint32_t other, uint32_t flags):
        cdef Command c = new_command(kind, stream)
        self.crew.leg(stream)
        c.other = other
        c.flags = flags
        self.crew.submit(id_tag(stream), &c, kind != m.CMD_STOP_PLAY and kind != m.CMD_STOP_OVERLAY)

    def stop_play(self, stream, *, bint mix=False):
        self._simple(stream, m.CMD_STOP_OVERLAY if mix else m.CMD_STOP_PLAY, 0, 0)

    def send_digits(self, stream, str digits, *, int duration_ms=100):
        cdef Command c
        self.crew.leg(stream)
        c = digits_command(stream, digits, duration_ms)
        self.crew.submit(id_tag(stream), &c)

    def bridge(self, stream_a, stream_b):
        if stream_a == stream_b:
            raise ValueError("a stream is not bridged with itself; use echo")
        self._together(stream_a, stream_b)
        self._simple(stream_a, m.CMD_BRIDGE, stream_b, 0)

    def unbridge(self, stream):
        self._simple(stream, m.CMD_UNBRIDGE, 0, 0)

    def echo(self, stream, bint on):
        self._simple(stream, m.CMD_ECHO, 0, m.FLAG_ON if on else 0)

    def gain(self, stream, double gain_db):
        cdef Command c = new_command(m.CMD_GAIN, stream)
        self.crew.leg(stream)
        c.gain = factor(gain_db, "gain_db")
        self.crew.submit(id_tag(stream), &c, True)

    def supervise(self, stream, other, int how):
        if not 0 <= how <= WATCH_BARGE:
            raise ValueError(f"supervision is {how}, it must be 0..{WATCH_BARGE}")
        if how:
            self._together(stream, other)
        self._simple(stream, m.CMD_SUPERVISE, other, how)

    def _together(self, stream, other):
        self.crew.leg(stream)
        self.crew.leg(other)
        if stream == other or id_tag(stream) != id_tag(other):
            raise ValueError(f"streams {stream} and {other} are on different workers, or one: move one of two")

    def move(self, stream, int worker):
        cdef uint32_t old, new
        cdef Command leave = new_command(m.CMD_MOVE, 0), arrive = new_command(m.CMD_ARRIVE, 0)
        self.crew.leg(stream)
        old = stream
        if id_tag(old) == <uint32_t>worker:
            return old
        self.crew.worker(worker)
        self.crew.vacancy(id_tag(old))
        self.crew.vacancy(worker)
        new = self.crew.transfer(old, worker)
        leave.stream = old
        leave.other = arrive.stream = new
        self.ports.moved(old, new)
        self.keys.move(old, new)
        self.crew.submit(id_tag(old), &leave)
        self.crew.submit(worker, &arrive)
        return new

    def open_room(self, *, int worker=-1, int rate=8000, bint gate=True):
        cdef Command c = new_command(m.CMD_ROOM_OPEN, 0)
        if rate not in (8000, 16000, 48000):
            raise ValueError(f"a room's rate is 8000, 16000 or 48000 Hz, not {rate}")
        if worker == -1:
            worker = self.crew.calmest()
        self.crew.worker(worker)
        self.crew.vacancy(worker)
        c.stream = pool_take(&self.crew.pool[worker].room_pool)
        if c.stream == 0:
            raise EngineBusy(f"media worker {worker} has all the rooms that it can have; close some")
        c.count = rate // 1000
        c.flags = m.FLAG_ON if gate else 0
        self.crew.submit(worker, &c)
        return c.stream

    cdef uint32_t _room(self, object room) except 0:
        cdef uint32_t id = room if 0 <= room <= 0xFFFFFFFF else 0
        if id_tag(id) >= <uint32_t>self.crew.count or not pool_is_current(&self.crew.pool[id_tag(id)].room_pool, id):
            raise KeyError(f"room {room} is closed or never was")
        return id

    def worker_of_room(self, room):
        return id_tag(self._room(room))

    def close_room(self, room):
        cdef Command c
        cdef uint32_t id
        try:
            id = self._room(room)
        except KeyError:
            return
        c = new_command(m.CMD_ROOM_CLOSE, id)
        self.crew.submit(id_tag(id), &c)
        pool_retire(&self.crew.pool[id_tag(id)].room_pool, id)

    def join_room(self, room, stream, *, bint muted=False, bint deaf=False):
        cdef uint32_t id = self._room(room)
        self.crew.leg(stream)
        if id_tag(id) != id_tag(stream):
            raise ValueError(f"stream {stream} is not on the worker of room {room}: move it")
        self._simple(stream, m.CMD_ROOM_JOIN, id, (MEMBER_MUTED if muted else 0) | (MEMBER_DEAF if deaf else 0))

    def leave_room(self, stream):
        self._simple(stream, m.CMD_ROOM_LEAVE, 0, 0)

    def play_in_room(self, room, clips, *, bint repeat=False, double gain_db=0.0):
        return self.shelf.play(m.CMD_ROOM_PLAY, self._room(room), clips, m.FLAG_REPEAT if repeat else 0, gain_db, 0.0)

    def stop_room_play(self, room):
        cdef Command c = new_command(m.CMD_ROOM_STOP_PLAY, self._room(room))
        self.crew.submit(id_tag(c.stream), &c)

    def record(self, path, left, right=0, *, int pipe=-1):
        return start_tape(self.crew, path, pipe, 2 if right else 1, (left, right) if right else (left,))

    def record_room(self, path, room, *, int pipe=-1):
        return start_room_tape(self.crew, path, pipe, self._room(room))

    def add_to_record(self, recording, stream, int channel, *, bint heard=False):
        return add_tap(self.crew, recording, stream, channel, heard)

    def drop_from_record(self, recording, int tap):
        drop_tap(self.crew, recording, tap)

    def pause_record(self, recording, bint on):
        pause_tape(self.crew, recording, on)

    def stop_record(self, recording):
        stop_tape(self.crew, recording)

    def add_clip(self, bytes pcm, bytes wide=b"", bytes full=b""):
        return self.shelf.add(pcm, wide, full)

    def release_clip(self, clip):
        self.shelf.release(clip)

    def close(self, stream):
        cdef Command c = new_command(m.CMD_CLOSE, 0)
        cdef uint32_t id
        try:
            self.crew.leg(stream)
        except KeyError:
            return
        id = stream
        c.stream = id
        self.crew.submit(id_tag(id), &c, True)
        pool_retire(&self.crew.pool[id_tag(id)].pool, id)

    def stream_stats(self, stream):
        cdef Leg* leg = self.crew.leg(stream)
        return read_stream(leg)

    def worker_stats(self, int worker):
        return read_worker(self.crew.worker(worker), self.crew.cpu_ns(worker))
