"""Starting and joining of native threads that take no signals."""

from libc.stdint cimport int64_t

cdef extern from "<pthread.h>" nogil:
    ctypedef unsigned long pthread_t

# 0 or an errno. The thread blocks every signal: they belong to Python's main thread.
cdef int thread_start(pthread_t* thread, void* (*entry)(void*) noexcept nogil, void* argument) noexcept nogil
cdef void thread_join(pthread_t thread) noexcept nogil
# CPU time of a thread that has not been joined.
cdef int64_t thread_cpu_ns(pthread_t thread) noexcept nogil
