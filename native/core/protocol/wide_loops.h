// Loops that the compiler makes twice: for any CPU of the architecture, and for wide vectors, chosen at run
// time.
#pragma once

// Sanitizers run before the choice can be made; other compilers than gcc make the portable loop alone.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define IRISPAIR_WIDE_LOOPS __attribute__((target_clones("avx2", "default")))
#else
#define IRISPAIR_WIDE_LOOPS
#endif
