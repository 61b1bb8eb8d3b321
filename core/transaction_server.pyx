"""Server transactions as two tables: INVITE (RFC 3261 17.2.1, RFC 6026 7.1) and the rest (17.2.2). See the .pyi.

Two rules: only `step` moves a transaction's state, and actions append outputs: no clock, no sending. A row's actions run
in their order; a Send always comes before the SetTimer that repeats it.
Timers G and H share a transaction's one slot: it repeats the response until `elapsed` reaches 64*T1.
"""

cimport cython

from core.outputs cimport end_of, expired, send_later, set_timer, tell as tell_user
from core.transaction_layer cimport Layer, least

cdef enum:
    REFLECTED = 3            # bytes out for each byte in, while the sender may be forged (security.md R5)
    ACTIONS = 3              # of a row, at most

cdef double ROUNDING_S = 1e-9

REFLECTION_LIMIT = REFLECTED

cdef tuple NAMES = ("trying", "proceeding", "completed", "confirmed", "accepted", "terminated")

cdef enum:                   # events
    REQUEST                  # a retransmission
    ACK
    PROVISIONAL
    SUCCESS
    FAILURE
    CHALLENGE                # 401, 407
    RETRANSMIT               # timer G
    TIMEOUT                  # timer H
    LINGERED                 # timers I, J, L
    SEND_FAILED
    EVENTS

ctypedef int (*Action)(ServerTransaction, bytes) except -1

cdef struct Row:
    bint known               # else the state ignores the event
    int following
    Action actions[ACTIONS]

cdef Row INVITE[STATES * EVENTS]
cdef Row OTHER[STATES * EVENTS]


def serve(Layer layer not None, request, str key not None, source, destination):
    cdef ServerTransaction new = ServerTransaction.__new__(ServerTransaction)
    new.layer = layer
    new.key = key
    new.request = request
    new.source = source
    new.destination = destination
    new.reliable = source[0] != "udp"
    new.invite = request.method == "INVITE"
    new.condition = PROCEEDING if new.invite else TRYING
    new.data = b""
    new.budget = REFLECTED * len(request.data)
    layer.servers[key] = new
    layer.created += 1
    return new


def absorb(Layer layer not None, request, str key not None):
    found = layer.servers.get(key)
    if found is None:
        return False
    cdef ServerTransaction transaction = <ServerTransaction>found
    if request.method == "ACK":
        if transaction.condition == ACCEPTED:  # RFC 6026 7.1: a 2xx's ACK is the dialog's, even with this branch
            return False
        step(transaction, ACK, None)
    else:
        layer.retransmits_received += 1
        transaction.budget += REFLECTED * len(request.data)
        step(transaction, REQUEST, None)
    return True


def is_merged(Layer layer not None, request, ServerTransaction transaction not None):
    cdef str key = f"{request.call_id} {request.from_tag} {request.cseq} {request.method}"
    if key in layer.merged:
        return True
    layer.merged[key] = transaction.key
    transaction.merge_key = key
    return False


@cython.freelist(64)
cdef class ServerTransaction:
    @property
    def state(self):
        return NAMES[self.condition]

    @property
    def answered(self):
        return self.condition != TRYING and self.condition != PROCEEDING

    def respond(self, int status, bytes data not None):
        cdef int event = FAILURE
        if status < 200:
            event = PROVISIONAL
        elif status < 300:
            event = SUCCESS
        elif status == 401 or status == 407:
            event = CHALLENGE
        step(self, event, data)

    def on_timer(self):
        if self.condition != COMPLETED or not self.invite:
            step(self, LINGERED, None)
            return
        self.elapsed += self.interval
        step(self, TIMEOUT if self.elapsed >= self.layer.timeout - ROUNDING_S else RETRANSMIT, None)

    def on_send_failed(self):
        step(self, SEND_FAILED, None)

    def forget(self):
        self.layer.servers.pop(self.key, None)
        if self.merge_key is not None:
            self.layer.merged.pop(self.merge_key, None)


cdef int step(ServerTransaction it, int event, bytes data) except -1:
    cdef Row* found = (&INVITE[0] if it.invite else &OTHER[0]) + it.condition * EVENTS + event
    cdef int at
    if not found.known:
        return 0
    it.condition = found.following
    for at in range(ACTIONS):
        if found.actions[at] == NULL:
            break
        found.actions[at](it, data)
    return 0


cdef int respond(ServerTransaction it, bytes data) except -1:
    it.data = data
    it.budget -= len(data)
    return send_later(it.layer.out, data, it.destination, it)


cdef int repeat(ServerTransaction it, bytes _) except -1:
    if it.data:
        it.layer.retransmitted += 1
        it.budget -= len(it.data)
        return send_later(it.layer.out, it.data, it.destination, it)


cdef int repeat_in_budget(ServerTransaction it, bytes _) except -1:
    return repeat(it, None) if it.budget >= len(it.data) else 0


cdef int finish(ServerTransaction it, bytes _) except -1:
    """The final response is out: what is kept from here on is bytes and an address."""
    it.request = None
    it.user = None
    return 0


cdef int start_timer_g(ServerTransaction it, bytes _) except -1:
    """Timer G starts at T1; over a reliable transport only timer H remains."""
    it.interval = it.layer.timeout if it.reliable else it.layer.t1
    return set_timer(it.layer.out, it, it.interval)


cdef int double_timer_g(ServerTransaction it, bytes _) except -1:
    """Timer G doubles up to T2; the last wait ends with timer H."""
    it.interval = least(2 * it.interval, it.layer.t2, it.layer.timeout - it.elapsed)
    return set_timer(it.layer.out, it, it.interval)


cdef int start_timer_l_or_j(ServerTransaction it, bytes _) except -1:
    """Timers L and J: 64*T1; J is 0 over a reliable transport (17.2.2)."""
    if it.reliable and not it.invite:
        return end(it, None)
    return set_timer(it.layer.out, it, it.layer.timeout)


cdef int start_timer_i(ServerTransaction it, bytes _) except -1:
    """Timer I: T4, or 0 over a reliable transport (17.2.1)."""
    if it.reliable:
        return end(it, None)
    return set_timer(it.layer.out, it, it.layer.t4)


cdef int end(ServerTransaction it, bytes _) except -1:
    it.condition = TERMINATED
    finish(it, None)
    return end_of(it.layer.out, it)


cdef int expire(ServerTransaction it, bytes _) except -1:
    """Its own timer ends it, so none is armed any more."""
    return expired(it.layer.out, it)


cdef int tell_unsent(ServerTransaction it, bytes _) except -1:
    if it.user is not None:
        tell_user(it.layer.out, it.user.on_send_failed, (it,))
    return 0


cdef int row(
    Row* table, int state, int event, int following, Action one, Action two, Action three
) except -1:
    cdef Row* new = table + state * EVENTS + event
    new.known, new.following = True, following
    new.actions[0], new.actions[1], new.actions[2] = one, two, three
    return 0


# INVITE: RFC 3261 17.2.1, RFC 6026 7.1.
row(INVITE, PROCEEDING, REQUEST, PROCEEDING, repeat, NULL, NULL)
row(INVITE, PROCEEDING, PROVISIONAL, PROCEEDING, respond, NULL, NULL)
row(INVITE, PROCEEDING, SUCCESS, ACCEPTED, respond, finish, start_timer_l_or_j)
row(INVITE, PROCEEDING, FAILURE, COMPLETED, respond, finish, start_timer_g)
row(INVITE, PROCEEDING, CHALLENGE, TERMINATED, respond, end, NULL)
row(INVITE, PROCEEDING, SEND_FAILED, TERMINATED, tell_unsent, end, NULL)
row(INVITE, ACCEPTED, LINGERED, TERMINATED, expire, NULL, NULL)
row(INVITE, COMPLETED, REQUEST, COMPLETED, repeat, NULL, NULL)
row(INVITE, COMPLETED, RETRANSMIT, COMPLETED, repeat_in_budget, double_timer_g, NULL)
row(INVITE, COMPLETED, ACK, CONFIRMED, start_timer_i, NULL, NULL)
row(INVITE, COMPLETED, TIMEOUT, TERMINATED, end, NULL, NULL)
row(INVITE, COMPLETED, SEND_FAILED, TERMINATED, end, NULL, NULL)
row(INVITE, CONFIRMED, LINGERED, TERMINATED, expire, NULL, NULL)

# All others: 17.2.2.
row(OTHER, TRYING, PROVISIONAL, PROCEEDING, respond, NULL, NULL)
row(OTHER, TRYING, SUCCESS, COMPLETED, respond, finish, start_timer_l_or_j)
row(OTHER, TRYING, FAILURE, COMPLETED, respond, finish, start_timer_l_or_j)
row(OTHER, TRYING, CHALLENGE, TERMINATED, respond, end, NULL)
row(OTHER, PROCEEDING, REQUEST, PROCEEDING, repeat, NULL, NULL)
row(OTHER, PROCEEDING, PROVISIONAL, PROCEEDING, respond, NULL, NULL)
row(OTHER, PROCEEDING, SUCCESS, COMPLETED, respond, finish, start_timer_l_or_j)
row(OTHER, PROCEEDING, FAILURE, COMPLETED, respond, finish, start_timer_l_or_j)
row(OTHER, PROCEEDING, CHALLENGE, TERMINATED, respond, end, NULL)
row(OTHER, PROCEEDING, SEND_FAILED, TERMINATED, tell_unsent, end, NULL)
row(OTHER, COMPLETED, REQUEST, COMPLETED, repeat, NULL, NULL)
row(OTHER, COMPLETED, LINGERED, TERMINATED, expire, NULL, NULL)
row(OTHER, COMPLETED, SEND_FAILED, TERMINATED, end, NULL, NULL)
