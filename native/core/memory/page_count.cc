#include "core/memory/page_count.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "core/system/kernel_calls.h"

namespace irispair {
namespace {

// Whole pages, from the address of the first to that behind the last.
using PageRange = std::pair<std::uintptr_t, std::uintptr_t>;

// Sorted, none overlapping another.
std::vector<PageRange> WholePages(const std::vector<std::span<const std::byte>>& ranges,
                                  std::size_t page_bytes) {
  std::vector<PageRange> whole;
  for (const auto& range : ranges) {
    if (range.empty()) continue;
    const auto start = reinterpret_cast<std::uintptr_t>(range.data());
    const std::uintptr_t end = start + range.size();
    whole.emplace_back(start / page_bytes * page_bytes, (end + page_bytes - 1) / page_bytes * page_bytes);
  }
  std::sort(whole.begin(), whole.end());
  std::vector<PageRange> joined;
  for (const PageRange& range : whole) {
    if (joined.empty() || range.first > joined.back().second) {
      joined.push_back(range);
    } else {
      joined.back().second = std::max(joined.back().second, range.second);
    }
  }
  return joined;
}

void Add(PageCount& count, int node, std::size_t pages) {
  if (node >= 0) {
    count.nodes[node] += pages;
  } else if (node == -ENOENT || node == -EFAULT) {
    // -EFAULT is the zero page, which belongs to nobody.
    count.not_backed += pages;
  } else {
    count.refused = -node;
  }
}

// Looks up one page in `count.interval` and has it stand for itself and those that follow it.
void CountRange(PageCount& count, const PageRange& range, std::size_t page_bytes) {
  const std::size_t pages = (range.second - range.first) / page_bytes;
  const std::size_t looked_up = (pages + count.interval - 1) / count.interval;
  const std::vector<int> nodes =
      NodesOfPages(reinterpret_cast<const void*>(range.first), looked_up, page_bytes * count.interval);
  for (std::size_t index = 0; index < nodes.size(); ++index) {
    Add(count, nodes[index], std::min(count.interval, pages - index * count.interval));
  }
}

}  // namespace

PageCount CountPages(const void* address, std::size_t bytes, std::size_t page_bytes, std::size_t most) {
  return CountPagesOfRanges({{static_cast<const std::byte*>(address), bytes}}, page_bytes, most);
}

PageCount CountPagesOfRanges(const std::vector<std::span<const std::byte>>& ranges, std::size_t page_bytes,
                             std::size_t most) {
  const std::vector<PageRange> whole = WholePages(ranges, page_bytes);
  std::size_t pages = 0;
  for (const PageRange& range : whole) pages += (range.second - range.first) / page_bytes;
  PageCount count;
  count.interval = std::max<std::size_t>(1, (pages + most - 1) / most);
  for (const PageRange& range : whole) CountRange(count, range, page_bytes);
  return count;
}

}  // namespace irispair
