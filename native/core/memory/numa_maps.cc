#include "core/memory/numa_maps.h"

#include <charconv>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>

namespace irispair {
namespace {

constexpr std::string_view kPageSize = "kernelpagesize_kB=";

// A decimal number that is the whole text.
std::optional<std::size_t> ToNumber(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// `N1=512`: 512 pages on node 1.
void AddNode(std::string_view word, PageCount& count) {
  const std::size_t equals = word.find('=');
  if (word.front() != 'N' || equals == std::string_view::npos) return;
  const auto node = ToNumber(word.substr(1, equals - 1));
  const auto pages = ToNumber(word.substr(equals + 1));
  if (node.has_value() && pages.has_value()) count.nodes[static_cast<int>(*node)] += *pages;
}

// Of what follows the address: policy, file, counts, page size.
std::optional<PageCount> ReadCounts(std::istream& line, std::size_t bytes, std::size_t page_bytes) {
  PageCount count;
  std::size_t size = 0;
  for (std::string word; line >> word;) {
    if (word.starts_with(kPageSize)) {
      size = 1024 * ToNumber(std::string_view(word).substr(kPageSize.size())).value_or(0);
    } else {
      AddNode(word, count);
    }
  }
  if (size != page_bytes) return std::nullopt;
  std::size_t backed = 0;
  for (const auto& [node, pages] : count.nodes) backed += pages;
  const std::size_t all = bytes / page_bytes;
  if (backed > all) return std::nullopt;
  count.not_backed = all - backed;
  return count;
}

}  // namespace

std::optional<PageCount> CountMapping(std::istream& numa_maps, const void* address, std::size_t bytes,
                                      std::size_t page_bytes) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  for (std::string text; std::getline(numa_maps, text);) {
    std::istringstream line(text);
    std::uintptr_t start = 0;
    if (line >> std::hex >> start && start == wanted) return ReadCounts(line, bytes, page_bytes);
  }
  return std::nullopt;
}

}  // namespace irispair
