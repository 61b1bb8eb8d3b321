"""Acquire, release and relaxed access to integers that two threads share (gcc's __atomic builtins)."""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

cdef extern from *:
    """
    #define centrala_load_relaxed(p) __atomic_load_n((p), __ATOMIC_RELAXED)
    #define centrala_load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
    #define centrala_store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
    #define centrala_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
    #define centrala_add_relaxed(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
    #define centrala_add_acq_rel(p, v) __atomic_fetch_add((p), (v), __ATOMIC_ACQ_REL)
    #define centrala_exchange(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)
    #define centrala_fence() __atomic_thread_fence(__ATOMIC_SEQ_CST)
    static inline int centrala_compare_exchange_u64(unsigned long *p, unsigned long expected, unsigned long value) {
        return __atomic_compare_exchange_n(p, &expected, value, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    }
    """
    uint64_t load_relaxed_u64 "centrala_load_relaxed"(const uint64_t* p) noexcept nogil
    uint64_t load_acquire_u64 "centrala_load_acquire"(const uint64_t* p) noexcept nogil
    void store_relaxed_u64 "centrala_store_relaxed"(uint64_t* p, uint64_t value) noexcept nogil
    void store_release_u64 "centrala_store_release"(uint64_t* p, uint64_t value) noexcept nogil
    # 1 when *p was `expected` and now is `value`; may fail spuriously, so call it in a loop.
    bint compare_exchange_u64 "centrala_compare_exchange_u64"(uint64_t* p, uint64_t expected, uint64_t value) noexcept nogil

    uint32_t load_acquire_u32 "centrala_load_acquire"(const uint32_t* p) noexcept nogil
    void store_release_u32 "centrala_store_release"(uint32_t* p, uint32_t value) noexcept nogil

    int64_t load_relaxed_i64 "centrala_load_relaxed"(const int64_t* p) noexcept nogil
    void store_relaxed_i64 "centrala_store_relaxed"(int64_t* p, int64_t value) noexcept nogil

    int32_t load_relaxed_i32 "centrala_load_relaxed"(const int32_t* p) noexcept nogil
    int32_t load_acquire_i32 "centrala_load_acquire"(const int32_t* p) noexcept nogil
    void store_relaxed_i32 "centrala_store_relaxed"(int32_t* p, int32_t value) noexcept nogil
    void store_release_i32 "centrala_store_release"(int32_t* p, int32_t value) noexcept nogil
    int32_t exchange_i32 "centrala_exchange"(int32_t* p, int32_t value) noexcept nogil
    # Returns the value before.
    int32_t add_acq_rel_i32 "centrala_add_acq_rel"(int32_t* p, int32_t value) noexcept nogil

    # Orders everything before against everything after (for the sleeping flags, where a store must precede a load).
    void full_fence "centrala_fence"() noexcept nogil
