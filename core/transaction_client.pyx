"""Client transactions as two tables: INVITE (RFC 3261 17.1.1, RFC 6026 7.2) and the rest (17.1.2). See the .pyi.

Two rules: only `step` moves a transaction's state, and actions append outputs: no clock, no sending. A row's actions run
in their order; a Send always comes before the SetTimer that repeats it.
Timers A and B, E and F share a transaction's one slot: it repeats the request until `elapsed` reaches `limit`.
"""

cimport cython

from core.outputs cimport end_of, expired, send_later, set_timer, tell as tell_user
from core.transaction_layer cimport Layer, least

cdef enum:
    STRAYS = 16              # answers of other forks that are acknowledged and hung up
    ACTIONS = 3              # of a row, at most

cdef double ROUNDING_S = 1e-9

cdef tuple NAMES = ("calling", "trying", "proceeding", "cancelling", "completed", "accepted", "terminated")

cdef enum:                   # events
    START
    RETRANSMIT               # timers A, E
    TIMEOUT                  # timers B, F, and the wait for a final response after CANCEL
    RINGING_LIMIT            # timer C
    LINGERED                 # timers D, K, M
    PROVISIONAL
    SUCCESS
    FAILURE
    SEND_FAILED
    FALL_BACK                # sending failed, and the request still fits UDP (18.1.1)
    CANCELLED                # our CANCEL went out: a final response is due within 64*T1 (9.1)
    EVENTS

ctypedef int (*Action)(ClientTransaction, object) except -1

cdef struct Row:
    bint known               # else the state ignores the event
    int following
    Action actions[ACTIONS]

cdef Row INVITE[STATES * EVENTS]
cdef Row OTHER[STATES * EVENTS]


def send(
    Layer layer not None, bytes data not None, destination, str branch not None, str method not None, user, fallback=None,
    double patience_s=0.0,
):
    cdef ClientTransaction new = ClientTransaction.__new__(ClientTransaction)
    new.layer = layer
    new.key = branch + method
    new.data = data
    new.destination = destination
    new.reliable = destination[0] != "udp"
    new.user = user
    new.invite = method == "INVITE"
    new.fallback = fallback
    new.condition = CALLING if new.invite else TRYING
    new.limit = patience_s if 0.0 < patience_s < layer.timeout else layer.timeout
    new.ack = b""
    new.answered_tag = ""
    layer.clients[new.key] = new
    layer.created += 1
    step(new, START, None)
    return new


def on_response(Layer layer not None, response):
    found = layer.clients.get(response.response_key)
    if found is None:
        layer.stray_responses += 1
    else:
        (<ClientTransaction>found).take(response)


@cython.freelist(64)
cdef class ClientTransaction:
    @property
    def state(self):
        return NAMES[self.condition]

    def on_response(self, response):
        self.take(response)

    cdef int take(self, response) except -1:
        cdef int status = response.status
        if status < 200:
            self.limit = self.layer.timeout
        return step(self, PROVISIONAL if status < 200 else SUCCESS if status < 300 else FAILURE, response)

    def on_timer(self):
        if self.condition == COMPLETED or self.condition == ACCEPTED:
            step(self, LINGERED, None)
        elif self.interval:
            self.elapsed += self.interval
            step(self, TIMEOUT if self.elapsed >= self.limit - ROUNDING_S else RETRANSMIT, None)
        else:
            step(self, RINGING_LIMIT, None)

    def on_send_failed(self):
        step(self, SEND_FAILED if self.fallback is None else FALL_BACK, None)

    def on_cancelled(self):
        step(self, CANCELLED, None)

    def acknowledge(self, bytes data not None, destination, str to_tag not None):
        self.ack = data
        self.answered_tag = to_tag
        self.destination = destination
        self.user = None
        self.data = b""
        send_later(self.layer.out, data, destination, None)

    def keep_stray(self, str to_tag not None, bytes ack not None, destination):
        if self.strays is None:
            self.strays = {}
        self.strays[to_tag] = (ack, destination)

    def forget(self):
        self.layer.clients.pop(self.key, None)


cdef int step(ClientTransaction it, int event, object response) except -1:
    cdef Row* found = (&INVITE[0] if it.invite else &OTHER[0]) + it.condition * EVENTS + event
    cdef int at
    if not found.known:
        return 0
    it.condition = found.following
    for at in range(ACTIONS):
        if found.actions[at] == NULL:
            break
        found.actions[at](it, response)
    return 0


cdef int request(ClientTransaction it, _) except -1:
    return send_later(it.layer.out, it.data, it.destination, it)


cdef int request_again(ClientTransaction it, _) except -1:
    it.layer.retransmitted += 1
    return request(it, None)


cdef int start_timer_a_or_e(ClientTransaction it, _) except -1:
    """Timers A and E start at T1; over a reliable transport only B and F remain."""
    it.elapsed = 0.0
    it.interval = it.limit if it.reliable or it.limit < it.layer.t1 else it.layer.t1
    return set_timer(it.layer.out, it, it.interval)


cdef int double_timer_a(ClientTransaction it, _) except -1:
    """Timer A doubles; the last wait ends with timer B."""
    it.interval = least(2 * it.interval, it.limit - it.elapsed, it.limit)
    return set_timer(it.layer.out, it, it.interval)


cdef int double_timer_e(ClientTransaction it, _) except -1:
    """Timer E doubles up to T2; the last wait ends with timer F."""
    it.interval = least(2 * it.interval, it.layer.t2, it.limit - it.elapsed)
    return set_timer(it.layer.out, it, it.interval)


cdef int repeat_timer_e(ClientTransaction it, _) except -1:
    """After a provisional response timer E fires every T2 (17.1.2.2)."""
    it.interval = least(it.layer.t2, it.limit - it.elapsed, it.limit)
    return set_timer(it.layer.out, it, it.interval)


cdef int start_timer_c(ClientTransaction it, response) except -1:
    """Timer C starts at the first provisional response and again at each but 100 (16.7 step 2)."""
    if it.interval or response.status > 100:
        it.interval = 0.0
        set_timer(it.layer.out, it, it.layer.ringing_limit)
    return 0


cdef int wait_for_final(ClientTransaction it, _) except -1:
    it.elapsed = 0.0
    it.interval = it.limit = it.layer.timeout
    return set_timer(it.layer.out, it, it.interval)


cdef int start_timer_d_or_m(ClientTransaction it, _) except -1:
    """Timers D and M: 64*T1; D is 0 over a reliable transport (17.1.1.2)."""
    if it.reliable and it.condition == COMPLETED:
        return end(it, None)
    return set_timer(it.layer.out, it, it.layer.timeout)


cdef int start_timer_k(ClientTransaction it, _) except -1:
    """Timer K: T4, or 0 over a reliable transport (17.1.2.2)."""
    if it.reliable:
        return end(it, None)
    return set_timer(it.layer.out, it, it.layer.t4)


cdef int end(ClientTransaction it, _) except -1:
    it.condition = TERMINATED
    it.user = None
    return end_of(it.layer.out, it)


cdef int tell(ClientTransaction it, response) except -1:
    if it.user is not None:
        tell_user(it.layer.out, it.user.on_response, (it, response,))
    return 0


cdef int tell_final(ClientTransaction it, response) except -1:
    """The last word: request and user are let go, so that a finished transaction is only bytes and an address."""
    tell(it, response)
    it.user = None
    it.data = b""
    it.fallback = None
    return 0


cdef int acknowledge_refusal(ClientTransaction it, response) except -1:
    """The ACK of a non-2xx belongs to the transaction and has its branch (17.1.1.3)."""
    it.ack = it.layer.acknowledge_failure(it.data, response)
    return acknowledge_again(it, None)


cdef int acknowledge_again(ClientTransaction it, _) except -1:
    send_later(it.layer.out, it.ack, it.destination, None)
    return 0


cdef int repeated_success(ClientTransaction it, response) except -1:
    """A 2xx in Accepted: the known one is acknowledged again, another dialog's goes to who refuses forks (13.2.2.4)."""
    tag = response.to_tag
    if not it.ack or tag == it.answered_tag:
        return acknowledge_again(it, None) if it.ack else 0
    if it.strays is not None and tag in it.strays:
        send_later(it.layer.out, it.strays[tag][0], it.strays[tag][1], None)
    elif it.strays is None or len(it.strays) < STRAYS:
        tell_user(it.layer.out, it.layer.on_stray_answer, (response, it,))
    return 0


cdef int tell_silence(ClientTransaction it, _) except -1:
    if it.user is not None:
        tell_user(it.layer.out, it.user.on_no_response, (it, 408,))
    return 0


cdef int tell_failure(ClientTransaction it, _) except -1:
    if it.user is not None:
        tell_user(it.layer.out, it.user.on_no_response, (it, 503,))
    return 0


cdef int tell_ringing(ClientTransaction it, _) except -1:
    if it.user is not None:
        tell_user(it.layer.out, it.user.on_ringing_limit, (it,))
    return 0


cdef int fall_back(ClientTransaction it, _) except -1:
    it.data, it.destination = it.fallback
    it.fallback = None
    it.reliable = False
    return 0


cdef int row(
    Row* table, int state, int event, int following, Action one, Action two, Action three
) except -1:
    cdef Row* new = table + state * EVENTS + event
    new.known, new.following = True, following
    new.actions[0], new.actions[1], new.actions[2] = one, two, three
    return 0


# INVITE: RFC 3261 17.1.1, RFC 6026 7.2.
row(INVITE, CALLING, START, CALLING, request, start_timer_a_or_e, NULL)
row(INVITE, CALLING, RETRANSMIT, CALLING, request_again, double_timer_a, NULL)
row(INVITE, CALLING, TIMEOUT, TERMINATED, tell_silence, end, NULL)
row(INVITE, CALLING, SEND_FAILED, TERMINATED, tell_failure, end, NULL)
row(INVITE, CALLING, FALL_BACK, CALLING, fall_back, request, start_timer_a_or_e)
row(INVITE, CALLING, PROVISIONAL, PROCEEDING, start_timer_c, tell, NULL)
row(INVITE, PROCEEDING, PROVISIONAL, PROCEEDING, start_timer_c, tell, NULL)
row(INVITE, PROCEEDING, RINGING_LIMIT, PROCEEDING, tell_ringing, NULL, NULL)
row(INVITE, PROCEEDING, CANCELLED, CANCELLING, wait_for_final, NULL, NULL)
row(INVITE, CANCELLING, TIMEOUT, TERMINATED, tell_silence, end, NULL)
for _state in (CALLING, PROCEEDING, CANCELLING):
    row(INVITE, _state, SUCCESS, ACCEPTED, tell, start_timer_d_or_m, NULL)
    row(INVITE, _state, FAILURE, COMPLETED, acknowledge_refusal, tell_final, start_timer_d_or_m)
row(INVITE, COMPLETED, FAILURE, COMPLETED, acknowledge_again, NULL, NULL)
row(INVITE, COMPLETED, LINGERED, TERMINATED, end, NULL, NULL)
row(INVITE, ACCEPTED, SUCCESS, ACCEPTED, repeated_success, NULL, NULL)
row(INVITE, ACCEPTED, LINGERED, TERMINATED, end, NULL, NULL)

# All others: 17.1.2.
row(OTHER, TRYING, START, TRYING, request, start_timer_a_or_e, NULL)
row(OTHER, TRYING, RETRANSMIT, TRYING, request_again, double_timer_e, NULL)
row(OTHER, TRYING, PROVISIONAL, PROCEEDING, tell, NULL, NULL)
row(OTHER, PROCEEDING, RETRANSMIT, PROCEEDING, request_again, repeat_timer_e, NULL)
row(OTHER, PROCEEDING, PROVISIONAL, PROCEEDING, tell, NULL, NULL)
for _state in (TRYING, PROCEEDING):
    row(OTHER, _state, SUCCESS, COMPLETED, tell_final, start_timer_k, NULL)
    row(OTHER, _state, FAILURE, COMPLETED, tell_final, start_timer_k, NULL)
    row(OTHER, _state, TIMEOUT, TERMINATED, tell_silence, end, NULL)
    row(OTHER, _state, SEND_FAILED, TERMINATED, tell_failure, end, NULL)
    row(OTHER, _state, FALL_BACK, TRYING, fall_back, request, start_timer_a_or_e)
row(OTHER, COMPLETED, LINGERED, TERMINATED, end, NULL, NULL)
