// The portable kernel: what every other is held to.
#include <bit>

#include "core/kernels/implementations.h"
#include "core/kernels/rotations.h"

namespace irispair {
namespace {

template <typename EyeOfShape>
struct ScalarCount {
  using Eye = EyeOfShape;
  using Probe = BasicPreparedEye<Eye>;

  static void Candidate(const Probe& probe, const Eye& candidate, const Eye& next, int first, int last,
                        Distance* out) {
    for (int rotation = first; rotation <= last; ++rotation) {
      PrefetchShare(next, rotation, first, last);
      *out++ = OneRotation(probe, candidate, rotation);
    }
  }

  static Distance OneRotation(const Probe& probe, const Eye& candidate, int rotation) {
    const std::uint32_t* real = probe.Real(rotation);
    const std::uint32_t* imaginary = probe.Imaginary(rotation);
    const std::uint32_t* mask = probe.Mask(rotation);
    int differing = 0;
    int unmasked = 0;
    for (std::size_t column = 0; column < Eye::kColumns; ++column) {
      const std::uint32_t both = mask[column] & candidate.mask[column];
      unmasked += std::popcount(both);
      differing += std::popcount((real[column] ^ candidate.real[column]) & both);
      differing += std::popcount((imaginary[column] ^ candidate.imaginary[column]) & both);
    }
    return {static_cast<std::uint16_t>(differing), static_cast<std::uint16_t>(2 * unmasked),
            static_cast<std::int16_t>(rotation), 0};
  }
};

}  // namespace

template <typename Eye>
const BasicKernel<Eye>& ScalarKernel() {
  static constexpr BasicKernel<Eye> kKernel{"scalar", LeastOverRotations<ScalarCount<Eye>>,
                                            EachRotation<ScalarCount<Eye>>};
  return kKernel;
}

template const BasicKernel<EyePlanes>& ScalarKernel();
template const BasicKernel<WideEyePlanes>& ScalarKernel();

}  // namespace irispair
