#if defined(__x86_64__)

#include <immintrin.h>

#include "core/shares/avx2_dots.h"
#include "core/shares/implementations.h"

namespace irispair {

const DotKernel kAvx2DotKernel{"avx2", HankelDots<Avx2Vectors>::Dots};

}  // namespace irispair

#endif
