#if defined(__aarch64__)

#include <arm_neon.h>

#include "core/kernels/implementations.h"
#include "core/kernels/neon_count.h"

namespace irispair {

template <typename Eye>
const BasicKernel<Eye>& NeonKernel() {
  static constexpr BasicKernel<Eye> kKernel{"neon", LeastOverRotations<NeonCount<Eye>>,
                                            EachRotation<NeonCount<Eye>>};
  return kKernel;
}

template const BasicKernel<EyePlanes>& NeonKernel();
template const BasicKernel<WideEyePlanes>& NeonKernel();

}  // namespace irispair

#endif
