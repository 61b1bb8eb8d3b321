"""Armed timers by deadline: a heap of plain structs, so that the thousands that a server holds cost it a few cache lines.

Nearly all timers of SIP are cleared before they are due. What was cleared stays in the heap until it comes up, or until
there is more of it than of what is armed. The owners are in a list, where the garbage collector sees them.
"""

from cpython.mem cimport PyMem_Free, PyMem_Realloc
from libc.stdint cimport int64_t, uint32_t

cdef enum:
    SLACK_ENTRIES = 1024     # stale entries tolerated before the heap is rebuilt
    FIRST_ROOM = 64


cdef inline bint before(const Entry* one, const Entry* other) noexcept nogil:
    return one.deadline < other.deadline or (one.deadline == other.deadline and one.id < other.id)


cdef inline void sift_up(Entry* heap, uint32_t at) noexcept nogil:
    cdef Entry entry = heap[at]
    cdef uint32_t parent
    while at > 0:
        parent = (at - 1) >> 1
        if not before(&entry, &heap[parent]):
            break
        heap[at] = heap[parent]
        at = parent
    heap[at] = entry


cdef inline void sift_down(Entry* heap, uint32_t count, uint32_t at) noexcept nogil:
    cdef Entry entry = heap[at]
    cdef uint32_t child
    while True:
        child = 2 * at + 1
        if child >= count:
            break
        if child + 1 < count and before(&heap[child + 1], &heap[child]):
            child += 1
        if not before(&heap[child], &entry):
            break
        heap[at] = heap[child]
        at = child
    heap[at] = entry


cdef class TimerQueue:
    """See the .pyi for the contract."""

    SLACK = SLACK_ENTRIES

    def __cinit__(self):
        self.owners = []

    def __dealloc__(self):
        PyMem_Free(self.heap)
        PyMem_Free(self.free)

    def __len__(self):
        return self.count

    def arm(self, owner, double deadline):
        self.set(owner, deadline)

    def clear(self, owner):
        self.unset(owner)

    def next_deadline(self):
        while self.count:
            if <int64_t>self.owners[self.heap[0].place].timer_id == self.heap[0].id:
                return self.heap[0].deadline
            self.take()
        return None

    def pop_due(self, double now):
        cdef int64_t id
        while self.count and self.heap[0].deadline <= now:
            id = self.heap[0].id
            owner = self.take()
            if <int64_t>owner.timer_id == id:
                owner.timer_id = 0
                self.armed -= 1
                return owner
        return None

    cdef int set(self, object owner, double deadline) except -1:
        if not owner.timer_id:
            self.armed += 1
        self.last_id += 1
        owner.timer_id = self.last_id
        return self.push(deadline, self.last_id, owner)

    cdef int unset(self, object owner) except -1:
        if owner.timer_id:
            owner.timer_id = 0
            self.armed -= 1
            if self.count > 2 * self.armed + SLACK_ENTRIES:
                self.drop_stale()
        return 0

    cdef int push(self, double deadline, int64_t id, object owner) except -1:
        cdef uint32_t place
        if self.count == self.room:
            self.grow()
        self.free_count -= 1
        place = self.free[self.free_count]
        self.owners[place] = owner
        self.heap[self.count].deadline = deadline
        self.heap[self.count].id = id
        self.heap[self.count].place = place
        self.count += 1
        sift_up(self.heap, self.count - 1)
        return 0

    cdef object take(self):
        """The owner of the first entry, which leaves the heap."""
        cdef uint32_t place = self.heap[0].place
        owner = self.owners[place]
        self.owners[place] = None
        self.free[self.free_count] = place
        self.free_count += 1
        self.count -= 1
        if self.count:
            self.heap[0] = self.heap[self.count]
            sift_down(self.heap, self.count, 0)
        return owner

    cdef int grow(self) except -1:
        cdef uint32_t room = 2 * self.room if self.room else FIRST_ROOM
        cdef uint32_t place
        cdef void* more = PyMem_Realloc(self.heap, room * sizeof(Entry))
        if more == NULL:
            raise MemoryError("no memory for more timers")
        self.heap = <Entry*>more
        more = PyMem_Realloc(self.free, room * sizeof(uint32_t))
        if more == NULL:
            raise MemoryError("no memory for more timers")
        self.free = <uint32_t*>more
        self.owners.extend([None] * (room - self.room))
        for place in range(room, self.room, -1):  # the lowest is taken first
            self.free[self.free_count] = place - 1
            self.free_count += 1
        self.room = room
        return 0

    cdef int drop_stale(self) except -1:
        """Rebuilds the heap without cleared entries, so that they do not keep finished calls in memory."""
        cdef uint32_t at, kept = 0
        for at in range(self.count):
            if <int64_t>self.owners[self.heap[at].place].timer_id == self.heap[at].id:
                self.heap[kept] = self.heap[at]
                kept += 1
            else:
                self.owners[self.heap[at].place] = None
                self.free[self.free_count] = self.heap[at].place
                self.free_count += 1
        self.count = kept
        at = kept >> 1
        while at > 0:
            at -= 1
            sift_down(self.heap, self.count, at)
        return 0
