"""System calls on UDP sockets, eventfd, timerfd and epoll, with errors as negative numbers."""

from libc.errno cimport errno
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memset
from posix.time cimport CLOCK_MONOTONIC, itimerspec
from posix.unistd cimport close, read, write

cdef extern from "<sys/socket.h>" nogil:
    int SOL_SOCKET, SO_PRIORITY
    int socket(int domain, int kind, int protocol)
    int bind(int fd, const sockaddr* address, socklen_t length)
    int connect(int fd, const sockaddr* address, socklen_t length)
    int setsockopt(int fd, int level, int name, const void* value, socklen_t length)

cdef extern from "<netinet/ip.h>" nogil:
    int IPPROTO_IP, IP_TOS

cdef extern from "<poll.h>" nogil:
    int POLLIN
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


cdef inline void _fill(sockaddr_in* out, const Address* address) noexcept nogil:
    memset(out, 0, sizeof(sockaddr_in))
    out.sin_family = <unsigned short>AF_INET
    out.sin_port = htons(address.port)
    out.sin_addr.s_addr = htonl(address.ip)


cdef int udp_open(const Address* local, int tos) noexcept nogil:
    cdef sockaddr_in name
    cdef int fd, failure
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
    if fd < 0:
        return -errno
    _fill(&name, local)
    if bind(fd, <sockaddr*>&name, sizeof(name)) < 0:
        failure = errno
        close(fd)
        return -failure
    # A network that ignores or forbids the marking is no reason to refuse a call.
    setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos))
    return fd


cdef int udp_connect(int fd, const Address* remote) noexcept nogil:
    cdef sockaddr_in name
    _fill(&name, remote)
    return 0 if connect(fd, <sockaddr*>&name, sizeof(name)) == 0 else -errno


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


cdef void timerfd_arm(int fd, int64_t deadline_ns) noexcept nogil:
    cdef itimerspec setting
    memset(&setting, 0, sizeof(setting))
    setting.it_value.tv_sec = deadline_ns // 1000000000
    setting.it_value.tv_nsec = deadline_ns % 1000000000
    timerfd_settime(fd, TFD_TIMER_ABSTIME, &setting, NULL)


cdef int udp_send_to(int fd, const void* data, int size, const Address* remote) noexcept nogil:
    cdef sockaddr_in name
    cdef ssize_t sent
    _fill(&name, remote)
    sent = sendto(fd, data, size, 0, <sockaddr*>&name, sizeof(name))
    return <int>sent if sent >= 0 else -errno


cdef int udp_receive_from(int fd, void* data, int size, Address* source) noexcept nogil:
    cdef sockaddr_in name
    cdef socklen_t length = sizeof(name)
    cdef ssize_t got = recvfrom(fd, data, size, MSG_TRUNC, <sockaddr*>&name, &length)
    if got < 0:
        return -errno
    source.ip = ntohl(name.sin_addr.s_addr)
    source.port = ntohs(name.sin_port)
    source.family = name.sin_family
    return <int>got


cdef int udp_receive(int fd, void* data, int size) noexcept nogil:
    cdef ssize_t got = recv(fd, data, size, MSG_TRUNC)
    return <int>got if got >= 0 else -errno


cdef int udp_send(int fd, const void* data, int size) noexcept nogil:
    cdef ssize_t sent = send(fd, data, size, 0)
    return <int>sent if sent >= 0 else -errno
