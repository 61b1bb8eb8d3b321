"""Starts and stops the media workers, submits commands, drains events. One thread makes all the calls."""

import array
import errno as _errno
import os
import resource
import secrets
import socket
import time

from libc.errno cimport EADDRINUSE, EMFILE, ENFILE
from libc.stdint cimport int16_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from core.base.atomics cimport full_fence, load_acquire_i32, load_acquire_u32, store_release_i32
from core.base.clock cimport now_ns
from core.base.pool cimport MAX_SLOTS, MAX_TAGS, id_slot, id_tag, pool_is_current, pool_retire, pool_take
from core.base.ring cimport spsc_front, spsc_release
from core.base.sockets cimport AF_INET, Address, close_fd, counter_read, eventfd_open, eventfd_signal, udp_open
from core.engine cimport messages as m
from core.engine.clips cimport Clip, clip_add, clip_drop, clip_find, clip_free, clip_free_all, clip_hold
from core.engine.messages cimport Command, Event
from core.engine.recorder cimport RECORDING_FREE, RECORDING_SLOTS, record_begin, record_free, record_writer, wav_header
from core.engine.state cimport Leg, Worker
from core.engine.threads cimport thread_cpu_ns, thread_join, thread_start
from core.engine.worker cimport report_recordings, worker_free, worker_init, worker_run, worker_submit
from core.stream.reception cimport rx_expected, rx_received
from core.stream.stream cimport CODEC_PCMA as _PCMA
from core.stream.stream cimport CODEC_PCMU as _PCMU
from core.stream.stream cimport Stream, stream_init

from core.engine import messages as _messages
from core.engine.messages import (
    CODEC_PCMA,
    CODEC_PCMU,
    EV_CLIP_RELEASED,
    EV_COMMAND_FAILED,
    EV_DIGIT,
    EV_FIRST_PACKET,
    EV_LATCHED,
    EV_MEDIA_TIMEOUT,
    EV_PLAY_ENDED,
    EV_RECORDING_ENDED,
    EV_STREAM_CLOSED,
    LATCH_ANY,
    LATCH_SIGNALLED,
    LATCH_STRICT,
    LAYOUT_VERSION,
)
from core.engine.stats import StreamStats, WorkerStats

if (_messages.LAYOUT_VERSION, _messages.COMMAND_SIZE, _messages.EVENT_SIZE) != (m.LAYOUT, sizeof(Command), sizeof(Event)):
    raise ImportError(
        f"core.engine.messages has layout {_messages.LAYOUT_VERSION}, core.engine.engine was built with {m.LAYOUT}: "
        "build the core again (python setup.py build_ext --inplace --force)"
    )

cdef enum:
    TOS_EF = 0xB8              # expedited forwarding (RFC 3246), DSCP 46
    HAND_BACK_MS = 50          # how long open() waits for ports that are being closed
    OWN_DESCRIPTORS = 256      # beside the streams'


class EngineBusy(RuntimeError):
    """The command ring of a worker is full; nothing was done."""


class PortsExhausted(OSError):
    """No RTP port pair of the range is free; the message names the range and the remedy."""


cdef uint32_t _ipv4(object text, str what) except? 0:
    """Host order."""
    try:
        return int.from_bytes(socket.inet_pton(socket.AF_INET, text), "big")
    except (OSError, TypeError):
        raise ValueError(f"{what} {text!r} is not an IPv4 address") from None


cdef Address _address(object ip, int port, str what):
    cdef Address address
    address.ip = _ipv4(ip, what)
    if not 0 < port < 65536:
        raise ValueError(f"{what} port {port} is not in 1..65535")
    address.port = <uint16_t>port
    address.family = <uint16_t>AF_INET
    return address


cdef Command _command(int kind, uint32_t stream):
    cdef Command c
    memset(&c, 0, sizeof(c))
    c.kind = <uint16_t>kind
    c.stream = stream
    return c


cdef int _merge(Worker* w, list out) except -1:
    """Takes all events and digits, in the order of their instants."""
    cdef Event* event
    cdef Event* digit
    while True:
        event = <Event*>spsc_front(&w.events)
        digit = <Event*>spsc_front(&w.digits)
        if event == NULL and digit == NULL:
            return 0
        if event == NULL or (digit != NULL and digit.when_ns <= event.when_ns):
            out.append((digit.kind, digit.stream, digit.a, digit.b, digit.c, digit.when_ns))
            spsc_release(&w.digits)
        else:
            out.append((event.kind, event.stream, event.a, event.b, event.c, event.when_ns))
            spsc_release(&w.events)


cdef class Engine:
    """The media workers of one process; see engine.pyi for every call."""

    def __cinit__(self, *, int workers=1, int port_min=20000, int port_max=29999, int max_streams=8192,
                  bint realtime=True):
        cdef int i, failure
        if not 1 <= workers <= MAX_TAGS:
            raise ValueError(f"workers is {workers}, it must be 1..{MAX_TAGS}")
        if not 1 <= max_streams <= MAX_SLOTS:
            raise ValueError(f"max_streams is {max_streams}, it must be 1..{MAX_SLOTS}")
        self.port_min = port_min + (port_min & 1)
        self.pairs = (port_max + 1 - self.port_min) // 2
        if not 1 <= port_min <= port_max <= 65535 or self.pairs < 1:
            raise ValueError(f"the RTP port range {port_min}..{port_max} holds no even port with its next one")
        self.max_streams = max_streams
        self.ports = {}
        self.live_clips = set()
        self.cpu_at_stop = [0] * workers
        self.pool = <Worker*>calloc(workers, sizeof(Worker))
        self.threads = <pthread_t*>calloc(workers, sizeof(pthread_t))
        self.clips = <ClipTable*>calloc(1, sizeof(ClipTable))
        self.recordings = <RecordTable*>calloc(1, sizeof(RecordTable))
        if self.pool == NULL or self.threads == NULL or self.clips == NULL or self.recordings == NULL:
            raise MemoryError("no memory for the media workers")
        self.recordings.wake_fd = -1
        for i in range(workers):
            failure = worker_init(&self.pool[i], i, max_streams, realtime, secrets.randbits(64), self.clips,
                                  self.recordings)
            if failure < 0:
                raise OSError(-failure, f"media worker {i}: {os.strerror(-failure)}; raise the descriptor limit (ulimit -n)")
            self.ready = i + 1
        self.recordings.wake_fd = eventfd_open()
        if self.recordings.wake_fd < 0:
            raise OSError(_errno.EMFILE, "no descriptor for the recording writer; raise the limit (ulimit -n)")
        self.count = workers

    def __dealloc__(self):
        cdef int i
        if self.started and not self.stopped:
            self._halt()
        if self.recordings != NULL:
            close_fd(self.recordings.wake_fd)
            for i in range(RECORDING_SLOTS):
                if self.recordings.items[i] != NULL:
                    record_free(self.recordings, self.recordings.items[i].id)
        for i in range(self.ready):
            worker_free(&self.pool[i])
        if self.clips != NULL:
            clip_free_all(self.clips)
        free(self.pool)
        free(self.threads)
        free(self.clips)
        free(self.recordings)

    @property
    def workers(self):
        return self.count

    cdef int _raise_limit(self) except -1:
        """Raises the soft descriptor limit towards what all streams may need."""
        cdef object soft, hard, wanted = 2 * self.max_streams * self.count + OWN_DESCRIPTORS
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            wanted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            if wanted > soft:
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return 0

    def start(self):
        cdef int i, failure = 0
        if self.stopped:
            raise RuntimeError("a stopped engine does not start again; make a new one")
        if self.started:
            return
        self._raise_limit()
        failure = thread_start(&self.writer, record_writer, self.recordings)
        if failure:
            raise OSError(failure, "the recording writer's thread does not start")
        self.started = True
        for i in range(self.count):
            failure = thread_start(&self.threads[i], worker_run, &self.pool[i])
            if failure:
                self.count = i
                self.stop()
                raise OSError(failure, f"the thread of media worker {i} does not start")

    def stop(self):
        if not self.started or self.stopped:
            self.stopped = True
            return
        self._halt()

    def _halt(self):
        cdef int i
        cdef Command c = _command(m.CMD_STOP, 0)
        self.stopped = True
        for i in range(self.count):
            while not worker_submit(&self.pool[i], &c):
                time.sleep(0.001)
        for i in range(self.count):
            self.cpu_at_stop[i] = thread_cpu_ns(self.threads[i])
            with nogil:
                thread_join(self.threads[i])
        store_release_i32(&self.recordings.quit, 1)
        eventfd_signal(self.recordings.wake_fd)
        with nogil:
            thread_join(self.writer)
        for i in range(self.count):
            # The workers are gone, so this thread may tell in their place.
            report_recordings(&self.pool[i])
            eventfd_signal(self.pool[i].event_fd)

    def event_fd(self, int worker):
        return self._worker(worker).event_fd

    cdef Worker* _worker(self, int index) except NULL:
        if not 0 <= index < self.count:
            raise IndexError(f"there is no media worker {index}; there are {self.count}")
        return &self.pool[index]

    def drain(self, int worker):
        cdef Worker* w = self._worker(worker)
        cdef list out = [], result
        cdef bint owned = False
        counter_read(w.event_fd)
        store_release_i32(&w.event_armed, 1)
        full_fence()
        _merge(w, out)
        for event in out:
            if event[0] == m.EV_CLIP_RELEASED:
                clip_free(self.clips, event[2])
            elif event[0] == m.EV_RECORDING_ENDED:
                record_free(self.recordings, event[2])
        return out

    cdef Leg* _leg(self, object stream) except NULL:
        cdef uint32_t id = stream if 0 <= stream <= 0xFFFFFFFF else 0
        if id_tag(id) >= <uint32_t>self.count or not pool_is_current(&self.pool[id_tag(id)].pool, id):
            raise KeyError(f"stream {stream} is closed or never was")
        return &self.pool[id_tag(id)].legs[id_slot(id)]

    cdef int _submit(self, uint32_t worker, Command* command) except -1:
        if not self.started or self.stopped:
            raise RuntimeError("the media engine is not running")
        self.sequence += 1
        command.sequence = self.sequence
        if not worker_submit(&self.pool[worker], command):
            raise EngineBusy(f"media worker {worker} has not taken its last commands yet; try again later")
        return 0

    cdef bint _pair_is_ours(self, uint32_t owner):
        """Whether the stream that a pair was given to has still its sockets."""
        return owner != 0 and load_acquire_u32(&self.pool[id_tag(owner)].legs[id_slot(owner)].id) == owner

    cdef int _bind(self, object local_ip, uint32_t ip, int pair, int* fds) except -1:
        """0, or the errno of what another program holds; other failures raise with the remedy."""
        cdef Address address
        cdef int i
        address.ip = ip
        address.family = <uint16_t>AF_INET
        for i in range(2):
            address.port = <uint16_t>(self.port_min + 2 * pair + i)
            fds[i] = udp_open(&address, TOS_EF)
            if fds[i] >= 0:
                continue
            if i:
                close_fd(fds[0])
            if fds[i] == -EADDRINUSE:
                return EADDRINUSE
            if fds[i] == -EMFILE or fds[i] == -ENFILE:
                soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
                raise OSError(-fds[i], f"no descriptor is left for RTP on {local_ip} (limit {soft}, two a stream): "
                                       "raise it (ulimit -n, LimitNOFILE)")
            if fds[i] == -_errno.EADDRNOTAVAIL:
                raise OSError(-fds[i], f"{local_ip} is not an address of this machine: set the media address to one that is")
            raise OSError(-fds[i], f"cannot bind {local_ip}:{address.port} for RTP: {os.strerror(-fds[i])}")
        return 0

    def _find_pair(self, local_ip, uint32_t ip):
        """The next free pair in rotation, bound: (pair, RTP descriptor, RTCP descriptor)."""
        cdef int tried, pair, taken = 0
        cdef int[2] fds
        place = self.ports.get(local_ip)
        if place is None:
            place = self.ports[local_ip] = [array.array("I", bytes(4 * self.pairs)), 0]
        owners = place[0]
        for tried in range(self.pairs):
            pair = (place[1] + tried) % self.pairs
            if self._pair_is_ours(owners[pair]):
                taken += 1
            elif self._bind(local_ip, ip, pair, fds) == 0:
                place[1] = (pair + 1) % self.pairs
                return pair, fds[0], fds[1]
        raise PortsExhausted(
            _errno.EADDRINUSE,
            f"no RTP port pair is free on {local_ip} in {self.port_min}..{self.port_min + 2 * self.pairs - 1}: of "
            f"{self.pairs} pairs {taken} carry streams of this server and {self.pairs - taken} are held by other "
            "programs; widen the port range",
        )

    def _pair(self, local_ip, uint32_t ip):
        deadline = time.monotonic() + HAND_BACK_MS / 1000
        while True:
            try:
                return self._find_pair(local_ip, ip)
            except PortsExhausted:
                # Streams may be on their way out: close() returns before the worker has let go of the sockets.
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.001)

    def open(self, str local_ip, *, int worker=-1):
        cdef uint32_t id, ip = _ipv4(local_ip, "local address")
        cdef int i
        cdef Leg* leg
        cdef Command c
        if not self.started or self.stopped:
            raise RuntimeError("the media engine is not running")
        if worker == -1:
            worker = 0
            for i in range(1, self.count):
                if self.pool[i].pool.taken < self.pool[worker].pool.taken:
                    worker = i
        self._worker(worker)
        pair, rtp, rtcp = self._pair(local_ip, ip)
        id = pool_take(&self.pool[worker].pool)
        if id == 0:
            close_fd(rtp)
            close_fd(rtcp)
            raise EngineBusy(f"media worker {worker} has its {self.max_streams} streams; raise max_streams")
        leg = &self.pool[worker].legs[id_slot(id)]
        memset(leg, 0, sizeof(Leg))
        stream_init(&leg.stream, rtp, rtcp, secrets.randbits(64))
        leg.slot = id_slot(id)
        leg.id = id
        c = _command(m.CMD_OPEN, id)
        try:
            self._submit(worker, &c)
        except BaseException:
            leg.id = 0
            close_fd(rtp)
            close_fd(rtcp)
            pool_retire(&self.pool[worker].pool, id)
            raise
        self.ports[local_ip][0][pair] = id
        return id, self.port_min + 2 * pair

    def worker_of(self, stream):
        self._leg(stream)
        return id_tag(stream)

    def configure(self, stream, *, str remote_ip, int remote_port, int codec, int remote_rtcp_port=0,
                  int payload_type=-1, int event_payload_type=-1, int ptime_ms=20, bint receive=True, bint send=True,
                  int latch=0, str signalling_ip="", bint rtcp_mux=False, object rtp_timeout_ms=0,
                  bint open_window=True):
        cdef Command c
        self._leg(stream)
        if codec != _PCMU and codec != _PCMA:
            raise ValueError(f"codec {codec} is neither PCMU (0) nor PCMA (8)")
        if not 10 <= ptime_ms <= 60:
            raise ValueError(f"ptime is {ptime_ms} ms, it must be 10..60")
        if not -1 <= payload_type <= 127 or not -1 <= event_payload_type <= 127:
            raise ValueError(f"payload types are -1..127, not {payload_type} and {event_payload_type}")
        if latch not in (LATCH_SIGNALLED, LATCH_ANY, LATCH_STRICT):
            raise ValueError(f"latch {latch} is unknown")
        if not 0 <= rtp_timeout_ms <= 0xFFFFFFFF:
            raise ValueError(f"rtp_timeout_ms is {rtp_timeout_ms}, it must be 0 (never) or more")
        c = _command(m.CMD_CONFIGURE, stream)
        c.remote = _address(remote_ip, remote_port, "remote address")
        c.rtcp_remote = c.remote
        if remote_rtcp_port:
            c.rtcp_remote = _address(remote_ip, remote_rtcp_port, "remote RTCP address")
        elif not rtcp_mux and remote_port < 65535:
            c.rtcp_remote.port += 1
        c.signalling_ip = _ipv4(signalling_ip, "signalling address") if signalling_ip else 0
        c.rtp_timeout_ms = rtp_timeout_ms
        c.payload_type = <int16_t>(codec if payload_type < 0 else payload_type)
        c.event_payload_type = <int16_t>event_payload_type
        # The tick wheel counts in 2 ms.
        c.ptime_ms = <uint16_t>(ptime_ms & ~1)
        c.codec = <uint8_t>codec
        c.latch = <uint8_t>latch
        # 0.0.0.0 is the old way to say hold (RFC 2543): there is nowhere to send.
        c.flags = ((m.FLAG_RECEIVE if receive else 0) | (m.FLAG_SEND if send and c.remote.ip else 0)
                   | (m.FLAG_RTCP_MUX if rtcp_mux else 0) | (m.FLAG_OPEN_WINDOW if open_window else 0))
        self._submit(id_tag(stream), &c)

    def play(self, stream, clips, *, bint repeat=False, double gain_db=0.0):
        cdef Command c = _command(m.CMD_PLAY, stream)
        cdef Clip* clip
        cdef int i
        self._leg(stream)
        if not 1 <= len(clips) <= m.MAX_CLIPS:
            raise ValueError(f"a play has 1..{m.MAX_CLIPS} clips, not {len(clips)}")
        for id in clips:
            if id not in self.live_clips:
                raise KeyError(f"clip {id} is released or never was")
        if not -60.0 <= gain_db <= 20.0:
            raise ValueError(f"gain_db is {gain_db}, it must be -60..20")
        self.token = self.token % 0x7FFFFFFF + 1
        c.token = self.token
        c.count = <uint16_t>len(clips)
        c.flags = m.FLAG_REPEAT if repeat else 0
        c.gain = 1.0 if gain_db == 0.0 else <float>(10.0 ** (gain_db / 20.0))
        for i in range(c.count):
            c.values[i] = clips[i]
            clip_hold(clip_find(self.clips, c.values[i]))
        try:
            self._submit(id_tag(stream), &c)
        except BaseException:
            for i in range(c.count):
                # Never the last one: the clips are live.
                clip_drop(clip_find(self.clips, c.values[i]), 0)
            raise
        return c.token

    def _simple(self, stream, int kind, uint32_t other, uint32_t flags):
        cdef Command c = _command(kind, stream)
        self._leg(stream)
        c.other = other
        c.flags = flags
        self._submit(id_tag(stream), &c)

    def stop_play(self, stream):
        self._simple(stream, m.CMD_STOP_PLAY, 0, 0)

    def send_digits(self, stream, str digits, *, int duration_ms=100):
        cdef Command c = _command(m.CMD_SEND_DIGITS, stream)
        cdef uint8_t* text = <uint8_t*>c.values
        cdef int i
        self._leg(stream)
        digits = digits.upper()
        if not 1 <= len(digits) <= m.MAX_DIGITS or digits.strip("0123456789*#ABCD"):
            raise ValueError(f"digits {digits!r}: 1..{m.MAX_DIGITS} of 0-9 * # A-D are sent")
        if not 40 <= duration_ms <= 8000:
            raise ValueError(f"duration_ms is {duration_ms}, it must be 40..8000")
        for i, code in enumerate(digits.encode("ascii")):
            text[i] = code
        c.count = <uint16_t>len(digits)
        c.duration_ms = <uint16_t>duration_ms
        self._submit(id_tag(stream), &c)

    def bridge(self, stream_a, stream_b):
        self._leg(stream_a)
        self._leg(stream_b)
        if stream_a == stream_b:
            raise ValueError("a stream is not bridged with itself; use echo")
        if id_tag(stream_a) != id_tag(stream_b):
            raise ValueError(f"streams {stream_a} and {stream_b} are on different workers: open the second with worker="
                             f"{id_tag(stream_a)}")
        self._simple(stream_a, m.CMD_BRIDGE, stream_b, 0)

    def unbridge(self, stream):
        self._simple(stream, m.CMD_UNBRIDGE, 0, 0)

    def echo(self, stream, bint on):
        self._simple(stream, m.CMD_ECHO, 0, m.FLAG_ON if on else 0)

    def record(self, path, left, right=0):
        cdef Command c = _command(m.CMD_RECORD, left)
        cdef uint8_t[44] header
        cdef int64_t id
        cdef int fd, channels = 2 if right else 1
        self._leg(left)
        if right:
            self._leg(right)
            if left == right or id_tag(left) != id_tag(right):
                raise ValueError(f"a recording takes two streams of one worker, not {left} and {right}")
        fd = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            wav_header(header, channels, 0)
            if os.write(fd, <bytes>header[:44]) != 44:
                raise OSError(_errno.ENOSPC, os.strerror(_errno.ENOSPC), path)
            id = record_begin(self.recordings, fd, channels, id_tag(left), now_ns())
            if id == 0:
                raise EngineBusy(f"{RECORDING_SLOTS} recordings are going on, there are no more")
            if id < 0:
                raise MemoryError("no memory for a recording")
        except OSError as error:
            os.close(fd)
            raise OSError(error.errno, error.strerror, path) from None
        except BaseException:
            os.close(fd)
            raise
        c.other = right
        c.token = <uint32_t>id
        try:
            self._submit(id_tag(left), &c)
        except BaseException:
            # No worker knows of it: the writer ends it, and its event has no place to go, so it is freed with the engine.
            store_release_i32(&self.recordings.items[id % RECORDING_SLOTS].stop, 1)
            raise
        return id

    def stop_record(self, recording):
        cdef Command c = _command(m.CMD_STOP_RECORD, 0)
        cdef uint32_t id = recording
        if (load_acquire_i32(&self.recordings.states[id % RECORDING_SLOTS]) == RECORDING_FREE
                or self.recordings.items[id % RECORDING_SLOTS].id != id):
            return
        c.token = id
        self._submit(self.recordings.workers[id % RECORDING_SLOTS], &c)

    def add_clip(self, bytes pcm):
        cdef const uint8_t* data = pcm
        cdef uint32_t id
        if not pcm or len(pcm) % 2:
            raise ValueError(f"a clip is s16le samples, at least one; this has {len(pcm)} bytes")
        if len(pcm) > 0x7FFFFFFF:
            raise ValueError("a clip of more than 2 GiB is refused")
        id = clip_add(self.clips, <const int16_t*>data, <uint32_t>(len(pcm) // 2))
        if id == 0:
            raise MemoryError("no place for another clip: release some")
        self.live_clips.add(id)
        return id

    def release_clip(self, clip):
        cdef Command c = _command(m.CMD_RELEASE_CLIP, 0)
        if clip not in self.live_clips:
            return
        c.count = 1
        c.values[0] = clip
        self._submit(0, &c)
        self.live_clips.discard(clip)

    def close(self, stream):
        cdef Command c = _command(m.CMD_CLOSE, 0)
        cdef uint32_t id
        try:
            self._leg(stream)
        except KeyError:
            return
        id = stream
        c.stream = id
        self._submit(id_tag(id), &c)
        pool_retire(&self.pool[id_tag(id)].pool, id)

    def stream_stats(self, stream):
        cdef Leg* leg = self._leg(stream)
        cdef Stream* s = &leg.stream
        cdef int64_t lost = <int64_t>rx_expected(&s.rx) - <int64_t>rx_received(&s.rx)
        return StreamStats(
            s.count.rx_packets, s.count.rx_bytes, s.count.tx_packets, s.count.tx_bytes, lost if lost > 0 else 0,
            (s.rx.jitter_q4 >> 4) / 8.0, s.rx.max_gap_ns / 1e6, s.count.foreign, s.count.malformed,
            s.rtcp.round_trip_ns / 1e6, s.count.late_ticks,
        )

    def worker_stats(self, int worker):
        cdef Worker* w = self._worker(worker)
        cdef int64_t cpu = self.cpu_at_stop[worker]
        if self.started and not self.stopped:
            cpu = thread_cpu_ns(self.threads[worker])
        return WorkerStats(
            w.count.streams, w.count.ticks, w.count.late_ticks, w.count.rx_packets, w.count.tx_packets,
            w.count.send_errors, w.count.lost, w.count.expected, w.count.foreign, w.count.malformed,
            w.count.dropped_events, cpu, bool(w.count.realtime),
        )
