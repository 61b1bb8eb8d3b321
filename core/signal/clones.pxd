"""The attribute that makes gcc compile a kernel once for each generation of x86-64 and choose at load time.

So one build serves every machine. It is empty where the loader cannot choose (not x86-64, not glibc) and under the
sanitizers, whose runtime is not yet up when the loader runs the choosing function.
"""

cdef extern from *:
    """
    #if !defined(CENTRALA_CLONES)
    #if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GLIBC__) && defined(__GNUC__) \\
        && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    #define CENTRALA_CLONES __attribute__((noinline, target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
    #else
    #define CENTRALA_CLONES
    #endif
    #endif
    """
