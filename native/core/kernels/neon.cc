#if defined(__aarch64__)

#include <arm_neon.h>

#include "core/kernels/implementations.h"
#include "core/kernels/neon_count.h"

namespace irispair {

const Kernel kNeonKernel{"neon", LeastOverRotations<NeonCount>, EachRotation<NeonCount>};

}  // namespace irispair

#endif
