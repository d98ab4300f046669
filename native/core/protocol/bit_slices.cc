#include "core/protocol/bit_slices.h"

#include <algorithm>

#include "core/protocol/wide_loops.h"

namespace irispair {
namespace {

// Words that are transposed together, so that each step is one vector operation.
constexpr std::size_t kLanes = 4;

// Two 32 x 32 transpositions in the halves of each lane (Hacker's Delight, 7-3).
// block[k][lane]: value k in the low half, value k + 32 in the high one; then row k.
IRISPAIR_WIDE_LOOPS void Transpose(std::uint64_t (*__restrict block)[kLanes]) {
  std::uint64_t mask = 0x0000'ffff'0000'ffff;
  for (std::size_t step = 16; step > 0; step /= 2) {
    for (std::size_t base = 0; base < kSlices; base += 2 * step) {
      for (std::size_t row = base; row < base + step; ++row) {
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
          const std::uint64_t moved = (block[row][lane] >> step ^ block[row + step][lane]) & mask;
          block[row][lane] ^= moved << step;
          block[row + step][lane] ^= moved;
        }
      }
    }
    mask ^= mask << (step / 2);
  }
}

// Of a word's bits, the lowest `count`.
constexpr std::uint64_t Lowest(std::uint64_t word, std::size_t count) {
  return count >= 64 ? word : word & ((std::uint64_t{1} << count) - 1);
}

}  // namespace

std::vector<std::uint64_t> SliceBits(std::span<const std::uint32_t> values) {
  const std::size_t words = WordsOf(values.size());
  std::vector<std::uint64_t> slices(kSlices * words);
  for (std::size_t word = 0; word < words; word += kLanes) {
    alignas(32) std::uint64_t block[kSlices][kLanes] = {};
    for (std::size_t lane = 0; lane < std::min(kLanes, words - word); ++lane) {
      const std::size_t first = 64 * (word + lane);
      if (first + 64 <= values.size()) {
        for (std::size_t row = 0; row < kSlices; ++row) {
          block[row][lane] = values[first + row] | std::uint64_t{values[first + row + kSlices]} << kSlices;
        }
      } else {
        for (std::size_t index = first; index < values.size(); ++index) {
          block[(index - first) % kSlices][lane] |= std::uint64_t{values[index]}
                                                    << (index - first) / kSlices * kSlices;
        }
      }
    }
    Transpose(block);
    for (std::size_t row = 0; row < kSlices; ++row) {
      for (std::size_t lane = 0; lane < std::min(kLanes, words - word); ++lane) {
        slices[row * words + word + lane] = block[row][lane];
      }
    }
  }
  return slices;
}

std::vector<std::uint64_t> BitRun(std::span<const std::uint64_t> words, std::size_t first,
                                  std::size_t count) {
  std::vector<std::uint64_t> run(WordsOf(count));
  const std::size_t shift = first % 64;
  for (std::size_t index = 0; index < run.size(); ++index) {
    const std::size_t from = first / 64 + index;
    run[index] = words[from] >> shift;
    if (shift > 0 && from + 1 < words.size()) run[index] |= words[from + 1] << (64 - shift);
  }
  if (!run.empty()) run.back() = Lowest(run.back(), count - 64 * (run.size() - 1));
  return run;
}

void AppendBits(std::vector<std::uint64_t>& words, std::size_t size, std::span<const std::uint64_t> run,
                std::size_t count) {
  words.resize(WordsOf(size));
  const std::size_t shift = size % 64;
  if (shift > 0) words.back() = Lowest(words.back(), shift);
  words.resize(WordsOf(size + count));
  for (std::size_t index = 0; index < WordsOf(count); ++index) {
    const std::uint64_t word = Lowest(run[index], count - 64 * index);
    const std::size_t to = size / 64 + index;
    words[to] |= word << shift;
    if (shift > 0 && to + 1 < words.size()) words[to + 1] |= word >> (64 - shift);
  }
}

}  // namespace irispair
