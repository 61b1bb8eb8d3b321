"""The only libc networking declarations: UDP sockets, epoll, eventfd, timerfd, and an address as a plain value.

An IPv4 address is kept as its IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2), so that a socket of both families and
one of IPv4 alone compare sources the same way.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef extern from "<sys/socket.h>" nogil:
    ctypedef unsigned int socklen_t
    cdef struct sockaddr:
        unsigned short sa_family
    int AF_INET, AF_INET6, AF_UNSPEC, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_CLOEXEC, MSG_TRUNC, MSG_DONTWAIT
    ssize_t recv(int fd, void* buffer, size_t size, int flags)
    ssize_t send(int fd, const void* buffer, size_t size, int flags)
    ssize_t recvfrom(int fd, void* buffer, size_t size, int flags, sockaddr* address, socklen_t* length)
    ssize_t sendto(int fd, const void* buffer, size_t size, int flags, const sockaddr* address, socklen_t length)

cdef extern from "<netinet/in.h>" nogil:
    cdef struct in_addr:
        uint32_t s_addr
    cdef struct sockaddr_in:
        unsigned short sin_family
        uint16_t sin_port
        in_addr sin_addr
    cdef struct in6_addr:
        uint8_t s6_addr[16]
    cdef struct sockaddr_in6:
        unsigned short sin6_family
        uint16_t sin6_port
        uint32_t sin6_flowinfo
        in6_addr sin6_addr
        uint32_t sin6_scope_id
    uint16_t htons(uint16_t value)
    uint16_t ntohs(uint16_t value)
    uint32_t htonl(uint32_t value)
    uint32_t ntohl(uint32_t value)

cdef extern from "<sys/epoll.h>" nogil:
    ctypedef union epoll_data_t:
        uint64_t u64
    cdef struct epoll_event:
        uint32_t events
        epoll_data_t data
    int EPOLLIN, EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CLOEXEC
    int epoll_create1(int flags)
    int epoll_ctl(int epoll, int operation, int fd, epoll_event* event)
    int epoll_wait(int epoll, epoll_event* events, int limit, int timeout_ms)

cdef struct Ip:                # both parts 0: none, or "any" of either family
    uint64_t high              # first 8 bytes, host order; 0 for IPv4
    uint64_t low               # last 8 bytes, host order; IPv4: V4_PREFIX | address

cdef struct Address:           # 24 bytes
    Ip ip
    uint16_t port              # host order; 0: none
    uint16_t family            # of the socket it is used with, AF_INET or AF_INET6; 0 for no address
    uint32_t spare

# All of these return a descriptor or 0, or -errno. Sockets are non-blocking and close-on-exec.
cdef int udp_open(const Address* local, int tos) noexcept nogil
cdef int udp_connect(int fd, const Address* remote) noexcept nogil
cdef int udp_disconnect(int fd) noexcept nogil
cdef int eventfd_open() noexcept nogil
cdef int timerfd_open() noexcept nogil
cdef int epoll_add(int epoll, int fd, uint64_t data) noexcept nogil
# Takes a descriptor out; one that is not in it does no harm.
cdef void epoll_remove(int epoll, int fd) noexcept nogil
# Throws away up to `limit` datagrams that wait; False when there are more.
cdef bint udp_empty(int fd, int limit) noexcept nogil
cdef void close_fd(int fd) noexcept nogil
cdef void eventfd_signal(int fd) noexcept nogil
# Reads the counter of an eventfd or timerfd (0 when it was not readable).
cdef uint64_t counter_read(int fd) noexcept nogil
# Waits until a descriptor is readable or the time is over (-1: no limit).
cdef void wait_readable(int fd, int timeout_ms) noexcept nogil
# Waits until a descriptor takes data; False when the time is over.
cdef bint wait_writable(int fd, int timeout_ms) noexcept nogil
# Arms a timerfd for an instant of CLOCK_MONOTONIC; 0 disarms it.
cdef void timerfd_arm(int fd, int64_t deadline_ns) noexcept nogil
# Sends to an address on a socket that is not connected; returns bytes or -errno.
cdef int udp_send_to(int fd, const void* data, int size, const Address* remote) noexcept nogil
# Receives with the source's address; returns the true length, which may exceed `size`, or -errno.
cdef int udp_receive_from(int fd, void* data, int size, Address* source) noexcept nogil
cdef int udp_receive(int fd, void* data, int size) noexcept nogil
cdef int udp_send(int fd, const void* data, int size) noexcept nogil


cdef extern from *:
    """
    #define CENTRALA_V4_PREFIX (0xffffull << 32)
    """
    uint64_t V4_PREFIX "CENTRALA_V4_PREFIX"


cdef inline Ip ip_of_v4(uint32_t address) noexcept nogil:
    cdef Ip ip
    ip.high = 0
    ip.low = V4_PREFIX | address if address else 0
    return ip


cdef inline bint is_v4(const Ip* ip) noexcept nogil:
    return ip.high == 0 and ip.low >> 32 == 0xFFFF


cdef inline bint ip_known(const Ip* ip) noexcept nogil:
    return (ip.high | ip.low) != 0


cdef inline bint same_ip(const Ip* a, const Ip* b) noexcept nogil:
    return a.low == b.low and a.high == b.high


cdef inline bint same_address(const Address* a, const Address* b) noexcept nogil:
    return a.ip.low == b.ip.low and a.port == b.port and a.ip.high == b.ip.high and a.family == b.family
