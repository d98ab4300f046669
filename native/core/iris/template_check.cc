#include "core/iris/template_check.h"

#include <bit>
#include <cstring>

namespace irispair {

template <typename Eye>
TemplateFault CheckMask(typename Eye::PackedCode mask) {
  static_assert(Eye::kCodeBytes % sizeof(std::uint64_t) == 0);
  std::size_t usable = 0;
  std::uint64_t disagreement = 0;
  for (std::size_t offset = 0; offset < mask.size(); offset += sizeof(std::uint64_t)) {
    std::uint64_t bits;
    std::memcpy(&bits, &mask[offset], sizeof(bits));
    usable += static_cast<std::size_t>(std::popcount(bits));
    // The parts of a pixel are neighbours in one byte.
    disagreement |= (bits ^ (bits >> 1)) & 0x5555'5555'5555'5555;
  }
  if (disagreement != 0) return TemplateFault::kPartsDiffer;
  return usable < kLeastUsableBits<Eye> ? TemplateFault::kTooFewUsable : TemplateFault::kNone;
}

template TemplateFault CheckMask<EyePlanes>(EyePlanes::PackedCode);
template TemplateFault CheckMask<WideEyePlanes>(WideEyePlanes::PackedCode);

}  // namespace irispair
