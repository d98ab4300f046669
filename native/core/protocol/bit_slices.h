// Values of 32 bits as 32 rows of bits, 64 values a word, and runs of bits that begin anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace irispair {

inline constexpr std::size_t kSlices = 32;

constexpr std::size_t WordsOf(std::size_t bits) { return (bits + 63) / 64; }

// Row b, word w of the result is at [b * WordsOf(size) + w]: bit b of values 64 w .. 64 w + 63. Values
// missing in the last word are 0.
std::vector<std::uint64_t> SliceBits(std::span<const std::uint32_t> values);

// Bits first .. first + count - 1, moved to the front; what lies behind them in the last word is 0.
std::vector<std::uint64_t> BitRun(std::span<const std::uint64_t> words, std::size_t first, std::size_t count);

// Appends `count` bits of `run` behind the first `size` bits of `words`, in place of whatever is there. All
// bits behind those are 0.
void AppendBits(std::vector<std::uint64_t>& words, std::size_t size, std::span<const std::uint64_t> run,
                std::size_t count);

constexpr bool BitAt(std::span<const std::uint64_t> words, std::size_t index) {
  return (words[index / 64] >> (index % 64) & 1) == 1;
}

}  // namespace irispair
