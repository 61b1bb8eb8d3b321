"""The worker's thread; see worker.pxd."""

from libc.errno cimport EMFILE, ENOMEM
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from core.base.atomics cimport exchange_i32, full_fence, load_acquire_i32, store_release_i32
from core.base.clock cimport NS_PER_MS, NS_PER_SECOND, NTP_UNIX_S, now_ns, realtime_ns
from core.base.pool cimport id_slot, pool_free, pool_init
from core.base.prefetch cimport prefetch
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
from core.engine.bridge cimport arrange, default_placements
from core.engine.clips cimport ClipTable
from core.engine.coding cimport coders_collect, coders_free, coders_init, coders_stop, coders_wake
from core.engine.commands cimport close_leg, run_command
from core.engine.datagrams cimport DATAGRAM_RING, Datagram
from core.engine.house cimport HOUSE_NS, housekeeping
from core.engine.messages cimport CMD_ARRIVE, Command, Event
from core.engine.receive cimport read_rtcp, read_rtp
from core.engine.recorder cimport RecordTable
from core.engine.room cimport rooms_free
from core.engine.state cimport MAX_ROOMS, RTCP_BIT, Leg, Room, Worker, find_leg, retry_events, signal_events
from core.engine.taping cimport leave_tap
from core.engine.ticks cimport arm_ticks, run_ticks

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
    """
    uint64_t WAKE_COMMAND "CENTRALA_WAKE_COMMAND"
    uint64_t WAKE_TIMER "CENTRALA_WAKE_TIMER"


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
    w.sweep_epoll = epoll_create1(EPOLL_CLOEXEC)
    w.command_fd = eventfd_open()
    w.event_fd = eventfd_open()
    w.timer_fd = timerfd_open()
    w.legs = <Leg*>calloc(max_streams, sizeof(Leg))
    w.active = <Leg**>calloc(max_streams, sizeof(Leg*))
    w.arrived = <int32_t*>calloc(max_streams, sizeof(int32_t))
    w.rooms = <Room**>calloc(MAX_ROOMS, sizeof(Room*))
    default_placements(w)
    w.opus_rate = 16000
    w.opus_complexity = 5
    w.opus_expected_loss = 5
    w.silence_dbm0 = -60.0
    if (w.legs == NULL or w.arrived == NULL or w.active == NULL or w.rooms == NULL or pool_init(&w.room_pool, MAX_ROOMS, index) < 0 or spsc_init(&w.commands, COMMAND_RING, sizeof(Command)) < 0
            or spsc_init(&w.events, EVENT_RING, sizeof(Event)) < 0
            or spsc_init(&w.digits, DIGIT_RING, sizeof(Event)) < 0
            or spsc_init(&w.datagrams, DATAGRAM_RING, sizeof(Datagram)) < 0 or pool_init(&w.pool, max_streams, index) < 0):
        worker_free(w)
        return -ENOMEM
    if w.epoll < 0 or w.sweep_epoll < 0 or w.command_fd < 0 or w.event_fd < 0 or w.timer_fd < 0 or not coders_init(w):
        worker_free(w)
        return -EMFILE
    epoll_add(w.epoll, w.command_fd, WAKE_COMMAND)
    epoll_add(w.epoll, w.timer_fd, WAKE_TIMER)
    return 0


cdef void worker_free(Worker* w) noexcept nogil:
    close_fd(w.epoll)
    close_fd(w.sweep_epoll)
    close_fd(w.command_fd)
    close_fd(w.event_fd)
    close_fd(w.timer_fd)
    w.epoll = w.sweep_epoll = w.command_fd = w.event_fd = w.timer_fd = -1
    spsc_free(&w.commands)
    spsc_free(&w.events)
    spsc_free(&w.digits)
    spsc_free(&w.datagrams)
    rooms_free(w)
    coders_free(w)
    pool_free(&w.room_pool)
    pool_free(&w.pool)
    free(w.legs)
    free(w.arrived)
    free(w.active)
    w.legs = NULL
    w.arrived = NULL
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
    w.stalled = False
    while left > 0:
        command = <Command*>spsc_front(&w.commands)
        if command == NULL:
            return False
        if command.kind == CMD_ARRIVE and not load_acquire_i32(&w.arrived[id_slot(command.stream)]):
            # Who sends the leg signals our eventfd.
            w.stalled = True
            return False
        run_command(w, command, now)
        spsc_release(&w.commands)
        left -= 1
    return True


cdef void _settle_pairs(Worker* w, int64_t now) noexcept nogil:
    """Places anew what changed during a tick or a command."""
    cdef uint32_t i
    w.unsettled = False
    for i in range(w.active_count):
        if w.active[i].unsettled:
            w.active[i].unsettled = False
            arrange(w, w.active[i], now)


cdef void _serve(Worker* w, epoll_event* ready, int count, int64_t now) noexcept nogil:
    cdef int i
    cdef uint64_t what
    cdef Leg* leg
    for i in range(count):
        if i + 1 < count:
            # The next one's leg comes while this one is served.
            prefetch(&w.legs[id_slot(<uint32_t>ready[i + 1].data.u64)])
        what = ready[i].data.u64
        if what == WAKE_COMMAND:
            counter_read(w.command_fd)
            continue
        if what == WAKE_TIMER:
            # arm_ticks sets it anew or disarms it, either of which makes it unreadable.
            w.armed = -1
            continue
        leg = find_leg(w, <uint32_t>what)
        if leg == NULL:
            continue
        if what & RTCP_BIT:
            read_rtcp(w, leg, now)
        else:
            read_rtp(w, leg, now)


cdef int _patience(Worker* w, bint more) noexcept nogil:
    """How long epoll may wait, in ms."""
    cdef bint dozes = w.active_count or w.recordings_open or w.clips_unreported
    store_release_i32(&w.sleeping, DOZES if dozes else SLEEPS)
    full_fence()
    if more or (spsc_count(&w.commands) and not w.stalled):
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
    for i in range(<uint32_t>MAX_ROOMS):
        if w.rooms[i] != NULL:
            leave_tap(w, &w.rooms[i].tap, 0, now)
    coders_stop(w)
    signal_events(w)


cdef bint worker_turn(Worker* w, epoll_event* ready, int count, int64_t now) noexcept nogil:
    cdef bint more
    coders_collect(w)
    run_ticks(w, now)
    # Commands first: what Python asked for before a packet was sent holds for that packet.
    more = _run_commands(w, now)
    if w.unsettled:
        _settle_pairs(w, now)
    if count > 0:
        _serve(w, ready, count, now)
    if w.retry:
        retry_events(w, now)
    housekeeping(w, now)
    arm_ticks(w)
    coders_wake(w)
    signal_events(w)
    return more


cdef void* worker_run(void* argument) noexcept nogil:
    cdef Worker* w = <Worker*>argument
    cdef epoll_event[BATCH] ready
    cdef int count
    cdef bint more = False
    _become(w)
    while w.running:
        count = epoll_wait(w.epoll, ready, BATCH, _patience(w, more))
        store_release_i32(&w.sleeping, AWAKE)
        more = worker_turn(w, ready, count, now_ns())
    _end(w)
    return NULL
