// NEON: 50 or 64 vectors a plane, counted byte by byte and widened before a byte can overflow. A header, so
// that tests also compile it against an emulation of the instructions. The includer provides the intrinsics.
#pragma once

#include <cstdint>

#include "core/kernels/rotations.h"

namespace irispair {
namespace {

template <typename EyeOfShape>
struct NeonCount {
  using Eye = EyeOfShape;
  using Probe = BasicPreparedEye<Eye>;

  static constexpr std::size_t kWordsInVector = 4;

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
    uint16x8_t differing = vdupq_n_u16(0);
    uint16x8_t unmasked = vdupq_n_u16(0);
    for (std::size_t word = 0; word < Eye::kColumns; word += kWordsInVector) {
      const uint32x4_t both = vandq_u32(vld1q_u32(mask + word), vld1q_u32(candidate.mask.data() + word));
      const uint32x4_t real_differs =
          vandq_u32(both, veorq_u32(vld1q_u32(real + word), vld1q_u32(candidate.real.data() + word)));
      const uint32x4_t imaginary_differs = vandq_u32(
          both, veorq_u32(vld1q_u32(imaginary + word), vld1q_u32(candidate.imaginary.data() + word)));
      unmasked = vpadalq_u8(unmasked, vcntq_u8(vreinterpretq_u8_u32(both)));
      differing = vpadalq_u8(differing, vaddq_u8(vcntq_u8(vreinterpretq_u8_u32(real_differs)),
                                                 vcntq_u8(vreinterpretq_u8_u32(imaginary_differs))));
    }
    return {vaddvq_u16(differing), static_cast<std::uint16_t>(2 * vaddvq_u16(unmasked)),
            static_cast<std::int16_t>(rotation), 0};
  }
};

}  // namespace
}  // namespace irispair
