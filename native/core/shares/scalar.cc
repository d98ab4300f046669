// The portable kernel: what every other is held to.
#include "core/shares/implementations.h"

namespace irispair {
namespace {

std::uint16_t Dot(const std::uint16_t* query, const std::uint16_t* candidate) {
  std::uint16_t sum = 0;
  for (std::size_t index = 0; index < kElementsInRow; ++index) {
    sum = static_cast<std::uint16_t>(sum + std::uint32_t{query[index]} * candidate[index]);
  }
  return sum;
}

// Rows first..end of the query with as many of a candidate.
std::uint16_t Rows(const PreparedShare& query, int rotation, const std::uint16_t* candidate,
                   std::size_t first, std::size_t end) {
  std::uint16_t sum = 0;
  for (std::size_t row = first; row < end; ++row) {
    sum = static_cast<std::uint16_t>(sum +
                                     Dot(query.Row(row).data() + PreparedShare::Offset(rotation), candidate));
    candidate += kElementsInRow;
  }
  return sum;
}

void Dots(std::span<const PreparedShare* const> queries, RotationWindow window,
          std::span<const ShareRecord* const> candidates, std::span<std::uint16_t> code_dots,
          std::span<std::uint16_t> mask_dots) {
  std::size_t next = 0;
  for (const PreparedShare* query : queries) {
    for (const ShareRecord* candidate : candidates) {
      for (int rotation = window.First(); rotation <= window.Last(); ++rotation) {
        code_dots[next] = Rows(*query, rotation, candidate->code.data(), 0, kCodeShareRows);
        mask_dots[next] =
            Rows(*query, rotation, candidate->mask.data(), kCodeShareRows, PreparedShare::kRows);
        ++next;
      }
    }
  }
}

}  // namespace

const DotKernel kScalarDotKernel{"scalar", Dots};

}  // namespace irispair
