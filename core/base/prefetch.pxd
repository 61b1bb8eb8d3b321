"""Asks the processor for memory before it is needed: what a system call takes is enough for it to come."""

cdef extern from *:
    """
    #define CENTRALA_CACHE_LINE 64
    static inline void centrala_prefetch(const void *address) {
        __builtin_prefetch(address);
        /* gcc takes a function that does nothing but prefetch for one without effect, and drops the call. */
        __asm__ __volatile__("" : : "r"(address));
    }
    """
    void prefetch "centrala_prefetch"(const void* address) noexcept nogil
    enum:
        CACHE_LINE "CENTRALA_CACHE_LINE"


cdef inline void prefetch_range(const void* begin, size_t size) noexcept nogil:
    """Each line of `size` bytes from `begin` on; the address need not be valid."""
    cdef const char* at = <const char*>begin
    cdef const char* end = at + size
    while at < end:
        prefetch(at)
        at += CACHE_LINE
