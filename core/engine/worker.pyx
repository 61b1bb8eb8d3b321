"""The worker's thread; see worker.pxd."""

from libc.errno cimport EMFILE, ENOMEM
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from core.base.atomics cimport exchange_i32, full_fence, load_acquire_i32, store_release_i32
from core.base.clock cimport NS_PER_MS, NS_PER_SECOND, NTP_UNIX_S, now_ns, realtime_ns
from core.base.pool cimport pool_free, pool_init
from core.base.ring cimport spsc_count, spsc_free, spsc_front, spsc_init, spsc_push, spsc_release
from core.base.sockets cimport (
    EPOLL_CLOEXEC,
    close_fd,
    counter_read,
    epoll_add,
    epoll_create1,
    epoll_event,
    epoll_wait,
    eventfd_open,
    eventfd_signal,
    timerfd_arm,
    timerfd_open,
)
from core.engine.bridge cimport poll_digits
from core.engine.clips cimport CLIP_SLOTS, CLIP_UNUSED
from core.engine.commands cimport account, close_leg, end_play, run_command
from core.engine.datagrams cimport DATAGRAM_RING, Datagram
from core.engine.digits cimport DigitFrame, digits_tick
from core.engine.messages cimport EV_CLIP_RELEASED, EV_RECORDING_ENDED, Command, Event
from core.engine.player cimport player_fill
from core.engine.receive cimport read_rtcp, read_rtp, send_rtcp, settle
from core.engine.recorder cimport (
    RECORDING_ENDED,
    RECORDING_REPORTED,
    RECORDING_SLOTS,
    Recording,
    record_duration_ms,
    record_stop,
)
from core.engine.state cimport (
    PENDING_TIMEOUT,
    TICK_NS,
    WHEEL,
    Leg,
    Worker,
    emit,
    find_leg,
    retry_events,
    send_rtp,
    signal_events,
    stop_ticking,
    tell,
    wheel_insert,
)
from core.stream.rtp cimport RTP_HEADER, rtp_write
from core.stream.stream cimport Stream, stream_timeout
from core.stream.timeline cimport SOURCE_NONE, SOURCE_PLAYER, Stamp, tl_next

cdef extern from "<pthread.h>" nogil:
    ctypedef unsigned long pthread_t
    cdef struct sched_param:
        int sched_priority
    int SCHED_FIFO
    pthread_t pthread_self()
    int pthread_setschedparam(pthread_t thread, int policy, const sched_param* param)
    int pthread_setname_np(pthread_t thread, const char* name)

cdef enum:
    BATCH = 128                # sockets served between two looks at ticks and commands
    HOUSE_NS = 32000000        # a part of the slow pass is done this often
    HOUSE_PARTS = 8            # so each leg is seen 4 times a second
    LATE_NS = 10000000         # a tick that starts later than this is late
    GIVE_UP_NS = 100000000     # later than this, packets are left out instead of sent in a burst
    COMMAND_BATCH = 512
    LAZY_COMMANDS = 256        # so many that wait are a reason to wake: ports and slots are given back in time
    PRIORITY = 5               # SCHED_FIFO, 1..99

cdef enum:                     # Worker.sleeping
    AWAKE = 0
    DOZES = 1                  # wakes by itself within HOUSE_NS
    SLEEPS = 2                 # until something comes

cdef extern from *:
    """
    #define CENTRALA_WAKE_COMMAND (1ull << 40)
    #define CENTRALA_WAKE_TIMER (1ull << 41)
    #define CENTRALA_IS_RTCP (1ull << 32)
    """
    uint64_t WAKE_COMMAND "CENTRALA_WAKE_COMMAND"
    uint64_t WAKE_TIMER "CENTRALA_WAKE_TIMER"
    uint64_t IS_RTCP "CENTRALA_IS_RTCP"


cdef int worker_init(Worker* w, uint32_t index, uint32_t max_streams, bint realtime, uint64_t random, ClipTable* clips,
                     RecordTable* recordings, SrtpTable* srtp) noexcept nogil:
    memset(w, 0, sizeof(Worker))
    w.index = index
    w.want_realtime = realtime
    w.random = random | 1
    w.clips = clips
    w.recordings = recordings
    w.srtp = srtp
    w.event_armed = 1
    w.running = True
    w.epoch_ns = now_ns()
    w.ntp_offset = realtime_ns() - w.epoch_ns + <int64_t>NTP_UNIX_S * NS_PER_SECOND
    w.epoll = epoll_create1(EPOLL_CLOEXEC)
    w.command_fd = eventfd_open()
    w.event_fd = eventfd_open()
    w.timer_fd = timerfd_open()
    w.legs = <Leg*>calloc(max_streams, sizeof(Leg))
    w.active = <Leg**>calloc(max_streams, sizeof(Leg*))
    if (w.legs == NULL or w.active == NULL or spsc_init(&w.commands, COMMAND_RING, sizeof(Command)) < 0
            or spsc_init(&w.events, EVENT_RING, sizeof(Event)) < 0
            or spsc_init(&w.digits, DIGIT_RING, sizeof(Event)) < 0
            or spsc_init(&w.datagrams, DATAGRAM_RING, sizeof(Datagram)) < 0 or pool_init(&w.pool, max_streams, index) < 0):
        worker_free(w)
        return -ENOMEM
    if w.epoll < 0 or w.command_fd < 0 or w.event_fd < 0 or w.timer_fd < 0:
        worker_free(w)
        return -EMFILE
    epoll_add(w.epoll, w.command_fd, WAKE_COMMAND)
    epoll_add(w.epoll, w.timer_fd, WAKE_TIMER)
    return 0


cdef void worker_free(Worker* w) noexcept nogil:
    close_fd(w.epoll)
    close_fd(w.command_fd)
    close_fd(w.event_fd)
    close_fd(w.timer_fd)
    w.epoll = w.command_fd = w.event_fd = w.timer_fd = -1
    spsc_free(&w.commands)
    spsc_free(&w.events)
    spsc_free(&w.digits)
    spsc_free(&w.datagrams)
    pool_free(&w.pool)
    free(w.legs)
    free(w.active)
    w.legs = NULL
    w.active = NULL


cdef bint worker_submit(Worker* w, const Command* command) noexcept nogil:
    if not spsc_push(&w.commands, command):
        return False
    full_fence()
    if exchange_i32(&w.sleeping, AWAKE):
        eventfd_signal(w.command_fd)
    return True


cdef bint worker_submit_lazily(Worker* w, const Command* command) noexcept nogil:
    # A wake-up costs both threads more than the command: 8 of them were a tenth of a bridged call. A packet that the
    # command is about wakes the worker as well, and commands go before packets.
    if not spsc_push(&w.commands, command):
        return False
    full_fence()
    if load_acquire_i32(&w.sleeping) == SLEEPS or spsc_count(&w.commands) > LAZY_COMMANDS:
        if exchange_i32(&w.sleeping, AWAKE):
            eventfd_signal(w.command_fd)
    return True


cdef bint _run_commands(Worker* w, int64_t now) noexcept nogil:
    """True when some are left."""
    cdef int left = COMMAND_BATCH
    cdef Command* command
    while left > 0:
        command = <Command*>spsc_front(&w.commands)
        if command == NULL:
            return False
        run_command(w, command, now)
        spsc_release(&w.commands)
        left -= 1
    return True


cdef void _send_digits(Worker* w, Leg* leg, int64_t when) noexcept nogil:
    cdef Stream* s = &leg.stream
    cdef DigitFrame frame
    digits_tick(&leg.digits, s, when, w.out + RTP_HEADER, &frame)
    if not leg.digits.active:
        s.tx.source = SOURCE_NONE
    if frame.send and s.configured and s.send:
        rtp_write(w.out, s.event_payload_type if frame.as_event else s.payload_type, frame.stamp.marker,
                  frame.stamp.sequence, frame.stamp.timestamp, s.tx.ssrc)
        send_rtp(leg, w.out, frame.size + RTP_HEADER, frame.size)


cdef void _send_clip(Worker* w, Leg* leg, int64_t when, int64_t now) noexcept nogil:
    cdef Stream* s = &leg.stream
    cdef int size = s.ptime_ms * 8
    cdef Stamp stamp
    if player_fill(&leg.player, s.codec, w.out + RTP_HEADER, size) == 0:
        end_play(w, leg, True, now)
        return
    if not s.configured or not s.send:
        return
    tl_next(&s.tx, SOURCE_PLAYER, size, when, &stamp)
    rtp_write(w.out, s.payload_type, stamp.marker, stamp.sequence, stamp.timestamp, s.tx.ssrc)
    send_rtp(leg, w.out, size + RTP_HEADER, size)


cdef void _tick_leg(Worker* w, Leg* leg, int64_t now) noexcept nogil:
    """One packet time of a leg; it goes back into the wheel as long as it has something to send."""
    cdef int64_t when = w.epoch_ns + leg.tick * TICK_NS
    cdef int64_t period = leg.stream.ptime_ms * NS_PER_MS // TICK_NS
    cdef int64_t following = leg.tick + period
    if now - when > LATE_NS:
        leg.stream.count.late_ticks += 1
    if now - when > GIVE_UP_NS:
        following = (now - w.epoch_ns) // TICK_NS + period
        leg.stream.tx.source = SOURCE_NONE
        when = now
    if leg.digits.active:
        _send_digits(w, leg, when)
    elif leg.player.active:
        _send_clip(w, leg, when, now)
    if leg.digits.active or leg.player.active:
        wheel_insert(w, leg, following)
    else:
        leg.ticking = False
        w.ticking -= 1


cdef void _run_tick(Worker* w, int64_t tick, int64_t now) noexcept nogil:
    cdef Leg* leg = w.wheel[tick % WHEEL]
    cdef Leg* following
    if leg == NULL:
        return
    w.count.ticks += 1
    if now - (w.epoch_ns + tick * TICK_NS) > LATE_NS:
        w.count.late_ticks += 1
    w.wheel[tick % WHEEL] = NULL
    while leg != NULL:
        following = leg.next
        _tick_leg(w, leg, now)
        leg = following


cdef void _run_ticks(Worker* w, int64_t now) noexcept nogil:
    cdef int64_t current = (now - w.epoch_ns) // TICK_NS
    if w.ticking == 0:
        return
    # After a long standstill one turn of the wheel reaches every leg.
    if current - w.tick > WHEEL:
        w.tick = current - WHEEL
    while w.tick < current and w.ticking:
        w.tick += 1
        _run_tick(w, w.tick, now)


cdef void _arm(Worker* w) noexcept nogil:
    """Sets the timer for the next tick that somebody waits for; none, no timer."""
    cdef int64_t next_tick = 0, t
    if w.ticking:
        for t in range(w.tick + 1, w.tick + 1 + WHEEL):
            if w.wheel[t % WHEEL] != NULL:
                next_tick = t
                break
    if next_tick != w.armed:
        w.armed = next_tick
        timerfd_arm(w.timer_fd, w.epoch_ns + next_tick * TICK_NS if next_tick else 0)


cdef void report_recordings(Worker* w) noexcept nogil:
    cdef int slot
    cdef uint32_t i
    cdef Recording* r
    for slot in range(RECORDING_SLOTS):
        if (load_acquire_i32(&w.recordings.states[slot]) != RECORDING_ENDED
                or w.recordings.workers[slot] != w.index):
            continue
        r = w.recordings.items[slot]
        if not r.begun:
            continue
        for i in range(w.active_count):
            if w.active[i].recording == r:
                w.active[i].recording = NULL
        # Reported before the event can be seen: Python may free it at once.
        store_release_i32(&w.recordings.states[slot], RECORDING_REPORTED)
        if not emit(w, EV_RECORDING_ENDED, 0, r.id, record_duration_ms(r), r.failure, now_ns()):
            store_release_i32(&w.recordings.states[slot], RECORDING_ENDED)
            return
        if w.recordings_open:
            w.recordings_open -= 1


cdef void _report_clips(Worker* w, int64_t now) noexcept nogil:
    """Releases whose event found the ring full."""
    cdef int slot
    for slot in range(CLIP_SLOTS):
        if load_acquire_i32(&w.clips.items[slot].state) == CLIP_UNUSED and w.clips.items[slot].worker == w.index:
            if not emit(w, EV_CLIP_RELEASED, 0, w.clips.items[slot].id, 0, 0, now):
                return
    w.clips_unreported = False


cdef void _look_after(Worker* w, Leg* leg, int64_t now) noexcept nogil:
    cdef int64_t silent
    if leg.closing:
        close_leg(w, leg, now)
        return
    leg.passed_up = 0
    settle(w, leg, now)
    poll_digits(w, leg, now)
    silent = stream_timeout(&leg.stream, now)
    if silent:
        leg.silent_ms = silent
        tell(w, leg, PENDING_TIMEOUT, now)
    send_rtcp(w, leg, now)
    account(w, leg)


cdef void _housekeeping(Worker* w, int64_t now) noexcept nogil:
    cdef uint32_t part = (w.active_count + HOUSE_PARTS - 1) // HOUSE_PARTS
    if now < w.house_ns:
        return
    w.house_ns = now + HOUSE_NS
    while part > 0 and w.active_count:
        if w.house_cursor >= w.active_count:
            w.house_cursor = 0
        _look_after(w, w.active[w.house_cursor], now)
        w.house_cursor += 1
        part -= 1
    if w.recordings_open:
        report_recordings(w)
    if w.clips_unreported:
        _report_clips(w, now)


cdef void _serve(Worker* w, epoll_event* ready, int count, int64_t now) noexcept nogil:
    cdef int i
    cdef uint64_t what
    cdef Leg* leg
    for i in range(count):
        what = ready[i].data.u64
        if what == WAKE_COMMAND:
            counter_read(w.command_fd)
            continue
        if what == WAKE_TIMER:
            # _arm sets it anew or disarms it, either of which makes it unreadable.
            w.armed = -1
            continue
        leg = find_leg(w, <uint32_t>what)
        if leg == NULL:
            continue
        if what & IS_RTCP:
            read_rtcp(w, leg, now)
        else:
            read_rtp(w, leg, now)


cdef int _patience(Worker* w, bint more) noexcept nogil:
    """How long epoll may wait, in ms."""
    cdef bint dozes = w.active_count or w.recordings_open or w.clips_unreported
    store_release_i32(&w.sleeping, DOZES if dozes else SLEEPS)
    full_fence()
    if more or spsc_count(&w.commands):
        store_release_i32(&w.sleeping, AWAKE)
        return 0
    return <int>(HOUSE_NS // NS_PER_MS) if dozes else -1


cdef void _become(Worker* w) noexcept nogil:
    cdef sched_param parameters
    pthread_setname_np(pthread_self(), "centrala-media")
    if w.want_realtime:
        parameters.sched_priority = PRIORITY
        w.count.realtime = pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters) == 0


cdef void _end(Worker* w) noexcept nogil:
    cdef int64_t now = now_ns()
    cdef uint32_t i
    for i in range(w.active_count, 0, -1):
        # With a full event ring the sockets are closed all the same; nobody waits for the event any more.
        close_leg(w, w.active[i - 1], now)
    signal_events(w)


cdef void* worker_run(void* argument) noexcept nogil:
    cdef Worker* w = <Worker*>argument
    cdef epoll_event[BATCH] ready
    cdef int count
    cdef bint more = False
    cdef int64_t now
    _become(w)
    while w.running:
        count = epoll_wait(w.epoll, ready, BATCH, _patience(w, more))
        store_release_i32(&w.sleeping, AWAKE)
        now = now_ns()
        _run_ticks(w, now)
        # Commands first: what Python asked for before a packet was sent holds for that packet.
        more = _run_commands(w, now)
        if count > 0:
            _serve(w, ready, count, now)
        if w.retry:
            retry_events(w, now)
        _housekeeping(w, now)
        _arm(w)
        signal_events(w)
    _end(w)
    return NULL
