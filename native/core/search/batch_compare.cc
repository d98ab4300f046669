#include "core/search/batch_compare.h"

namespace irispair {

template <typename Eye>
std::vector<std::uint8_t> MatchBitsWithLater(std::span<const std::shared_ptr<const BasicQuery<Eye>>> queries,
                                             std::size_t i, RotationWindow window, std::uint32_t match_limit,
                                             const BasicKernel<Eye>& kernel) {
  const BothEyes<Eye> earlier = queries[i]->Iris();
  std::vector<std::uint8_t> bits;
  for (std::size_t j = i + 1; j < queries.size(); ++j) {
    unsigned pair = 0;
    for (const Orientation orientation : {Orientation::kNormal, Orientation::kMirror}) {
      for (const Side side : {Side::kLeft, Side::kRight}) {
        const Eye* eye = &earlier[Index(side)];
        Distance least;
        kernel.least(queries[j]->Against(side, orientation), window, {&eye, 1}, {&least, 1});
        const std::size_t bit = 2 * static_cast<std::size_t>(orientation) + Index(side);
        if (IsMatch(least, match_limit)) pair |= 1U << bit;
      }
    }
    bits.push_back(static_cast<std::uint8_t>(pair));
  }
  return bits;
}

template std::vector<std::uint8_t> MatchBitsWithLater(std::span<const std::shared_ptr<const Query>>,
                                                      std::size_t, RotationWindow, std::uint32_t,
                                                      const Kernel&);
template std::vector<std::uint8_t> MatchBitsWithLater(
    std::span<const std::shared_ptr<const BasicQuery<WideEyePlanes>>>, std::size_t, RotationWindow,
    std::uint32_t, const BasicKernel<WideEyePlanes>&);

}  // namespace irispair
