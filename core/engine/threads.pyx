"""Native threads; see threads.pxd."""

from libc.stdint cimport int64_t
from posix.signal cimport SIG_BLOCK, SIG_SETMASK, sigfillset, sigset_t
from posix.time cimport clock_gettime, timespec
from posix.types cimport clockid_t

cdef extern from "<signal.h>" nogil:
    int pthread_sigmask(int how, const sigset_t* new, sigset_t* old)

cdef extern from "<pthread.h>" nogil:
    int pthread_create(pthread_t* thread, const void* attributes, void* (*entry)(void*) noexcept nogil, void* argument)
    int pthread_join(pthread_t thread, void** result)
    int pthread_getcpuclockid(pthread_t thread, clockid_t* clock)


cdef int thread_start(pthread_t* thread, void* (*entry)(void*) noexcept nogil, void* argument) noexcept nogil:
    cdef sigset_t every, before
    cdef int failure
    sigfillset(&every)
    pthread_sigmask(SIG_BLOCK, &every, &before)
    failure = pthread_create(thread, NULL, entry, argument)
    pthread_sigmask(SIG_SETMASK, &before, NULL)
    return failure


cdef void thread_join(pthread_t thread) noexcept nogil:
    pthread_join(thread, NULL)


cdef int64_t thread_cpu_ns(pthread_t thread) noexcept nogil:
    cdef clockid_t clock
    cdef timespec spent
    if pthread_getcpuclockid(thread, &clock) != 0 or clock_gettime(clock, &spent) != 0:
        return 0
    return <int64_t>spent.tv_sec * 1000000000 + spent.tv_nsec
