#include "core/iris/template_check.h"

#include <bit>

namespace irispair {

TemplateFault CheckMask(PackedCode mask) {
  std::size_t usable = 0;
  unsigned disagreement = 0;
  for (const std::uint8_t byte : mask) {
    usable += static_cast<std::size_t>(std::popcount(byte));
    disagreement |= (byte ^ (byte >> 1U)) & 0x55U;
  }
  if (disagreement != 0) return TemplateFault::kPartsDiffer;
  return usable < kLeastUsableBits ? TemplateFault::kTooFewUsable : TemplateFault::kNone;
}

}  // namespace irispair
