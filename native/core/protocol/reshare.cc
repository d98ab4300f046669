#include "core/protocol/reshare.h"

#include "core/protocol/wide_loops.h"

namespace irispair {
namespace {

IRISPAIR_WIDE_LOOPS void Mask16(std::size_t count, std::uint16_t* __restrict values,
                                const std::uint16_t* __restrict next,
                                const std::uint16_t* __restrict previous) {
  for (std::size_t index = 0; index < count; ++index) {
    values[index] = static_cast<std::uint16_t>(values[index] + next[index] - previous[index]);
  }
}

IRISPAIR_WIDE_LOOPS void Mask32(std::size_t count, std::uint32_t* __restrict values,
                                const std::uint32_t* __restrict next,
                                const std::uint32_t* __restrict previous) {
  for (std::size_t index = 0; index < count; ++index) values[index] += next[index] - previous[index];
}

IRISPAIR_WIDE_LOOPS void MaskBits(std::size_t count, std::uint64_t* __restrict words,
                                  const std::uint64_t* __restrict next,
                                  const std::uint64_t* __restrict previous) {
  for (std::size_t index = 0; index < count; ++index) words[index] ^= next[index] ^ previous[index];
}

}  // namespace

void AddZeroShare(Party& party, std::vector<std::uint16_t>& summands) {
  const std::vector<std::uint16_t> next = party.with_next().Draw<std::uint16_t>(summands.size());
  const std::vector<std::uint16_t> previous = party.with_previous().Draw<std::uint16_t>(summands.size());
  Mask16(summands.size(), summands.data(), next.data(), previous.data());
}

void AddZeroShare(Party& party, std::vector<std::uint32_t>& summands) {
  const std::vector<std::uint32_t> next = party.with_next().Draw<std::uint32_t>(summands.size());
  const std::vector<std::uint32_t> previous = party.with_previous().Draw<std::uint32_t>(summands.size());
  Mask32(summands.size(), summands.data(), next.data(), previous.data());
}

void AddZeroShare(Party& party, std::vector<std::uint64_t>& words) {
  const std::vector<std::uint64_t> next = party.with_next().Draw<std::uint64_t>(words.size());
  const std::vector<std::uint64_t> previous = party.with_previous().Draw<std::uint64_t>(words.size());
  MaskBits(words.size(), words.data(), next.data(), previous.data());
}

}  // namespace irispair
