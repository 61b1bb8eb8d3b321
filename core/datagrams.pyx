"""Datagrams of one signalling socket: read in batches and sent in batches, a system call each.

What Python's socket does for each datagram - a buffer of 64 KiB that is cut to size, an exception when nothing is left,
an address written as text and read again - costs more than the system call itself. Sending many at once matters more
still: a receiver on the same machine is woken once instead of once for each.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.errno cimport EAGAIN, EINTR, EINVAL, ENOBUFS, errno
from libc.string cimport memset
from posix.mman cimport MAP_ANONYMOUS, MAP_FAILED, MAP_NORESERVE, MAP_PRIVATE, PROT_READ, PROT_WRITE, mmap, munmap

from core.base.sockets cimport AF_INET6, MSG_DONTWAIT, ntohs, sockaddr, sockaddr_in, sockaddr_in6, socklen_t

cdef extern from "<sys/uio.h>" nogil:
    cdef struct iovec:
        void* iov_base
        size_t iov_len

cdef extern from *:
    """
    #ifndef _GNU_SOURCE
    #define _GNU_SOURCE
    #endif
    #include <netdb.h>
    #include <sys/socket.h>
    """
    cdef struct msghdr:
        void* msg_name
        socklen_t msg_namelen
        iovec* msg_iov
        size_t msg_iovlen
        void* msg_control
        size_t msg_controllen
        int msg_flags
    cdef struct mmsghdr:
        msghdr msg_hdr
        unsigned int msg_len
    cdef struct addrinfo:
        int ai_flags
        int ai_family
        int ai_socktype
        socklen_t ai_addrlen
        sockaddr* ai_addr
    int recvmmsg(int fd, mmsghdr* messages, unsigned int count, int flags, void* timeout) nogil
    int sendmmsg(int fd, mmsghdr* messages, unsigned int count, int flags) nogil
    int getnameinfo(const sockaddr* address, socklen_t length, char* host, socklen_t host_size, char* port,
                    socklen_t port_size, int flags) nogil
    int getaddrinfo(const char* host, const char* port, const addrinfo* hints, addrinfo** found) nogil
    void freeaddrinfo(addrinfo* found) nogil
    int NI_NUMERICHOST, AI_NUMERICHOST, AI_NUMERICSERV, SOCK_DGRAM

cdef enum:
    BATCH_MAX = 64
    DATAGRAM_MAX = 65536
    NAME_MAX_TEXT = 128
    KNOWN_MAX = 8192           # addresses remembered; then all are forgotten: a flood from forged ones costs no memory


cdef union Name:
    sockaddr any
    sockaddr_in v4
    sockaddr_in6 v6


cdef class Datagrams:
    """The datagrams of one bound socket. See the .pyi for the contract."""

    cdef int fd
    cdef int family
    cdef char* room
    cdef mmsghdr[BATCH_MAX] messages
    cdef iovec[BATCH_MAX] parts
    cdef Name[BATCH_MAX] names
    cdef mmsghdr[BATCH_MAX] outgoing
    cdef iovec[BATCH_MAX] pieces
    cdef dict sources            # the kernel's address as bytes -> what `name` makes of (host, port)
    cdef object name
    cdef dict targets            # (host, port) -> the kernel's address as bytes

    def __cinit__(self, int fd, int family, name=None):
        cdef int i
        self.name = name
        self.fd = fd
        self.family = family
        self.sources = {}
        self.targets = {}
        self.room = <char*>mmap(NULL, BATCH_MAX * DATAGRAM_MAX, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        if self.room == <char*>MAP_FAILED:
            self.room = NULL
            raise MemoryError("no memory for a socket's datagrams")
        memset(self.messages, 0, sizeof(self.messages))
        memset(self.outgoing, 0, sizeof(self.outgoing))
        for i in range(BATCH_MAX):
            self.parts[i].iov_base = self.room + i * DATAGRAM_MAX
            self.parts[i].iov_len = DATAGRAM_MAX
            self.messages[i].msg_hdr.msg_iov = &self.parts[i]
            self.messages[i].msg_hdr.msg_iovlen = 1
            self.messages[i].msg_hdr.msg_name = &self.names[i]

    def __dealloc__(self):
        if self.room != NULL:
            munmap(self.room, BATCH_MAX * DATAGRAM_MAX)

    def receive(self, int limit):
        cdef int i, count
        cdef list out = []
        if not 1 <= limit <= BATCH_MAX:
            raise ValueError(f"a batch is 1..{BATCH_MAX} datagrams, not {limit}")
        for i in range(limit):
            self.messages[i].msg_hdr.msg_namelen = sizeof(Name)
        count = recvmmsg(self.fd, self.messages, limit, MSG_DONTWAIT, NULL)
        if count < 0:
            if errno == EAGAIN or errno == EINTR:
                return out
            raise OSError(errno, "cannot receive")
        for i in range(count):
            out.append((PyBytes_FromStringAndSize(self.room + i * DATAGRAM_MAX, self.messages[i].msg_len),
                        self.source(i)))
        return out

    cdef object source(self, int i):
        cdef socklen_t length = self.messages[i].msg_hdr.msg_namelen
        cdef bytes key
        if length > sizeof(Name):
            length = sizeof(Name)
        key = PyBytes_FromStringAndSize(<char*>&self.names[i], length)
        known = self.sources.get(key)
        if known is None:
            known = self.spell(i, length)
            if self.name is not None:
                known = self.name(*known)
            if len(self.sources) >= KNOWN_MAX:
                self.sources.clear()
            self.sources[key] = known
        return known

    cdef tuple spell(self, int i, socklen_t length):
        cdef char[NAME_MAX_TEXT] host
        cdef Name* name = &self.names[i]
        if getnameinfo(&name.any, length, host, NAME_MAX_TEXT, NULL, 0, NI_NUMERICHOST) != 0:
            raise OSError(EINVAL, "the kernel gave an address that cannot be written")
        return (<bytes>host).decode("ascii"), ntohs(name.v6.sin6_port if name.any.sa_family == AF_INET6
                                                    else name.v4.sin_port)

    def send(self, list messages not None):
        cdef Py_ssize_t at = 0, total = len(messages)
        cdef int ready, sent, failed = 0
        cdef bytes data, target
        cdef list held
        while at < total:
            ready = 0
            held = []
            while ready < BATCH_MAX and at + ready < total:
                data, address = messages[at + ready]
                target = self.targets.get(address)
                if target is None:
                    target = self.find(address)
                if not target:
                    break
                held.append(target)
                self.place(ready, data, target)
                ready += 1
            if ready == 0:  # an address that nothing can be sent to
                failed += 1
                at += 1
                continue
            sent = sendmmsg(self.fd, self.outgoing, ready, MSG_DONTWAIT)
            if sent > 0:
                at += sent
            elif errno == EAGAIN or errno == ENOBUFS:
                break
            elif errno != EINTR:  # the first of them: unreachable, too long
                failed += 1
                at += 1
        return at, failed

    cdef void place(self, int i, bytes data, bytes target):
        cdef msghdr* header = &self.outgoing[i].msg_hdr
        self.pieces[i].iov_base = PyBytes_AS_STRING(data)
        self.pieces[i].iov_len = PyBytes_GET_SIZE(data)
        header.msg_iov = &self.pieces[i]
        header.msg_iovlen = 1
        header.msg_name = PyBytes_AS_STRING(target)
        header.msg_namelen = <socklen_t>PyBytes_GET_SIZE(target)

    cdef bytes find(self, tuple address):
        """The kernel's form of (host, port); b"" for what is no address of this socket's family."""
        cdef addrinfo hints
        cdef addrinfo* found = NULL
        cdef bytes host, port, target = b""
        host = address[0].encode("ascii", "replace")
        if not 0 < address[1] <= 65535:
            return target
        port = str(address[1]).encode()
        memset(&hints, 0, sizeof(addrinfo))
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_family = self.family
        hints.ai_socktype = SOCK_DGRAM
        if getaddrinfo(host, port, &hints, &found) == 0:
            target = PyBytes_FromStringAndSize(<char*>found.ai_addr, found.ai_addrlen)
            freeaddrinfo(found)
        if len(self.targets) >= KNOWN_MAX:
            self.targets.clear()
        self.targets[address] = target
        return target
