// On which nodes the pages of one mapping lie, as /proc/self/numa_maps tells, which needs no permission.
#pragma once

#include <cstddef>
#include <istream>
#include <optional>

#include "core/memory/page_count.h"

namespace irispair {

// Of the mapping that starts at `address` and has `bytes` bytes in pages of `page_bytes`; nothing when no
// mapping starts there, or its pages are of another size. Only mappings that the kernel never joins with
// their neighbours, such as those of hugepages, are told by themselves.
std::optional<PageCount> CountMapping(std::istream& numa_maps, const void* address, std::size_t bytes,
                                      std::size_t page_bytes);

}  // namespace irispair
