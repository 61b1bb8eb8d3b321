"""System calls on UDP sockets, eventfd, timerfd and epoll, with errors as negative numbers."""

from libc.errno cimport EAGAIN, errno
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset
from posix.time cimport CLOCK_MONOTONIC, itimerspec
from posix.unistd cimport close, read, write

cdef extern from "<sys/socket.h>" nogil:
    int SOL_SOCKET, SO_PRIORITY
    int socket(int domain, int kind, int protocol)
    int bind(int fd, const sockaddr* address, socklen_t length)
    int connect(int fd, const sockaddr* address, socklen_t length)
    int setsockopt(int fd, int level, int name, const void* value, socklen_t length)

cdef extern from "<netinet/in.h>" nogil:
    int IPPROTO_IPV6, IPV6_V6ONLY, IPV6_TCLASS

cdef extern from "<netinet/ip.h>" nogil:
    int IPPROTO_IP, IP_TOS

cdef extern from "<endian.h>" nogil:
    uint64_t htobe64(uint64_t value)
    uint64_t be64toh(uint64_t value)

cdef extern from "<poll.h>" nogil:
    int POLLIN, POLLOUT
    cdef struct pollfd:
        int fd
        short events
        short revents
    int poll(pollfd* fds, unsigned long count, int timeout_ms)

cdef extern from "<sys/eventfd.h>" nogil:
    int EFD_NONBLOCK, EFD_CLOEXEC
    int eventfd(unsigned int value, int flags)

cdef extern from "<sys/timerfd.h>" nogil:
    int TFD_NONBLOCK, TFD_CLOEXEC, TFD_TIMER_ABSTIME
    int timerfd_create(int clock, int flags)
    int timerfd_settime(int fd, int flags, const itimerspec* new, itimerspec* old)


cdef union Name:
    sockaddr any
    sockaddr_in v4
    sockaddr_in6 v6


cdef inline socklen_t _fill(Name* out, const Address* address) noexcept nogil:
    """Writes the address for a socket of its family and returns the length."""
    cdef uint64_t part
    memset(out, 0, sizeof(Name))
    if address.family == AF_INET6:
        out.v6.sin6_family = <unsigned short>AF_INET6
        out.v6.sin6_port = htons(address.port)
        part = htobe64(address.ip.high)
        memcpy(out.v6.sin6_addr.s6_addr, &part, 8)
        part = htobe64(address.ip.low)
        memcpy(out.v6.sin6_addr.s6_addr + 8, &part, 8)
        return sizeof(sockaddr_in6)
    out.v4.sin_family = <unsigned short>AF_INET
    out.v4.sin_port = htons(address.port)
    out.v4.sin_addr.s_addr = htonl(<uint32_t>address.ip.low)
    return sizeof(sockaddr_in)


cdef inline void _read(const Name* name, Address* out) noexcept nogil:
    cdef uint64_t part
    out.family = name.any.sa_family
    if out.family == AF_INET6:
        out.port = ntohs(name.v6.sin6_port)
        memcpy(&part, name.v6.sin6_addr.s6_addr, 8)
        out.ip.high = be64toh(part)
        memcpy(&part, name.v6.sin6_addr.s6_addr + 8, 8)
        out.ip.low = be64toh(part)
    else:
        out.port = ntohs(name.v4.sin_port)
        out.ip = ip_of_v4(ntohl(name.v4.sin_addr.s_addr))


cdef int udp_open(const Address* local, int tos) noexcept nogil:
    cdef Name name
    cdef socklen_t length = _fill(&name, local)
    cdef int fd, failure, off = 0
    fd = socket(local.family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
    if fd < 0:
        return -errno
    if local.family == AF_INET6:
        # "::" hears both families, whatever the system's default is.
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off))
        setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos))
    if bind(fd, &name.any, length) < 0:
        failure = errno
        close(fd)
        return -failure
    # A network that ignores or forbids the marking is no reason to refuse a call.
    setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos))
    return fd


cdef int udp_connect(int fd, const Address* remote) noexcept nogil:
    cdef Name name
    cdef socklen_t length = _fill(&name, remote)
    return 0 if connect(fd, &name.any, length) == 0 else -errno


cdef int udp_disconnect(int fd) noexcept nogil:
    cdef sockaddr name
    memset(&name, 0, sizeof(name))
    name.sa_family = <unsigned short>AF_UNSPEC
    return 0 if connect(fd, &name, sizeof(name)) == 0 else -errno


cdef int eventfd_open() noexcept nogil:
    cdef int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)
    return fd if fd >= 0 else -errno


cdef int timerfd_open() noexcept nogil:
    cdef int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)
    return fd if fd >= 0 else -errno


cdef int epoll_add(int epoll, int fd, uint64_t data) noexcept nogil:
    cdef epoll_event event
    event.events = <uint32_t>EPOLLIN
    event.data.u64 = data
    return 0 if epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0 else -errno


cdef void epoll_remove(int epoll, int fd) noexcept nogil:
    cdef epoll_event unused
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &unused)


cdef bint udp_empty(int fd, int limit) noexcept nogil:
    cdef char octet
    cdef int i
    for i in range(limit):
        # An ICMP error that the socket remembers counts as a datagram.
        if recv(fd, &octet, 1, MSG_DONTWAIT | MSG_TRUNC) < 0 and errno == EAGAIN:
            return True
    return False


cdef void close_fd(int fd) noexcept nogil:
    if fd >= 0:
        close(fd)


cdef void eventfd_signal(int fd) noexcept nogil:
    cdef uint64_t one = 1
    # The only failure is a counter at its limit: then it is readable, which is all that is wanted.
    if write(fd, &one, sizeof(one)) < 0:
        return


cdef uint64_t counter_read(int fd) noexcept nogil:
    cdef uint64_t value = 0
    if read(fd, &value, sizeof(value)) < 0:
        return 0
    return value


cdef void wait_readable(int fd, int timeout_ms) noexcept nogil:
    cdef pollfd waiting
    waiting.fd = fd
    waiting.events = <short>POLLIN
    waiting.revents = 0
    poll(&waiting, 1, timeout_ms)


cdef bint wait_writable(int fd, int timeout_ms) noexcept nogil:
    cdef pollfd waiting
    waiting.fd = fd
    waiting.events = <short>POLLOUT
    waiting.revents = 0
    return poll(&waiting, 1, timeout_ms) > 0


cdef void timerfd_arm(int fd, int64_t deadline_ns) noexcept nogil:
    cdef itimerspec setting
    memset(&setting, 0, sizeof(setting))
    setting.it_value.tv_sec = deadline_ns // 1000000000
    setting.it_value.tv_nsec = deadline_ns % 1000000000
    timerfd_settime(fd, TFD_TIMER_ABSTIME, &setting, NULL)


cdef int udp_send_to(int fd, const void* data, int size, const Address* remote) noexcept nogil:
    cdef Name name
    cdef socklen_t length = _fill(&name, remote)
    cdef ssize_t sent = sendto(fd, data, size, 0, &name.any, length)
    return <int>sent if sent >= 0 else -errno


cdef int udp_receive_from(int fd, void* data, int size, Address* source) noexcept nogil:
    cdef Name name
    cdef socklen_t length = sizeof(name)
    cdef ssize_t got = recvfrom(fd, data, size, MSG_TRUNC, &name.any, &length)
    if got < 0:
        return -errno
    _read(&name, source)
    return <int>got


cdef int udp_receive(int fd, void* data, int size) noexcept nogil:
    cdef ssize_t got = recv(fd, data, size, MSG_TRUNC)
    return <int>got if got >= 0 else -errno


cdef int udp_send(int fd, const void* data, int size) noexcept nogil:
    cdef ssize_t sent = send(fd, data, size, 0)
    return <int>sent if sent >= 0 else -errno
