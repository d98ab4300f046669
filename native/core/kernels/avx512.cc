#if defined(__x86_64__)

#include <immintrin.h>

#include "core/kernels/avx512_count.h"
#include "core/kernels/implementations.h"

namespace irispair {

template <typename Eye>
const BasicKernel<Eye>& Avx512Kernel() {
  static constexpr BasicKernel<Eye> kKernel{"avx512", LeastOverRotations<Avx512Count<Eye>>,
                                            EachRotation<Avx512Count<Eye>>};
  return kKernel;
}

template const BasicKernel<EyePlanes>& Avx512Kernel();
template const BasicKernel<WideEyePlanes>& Avx512Kernel();

}  // namespace irispair

#endif
