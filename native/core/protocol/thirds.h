// Two-way splits: x = a + b, where one party knows a = x_i + x_(i-1) and both others know b = x_(i+1).
//
// The party that knows a is the splitter; its next party is the first helper, its previous one the second.
// The load is spread: each third of a vector has another splitter.
#pragma once

#include <cstddef>

#include "core/protocol/party.h"

namespace irispair {

struct Third {
  std::size_t first = 0;
  std::size_t count = 0;

  std::size_t end() const { return first + count; }
};

// The third of a vector whose splitter is `splitter`, taken modulo 3.
constexpr Third ThirdOf(unsigned splitter, std::size_t size) {
  const std::size_t index = splitter % kParties;
  const std::size_t first = size * index / kParties;
  return {first, size * (index + 1) / kParties - first};
}

// The thirds of a vector by what one party is in each.
struct Thirds {
  Third splitter;
  Third first_helper;
  Third second_helper;

  Thirds(const Party& party, std::size_t size)
      : splitter(ThirdOf(party.index(), size)),
        first_helper(ThirdOf(party.index() + 2, size)),
        second_helper(ThirdOf(party.index() + 1, size)) {}
};

}  // namespace irispair
