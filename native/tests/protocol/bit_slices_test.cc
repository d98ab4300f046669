#include "core/protocol/bit_slices.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/protocol/support/values.h"

namespace irispair {
namespace {

TEST(BitSlices, HaveTheBitsOfAllValuesAndZeroesBehind) {
  std::mt19937_64 random(6);
  for (const std::size_t size : kSizes) {
    std::vector<std::uint32_t> values(size);
    for (std::uint32_t& value : values) value = static_cast<std::uint32_t>(random());
    const std::vector<std::uint64_t> slices = SliceBits(values);
    const std::size_t words = WordsOf(size);
    ASSERT_EQ(slices.size(), kSlices * words);
    for (std::size_t bit = 0; bit < kSlices; ++bit) {
      const std::span row = std::span(slices).subspan(bit * words, words);
      for (std::size_t index = 0; index < 64 * words; ++index) {
        ASSERT_EQ(BitAt(row, index), index < size && (values[index] >> bit & 1) == 1) << bit << " " << index;
      }
    }
  }
}

TEST(BitRuns, AreTakenFromAndAppendedAnywhere) {
  std::mt19937_64 random(7);
  std::vector<std::uint64_t> words(9);
  for (std::uint64_t& word : words) word = random();
  for (int round = 0; round < 2000; ++round) {
    const std::size_t first = random() % 500;
    const std::size_t count = random() % (64 * words.size() - first + 1);
    const std::vector<std::uint64_t> run = BitRun(words, first, count);
    ASSERT_EQ(run.size(), WordsOf(count));
    for (std::size_t index = 0; index < 64 * run.size(); ++index) {
      ASSERT_EQ(BitAt(run, index), index < count && BitAt(words, first + index));
    }

    std::vector<std::uint64_t> joined = BitRun(words, 0, first);
    // What lies behind the bits in either's last word is not taken along.
    std::vector<std::uint64_t> dirty = run;
    if (count % 64 != 0) dirty.back() |= ~std::uint64_t{0} << (count % 64);
    if (first % 64 != 0) joined.back() |= ~std::uint64_t{0} << (first % 64);
    AppendBits(joined, first, dirty, count);
    ASSERT_EQ(joined, BitRun(words, 0, first + count));
  }
}

}  // namespace
}  // namespace irispair
