#include "core/search/neighbourhood.h"

#include <algorithm>
#include <numeric>

namespace irispair {

std::vector<Entered> Neighbourhood::Merge(std::span<const Distance> batch) {
  std::vector<std::uint32_t> order(batch.size());
  std::iota(order.begin(), order.end(), 0U);
  if (ranked_.size() == ef_) {
    std::erase_if(order, [&](std::uint32_t index) { return !Nearer(batch[index], ranked_.back()); });
  }
  std::ranges::stable_sort(order,
                           [&](std::uint32_t a, std::uint32_t b) { return Nearer(batch[a], batch[b]); });

  std::vector<Entered> entered;
  std::vector<Distance> merged;
  merged.reserve(std::min(ef_, ranked_.size() + order.size()));
  auto old = ranked_.begin();
  auto fresh = order.begin();
  while (merged.size() < ef_ && (old != ranked_.end() || fresh != order.end())) {
    if (fresh == order.end() || (old != ranked_.end() && !Nearer(batch[*fresh], *old))) {
      merged.push_back(*old++);
    } else {
      entered.push_back({*fresh, static_cast<std::uint32_t>(merged.size())});
      merged.push_back(batch[*fresh++]);
    }
  }
  ranked_ = std::move(merged);
  return entered;
}

std::uint32_t Neighbourhood::Matches(std::uint32_t match_limit) const {
  // Sorted by distance, the matches are the front.
  const auto end = std::ranges::find_if_not(
      ranked_, [match_limit](const Distance& distance) { return IsMatch(distance, match_limit); });
  return static_cast<std::uint32_t>(end - ranked_.begin());
}

}  // namespace irispair
