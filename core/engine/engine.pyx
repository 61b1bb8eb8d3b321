"""Starts and stops the media workers, submits commands, drains events. One thread makes all the calls."""

import errno as _errno
import os
import resource
import secrets
import time

from libc.stdint cimport int16_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from core.base.atomics cimport full_fence, load_acquire_i32, store_release_i32, store_release_u32
from core.base.clock cimport now_ns
from core.base.pool cimport MAX_SLOTS, MAX_TAGS, id_slot, id_tag, pool_is_current, pool_retire, pool_take
from core.base.ring cimport spsc_reserve
from core.base.sockets cimport Address, close_fd, counter_read, eventfd_open, eventfd_signal, ip_known, udp_send_to
from core.engine cimport messages as m
from core.engine.arguments cimport configure_command, digits_command, far_end, local_address, new_command, open_wav
from core.engine.clips cimport clip_add, clip_find, clip_free, clip_free_all, clip_hold
from core.engine.keys cimport KeyStore
from core.engine.messages cimport Command, Event
from core.engine.ports cimport PortRange
from core.engine.reading cimport read_stream, read_worker, take_datagrams, take_events
from core.engine.recorder cimport RECORDING_FREE, RECORDING_SLOTS, record_begin, record_free, record_writer
from core.engine.state cimport Leg, Worker
from core.engine.threads cimport thread_cpu_ns, thread_join, thread_start
from core.engine.worker cimport report_recordings, worker_free, worker_init, worker_run, worker_submit, worker_submit_lazily
from core.stream.stream cimport stream_init

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
    EV_PLAY_ENDED,
    EV_RECORDING_ENDED,
    EV_STREAM_CLOSED,
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
    OWN_DESCRIPTORS = 256      # beside the streams'
    RANDOM_BLOCK = 512         # octets, eight a stream
    SRTP_CONTEXTS = 4          # of a stream: both directions, before and after a change of keys


class EngineBusy(RuntimeError):
    """The command ring of a worker is full; nothing was done."""


cdef class Engine:
    """The media workers of one process; see engine.pyi for every call."""

    def __cinit__(self, *, int workers=1, int port_min=20000, int port_max=29999, int max_streams=8192,
                  bint realtime=True):
        cdef int i, failure
        if not 1 <= workers <= MAX_TAGS:
            raise ValueError(f"workers is {workers}, it must be 1..{MAX_TAGS}")
        if not 1 <= max_streams <= MAX_SLOTS:
            raise ValueError(f"max_streams is {max_streams}, it must be 1..{MAX_SLOTS}")
        self.max_streams = max_streams
        self.ports = PortRange(port_min, port_max)
        self.keys = KeyStore(SRTP_CONTEXTS * max_streams * workers + 1)
        self.live_clips = set()
        self.random = b""
        self.cpu_at_stop = [0] * workers
        self.pool = <Worker*>calloc(workers, sizeof(Worker))
        self.threads = <pthread_t*>calloc(workers, sizeof(pthread_t))
        self.clips = <ClipTable*>calloc(1, sizeof(ClipTable))
        self.recordings = <RecordTable*>calloc(1, sizeof(RecordTable))
        if self.pool == NULL or self.threads == NULL or self.clips == NULL or self.recordings == NULL:
            raise MemoryError("no memory for the media workers")
        self.ports.workers = self.pool
        self.recordings.wake_fd = -1
        for i in range(workers):
            failure = worker_init(&self.pool[i], i, max_streams, realtime, secrets.randbits(64), self.clips,
                                  self.recordings, self.keys.table)
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
        cdef Command c = new_command(m.CMD_STOP, 0)
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
        cdef list out = []
        counter_read(w.event_fd)
        store_release_i32(&w.event_armed, 1)
        full_fence()
        take_events(w, out)
        for event in out:
            if event[0] == m.EV_CLIP_RELEASED:
                clip_free(self.clips, event[2])
            elif event[0] == m.EV_RECORDING_ENDED:
                record_free(self.recordings, event[2])
            elif event[0] == m.EV_STREAM_CLOSED and self.keys.current:
                self.keys.drop(event[1])
        return out

    def datagrams(self, int worker):
        cdef list out = []
        take_datagrams(self._worker(worker), out)
        return out

    cdef Leg* _leg(self, object stream) except NULL:
        cdef uint32_t id = stream if 0 <= stream <= 0xFFFFFFFF else 0
        if id_tag(id) >= <uint32_t>self.count or not pool_is_current(&self.pool[id_tag(id)].pool, id):
            raise KeyError(f"stream {stream} is closed or never was")
        return &self.pool[id_tag(id)].legs[id_slot(id)]

    cdef int _room(self, uint32_t worker) except -1:
        """Raises unless the next command will be taken."""
        if not self.started or self.stopped:
            raise RuntimeError("the media engine is not running")
        if spsc_reserve(&self.pool[worker].commands) == NULL:
            raise EngineBusy(f"media worker {worker} has not taken its last commands yet; try again later")
        return 0

    cdef int _submit(self, uint32_t worker, Command* command, bint lazily=False) except -1:
        self._room(worker)
        self.sequence += 1
        command.sequence = self.sequence
        if lazily:
            worker_submit_lazily(&self.pool[worker], command)
        else:
            worker_submit(&self.pool[worker], command)
        return 0

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
        cdef int i, pair
        cdef int[2] fds
        cdef Leg* leg
        cdef Command c
        if worker == -1:
            worker = 0
            for i in range(1, self.count):
                if self.pool[i].pool.taken < self.pool[worker].pool.taken:
                    worker = i
        self._worker(worker)
        self._room(worker)
        pair = self.ports.take(local_ip, &local, fds)
        id = pool_take(&self.pool[worker].pool)
        if id == 0:
            close_fd(fds[0])
            close_fd(fds[1])
            raise EngineBusy(f"media worker {worker} has its {self.max_streams} streams; raise max_streams")
        leg = &self.pool[worker].legs[id_slot(id)]
        memset(leg, 0, sizeof(Leg))
        stream_init(&leg.stream, fds[0], fds[1], local.family, self._random())
        leg.slot = id_slot(id)
        store_release_u32(&leg.id, id)
        self.ports.give_to(local_ip, pair, id)
        c = new_command(m.CMD_OPEN, id)
        self._submit(worker, &c, True)
        return id, self.ports.first + 2 * pair

    def worker_of(self, stream):
        self._leg(stream)
        return id_tag(stream)

    def configure(self, stream, *, str remote_ip, int remote_port, int codec, int remote_rtcp_port=0,
                  int payload_type=-1, int event_payload_type=-1, int heard_payload_type=-1, int heard_event_type=-1,
                  int ptime_ms=20, bint receive=True, bint send=True, int latch=0, str signalling_ip="", bint rtcp_mux=False, object rtp_timeout_ms=0,
                  bint open_window=True, bint secure=False, bint demux=False):
        cdef Command c
        cdef Leg* leg = self._leg(stream)
        c = configure_command(stream, leg.stream.family, remote_ip, remote_port, remote_rtcp_port, codec, payload_type,
                              event_payload_type, heard_payload_type, heard_event_type, ptime_ms, latch, signalling_ip,
                              rtp_timeout_ms)
        # Nowhere to send: 0.0.0.0, the old way to say hold (RFC 2543), or what is no host.
        c.flags = ((m.FLAG_RECEIVE if receive else 0) | (m.FLAG_SEND if send and (ip_known(&c.remote.ip) or latch == LATCH_TOLD) else 0)
                   | (m.FLAG_RTCP_MUX if rtcp_mux else 0) | (m.FLAG_OPEN_WINDOW if open_window else 0)
                   | (m.FLAG_SECURE if secure else 0) | (m.FLAG_DEMUX if demux else 0))
        if rtcp_mux:
            c.rtcp_port = c.remote.port
        self._submit(id_tag(stream), &c, True)

    def protect(self, stream, int profile, bytes key_in, bytes key_out):
        cdef Command c = new_command(m.CMD_PROTECT, stream)
        cdef uint32_t id
        self._leg(stream)
        id = stream
        self._room(id_tag(id))
        c.srtp_in = self.keys.add(id, "in", profile, key_in)
        c.srtp_out = self.keys.add(id, "out", profile, key_out)
        self._submit(id_tag(id), &c, True)

    def latch_to(self, stream, str remote_ip, int remote_port):
        cdef Command c = new_command(m.CMD_LATCH, stream)
        cdef Leg* leg = self._leg(stream)
        c.remote = far_end(leg.stream.family, remote_ip, remote_port)
        if not ip_known(&c.remote.ip):
            raise ValueError(f"{remote_ip} is no address of a far end")
        self._submit(id_tag(stream), &c, True)

    def send_datagram(self, stream, bytes data, str remote_ip, int remote_port):
        cdef Leg* leg = self._leg(stream)
        cdef Address remote = far_end(leg.stream.family, remote_ip, remote_port)
        # The socket stays open until the worker takes CMD_CLOSE, which only this thread sends.
        return udp_send_to(leg.stream.fd, <const char*>data, <int>len(data), &remote) >= 0

    def play(self, stream, clips, *, bint repeat=False, double gain_db=0.0):
        cdef Command c = new_command(m.CMD_PLAY, stream)
        cdef int i
        self._leg(stream)
        if not 1 <= len(clips) <= m.MAX_CLIPS:
            raise ValueError(f"a play has 1..{m.MAX_CLIPS} clips, not {len(clips)}")
        for id in clips:
            if id not in self.live_clips:
                raise KeyError(f"clip {id} is released or never was")
        if not -60.0 <= gain_db <= 20.0:
            raise ValueError(f"gain_db is {gain_db}, it must be -60..20")
        self._room(id_tag(stream))
        self.token = self.token % 0x7FFFFFFF + 1
        c.token = self.token
        c.count = <uint16_t>len(clips)
        c.flags = m.FLAG_REPEAT if repeat else 0
        c.gain = 1.0 if gain_db == 0.0 else <float>(10.0 ** (gain_db / 20.0))
        for i in range(c.count):
            c.values[i] = clips[i]
            clip_hold(clip_find(self.clips, c.values[i]))
        self._submit(id_tag(stream), &c)
        return c.token

    def _simple(self, stream, int kind, uint32_t other, uint32_t flags):
        cdef Command c = new_command(kind, stream)
        self._leg(stream)
        c.other = other
        c.flags = flags
        self._submit(id_tag(stream), &c, kind != m.CMD_STOP_PLAY)

    def stop_play(self, stream):
        self._simple(stream, m.CMD_STOP_PLAY, 0, 0)

    def send_digits(self, stream, str digits, *, int duration_ms=100):
        cdef Command c
        self._leg(stream)
        c = digits_command(stream, digits, duration_ms)
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
        cdef Command c = new_command(m.CMD_RECORD, left)
        cdef int64_t id
        cdef int fd, channels = 2 if right else 1
        self._leg(left)
        if right:
            self._leg(right)
            if left == right or id_tag(left) != id_tag(right):
                raise ValueError(f"a recording takes two streams of one worker, not {left} and {right}")
        self._room(id_tag(left))
        fd = open_wav(path, channels)
        id = record_begin(self.recordings, fd, channels, id_tag(left), now_ns())
        if id <= 0:
            os.close(fd)
            if id < 0:
                raise MemoryError("no memory for a recording")
            raise EngineBusy(f"{RECORDING_SLOTS} recordings are going on, there are no more")
        c.other = right
        c.token = <uint32_t>id
        self._submit(id_tag(left), &c)
        eventfd_signal(self.recordings.wake_fd)
        return id

    def stop_record(self, recording):
        cdef Command c = new_command(m.CMD_STOP_RECORD, 0)
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
        cdef Command c = new_command(m.CMD_RELEASE_CLIP, 0)
        if clip not in self.live_clips:
            return
        c.count = 1
        c.values[0] = clip
        self._submit(0, &c)
        self.live_clips.discard(clip)

    def close(self, stream):
        cdef Command c = new_command(m.CMD_CLOSE, 0)
        cdef uint32_t id
        try:
            self._leg(stream)
        except KeyError:
            return
        id = stream
        c.stream = id
        self._submit(id_tag(id), &c, True)
        pool_retire(&self.pool[id_tag(id)].pool, id)

    def stream_stats(self, stream):
        cdef Leg* leg = self._leg(stream)
        return read_stream(leg)

    def worker_stats(self, int worker):
        cdef Worker* w = self._worker(worker)
        cdef int64_t cpu = self.cpu_at_stop[worker]
        if self.started and not self.stopped:
            cpu = thread_cpu_ns(self.threads[worker])
        return read_worker(w, cpu)
