#if defined(__x86_64__)

#include <immintrin.h>

#include "core/kernels/avx512_count.h"
#include "core/kernels/implementations.h"

namespace irispair {

const Kernel kAvx512Kernel{"avx512", LeastOverRotations<Avx512Count>, EachRotation<Avx512Count>};

}  // namespace irispair

#endif
