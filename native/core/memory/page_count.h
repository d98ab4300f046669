// On which nodes the pages of memory lie, as the kernel says (move_pages in its query form).
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <vector>

namespace irispair {

struct PageCount {
  // Pages by node.
  std::map<int, std::size_t> nodes;
  // Pages that have no memory yet.
  std::size_t not_backed = 0;
  // One page in so many was looked up and stands for the others; 1: each was.
  std::size_t interval = 1;
  // The errno value when the kernel does not say; 0 when it does.
  int refused = 0;
};

// Pages looked up at most, so that a count takes tens of milliseconds whatever the size.
inline constexpr std::size_t kMostPagesLookedUp = std::size_t{1} << 18;

// `bytes` from `address`, which is the start of a page.
PageCount CountPages(const void* address, std::size_t bytes, std::size_t page_bytes,
                     std::size_t most = kMostPagesLookedUp);

// All pages of `page_bytes` that hold some of the ranges, each counted once.
PageCount CountPagesOfRanges(const std::vector<std::span<const std::byte>>& ranges, std::size_t page_bytes,
                             std::size_t most = kMostPagesLookedUp);

}  // namespace irispair
