"""Bounded lock-free inbox of 48-byte records: any thread puts, one thread takes (MPSC).

Each cell carries a turn counter: a producer claims a position with one compare-and-swap and publishes the cell with a release
store; the consumer takes it after an acquire load. A full inbox refuses at once; nobody ever waits.
"""

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport calloc, free

cdef extern from * nogil:
    """
    #include <stdint.h>
    static inline uint64_t inbox_load_acquire(const uint64_t *at) { return __atomic_load_n(at, __ATOMIC_ACQUIRE); }
    static inline uint64_t inbox_load_relaxed(const uint64_t *at) { return __atomic_load_n(at, __ATOMIC_RELAXED); }
    static inline void inbox_store_release(uint64_t *at, uint64_t value) { __atomic_store_n(at, value, __ATOMIC_RELEASE); }
    static inline uint64_t inbox_next(uint64_t *at) { return __atomic_fetch_add(at, 1, __ATOMIC_RELAXED); }
    static inline int inbox_claim(uint64_t *at, uint64_t expected) {
        return __atomic_compare_exchange_n(at, &expected, expected + 1, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    }
    """
    uint64_t inbox_load_acquire(const uint64_t* at) noexcept
    uint64_t inbox_load_relaxed(const uint64_t* at) noexcept
    void inbox_store_release(uint64_t* at, uint64_t value) noexcept
    uint64_t inbox_next(uint64_t* at) noexcept
    bint inbox_claim(uint64_t* at, uint64_t expected) noexcept


cdef struct Record:
    int32_t kind
    int32_t index
    int64_t since  # ns
    int64_t rank  # ns; this and the next as the kind needs it
    int64_t until  # ns
    uint64_t key
    int32_t plan
    int32_t agent


cdef struct InboxCell:
    uint64_t turn  # position: free for it; position + 1: filled
    Record record


cdef struct Inbox:
    InboxCell* cells
    uint64_t mask
    char apart[48]  # producers and the consumer do not share a cache line
    uint64_t tail  # next position to fill; producers
    char apart_too[56]
    uint64_t head  # next position to take; the consumer


cdef inline int inbox_init(Inbox* inbox, uint64_t capacity) noexcept nogil:
    """`capacity` is a power of two. Returns -1 when out of memory."""
    cdef uint64_t at
    inbox.cells = <InboxCell*>calloc(capacity, sizeof(InboxCell))
    if inbox.cells == NULL:
        return -1
    for at in range(capacity):
        inbox.cells[at].turn = at
    inbox.mask = capacity - 1
    inbox.tail = 0
    inbox.head = 0
    return 0


cdef inline void inbox_close(Inbox* inbox) noexcept nogil:
    free(inbox.cells)
    inbox.cells = NULL


cdef inline int inbox_put(Inbox* inbox, const Record* record) noexcept nogil:
    """Any thread. Returns 0, or -1 when the inbox is full."""
    cdef uint64_t position, turn
    cdef InboxCell* cell
    while True:
        position = inbox_load_relaxed(&inbox.tail)
        cell = &inbox.cells[position & inbox.mask]
        turn = inbox_load_acquire(&cell.turn)
        if turn == position:
            if inbox_claim(&inbox.tail, position):
                cell.record = record[0]
                inbox_store_release(&cell.turn, position + 1)
                return 0
        elif turn < position:
            return -1


cdef inline bint inbox_has(Inbox* inbox) noexcept nogil:
    """The consumer only."""
    return inbox_load_acquire(&inbox.cells[inbox.head & inbox.mask].turn) == inbox.head + 1


cdef inline const Record* inbox_peek(Inbox* inbox) noexcept nogil:
    """The record that comes next. The consumer only, after `inbox_has` and before `inbox_take`."""
    return &inbox.cells[inbox.head & inbox.mask].record


cdef inline void inbox_take(Inbox* inbox, Record* record) noexcept nogil:
    """The consumer only, after `inbox_has`."""
    cdef InboxCell* cell = &inbox.cells[inbox.head & inbox.mask]
    record[0] = cell.record
    inbox_store_release(&cell.turn, inbox.head + inbox.mask + 1)
    inbox.head += 1
