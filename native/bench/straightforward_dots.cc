// Compiled once for each kind of CPU that is to run it, under a name each.
#include "bench/straightforward_dots.h"

#include <algorithm>

namespace irispair {
namespace {

template <std::size_t count>
std::uint16_t Dot(const std::uint16_t* query, const std::array<std::uint16_t, count>& candidate) {
  std::uint16_t sum = 0;
  for (std::size_t index = 0; index < count; ++index) {
    sum = static_cast<std::uint16_t>(sum + std::uint32_t{query[index]} * candidate[index]);
  }
  return sum;
}

}  // namespace

void StraightforwardDots(std::span<const std::uint16_t> rotated,
                         std::span<const ShareRecord* const> candidates, std::span<std::uint16_t> code_dots,
                         std::span<std::uint16_t> mask_dots) {
  std::size_t next = 0;
  for (const ShareRecord* candidate : candidates) {
    for (std::size_t query = 0; query < rotated.size(); query += kEyeElements) {
      code_dots[next] = Dot(&rotated[query], candidate->code);
      mask_dots[next] = Dot(&rotated[query + kCodeElements], candidate->mask);
      ++next;
    }
  }
}

}  // namespace irispair
