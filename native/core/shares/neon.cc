#if defined(__aarch64__)

#include <arm_neon.h>

#include "core/shares/implementations.h"
#include "core/shares/neon_dots.h"

namespace irispair {

const DotKernel kNeonDotKernel{"neon", HankelDots<NeonVectors>::Dots};

}  // namespace irispair

#endif
