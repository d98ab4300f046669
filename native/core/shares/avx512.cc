#if defined(__x86_64__)

#include <immintrin.h>

#include "core/shares/avx512_dots.h"
#include "core/shares/implementations.h"

namespace irispair {

const DotKernel kAvx512DotKernel{"avx512", HankelDots<Avx512Vectors>::Dots};

}  // namespace irispair

#endif
