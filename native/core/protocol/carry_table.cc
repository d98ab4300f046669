#include "core/protocol/carry_table.h"

#include <cstring>

#include "core/protocol/wide_loops.h"

namespace irispair {
namespace {

// Four words at once, one vector where the CPU has such; and a single word for what is left.
using Four [[gnu::vector_size(32)]] = std::uint64_t;
using One = std::uint64_t;

template <typename Word>
[[gnu::always_inline]] inline void Load(Word& word, const std::uint64_t* from) {
  std::memcpy(&word, from, sizeof(Word));
}

template <typename Word>
[[gnu::always_inline]] inline void Store(std::uint64_t* to, const Word& word) {
  std::memcpy(to, &word, sizeof(Word));
}

// Carries of two neighbouring bits for the four values of the splitter's.
template <typename Word>
struct Pair {
  Word generate[4];
  Word propagate[4];
};

enum class HighBit { kOfBlock, kOfSum };

template <typename Word, HighBit kHigh>
[[gnu::always_inline]] inline void MakePair(const std::uint64_t* known, const std::uint64_t* turn,
                                            std::size_t words, Pair<Word>& pair) {
  Word known_low, known_high, turn_low, turn_high;
  Load(known_low, known);
  Load(known_high, known + words);
  Load(turn_low, turn);
  Load(turn_high, turn + words);
  for (std::size_t value = 0; value < 4; ++value) {
    const Word low = (value & 1) != 0 ? ~turn_low : turn_low;
    const Word high = (value & 2) != 0 ? ~turn_high : turn_high;
    const Word propagate = high ^ known_high;
    if constexpr (kHigh == HighBit::kOfBlock) {
      pair.generate[value] = (high & known_high) ^ (propagate & low & known_low);
      pair.propagate[value] = propagate & (low ^ known_low);
    } else {
      pair.generate[value] = propagate ^ (low & known_low);
      pair.propagate[value] = low ^ known_low;
    }
  }
}

template <typename Word, HighBit kHigh>
[[gnu::always_inline]] inline void AddBlock(std::size_t words, const std::uint64_t* known,
                                            const std::uint64_t* turn, std::uint64_t* generate,
                                            std::uint64_t* propagate) {
  Pair<Word> low;
  Pair<Word> high;
  MakePair<Word, HighBit::kOfBlock>(known, turn, words, low);
  MakePair<Word, kHigh>(known + 2 * words, turn + 2 * words, words, high);
  for (std::size_t value = 0; value < kBlockValues; ++value) {
    Word entry;
    Load(entry, generate + value * words);
    entry ^= high.generate[value / 4] ^ (high.propagate[value / 4] & low.generate[value % 4]);
    Store(generate + value * words, entry);
    if (propagate == nullptr) continue;
    Load(entry, propagate + value * words);
    entry ^= high.propagate[value / 4] & low.propagate[value % 4];
    Store(propagate + value * words, entry);
  }
}

template <typename Word>
[[gnu::always_inline]] inline void AddBlocks(std::size_t words, std::size_t word, const std::uint64_t* known,
                                             const std::uint64_t* turn, std::uint64_t* table) {
  for (std::size_t block = 0; block < kBlocks; ++block) {
    const std::size_t row = kBlockBits * block * words + word;
    std::uint64_t* generate = table + GenerateOutput(block) * kBlockValues * words + word;
    std::uint64_t* propagate =
        block == 0 ? nullptr : table + PropagateOutput(block) * kBlockValues * words + word;
    if (block + 1 < kBlocks) {
      AddBlock<Word, HighBit::kOfBlock>(words, known + row, turn + row, generate, propagate);
    } else {
      AddBlock<Word, HighBit::kOfSum>(words, known + row, turn + row, generate, propagate);
    }
  }
}

template <typename Word>
[[gnu::always_inline]] inline void PickOutput(std::size_t words, const std::uint64_t* block,
                                              const std::uint64_t* table, std::uint64_t* picked) {
  Word entries[kBlockValues];
  for (std::size_t value = 0; value < kBlockValues; ++value) Load(entries[value], table + value * words);
  for (std::size_t bit = 0; bit < kBlockBits; ++bit) {
    Word chosen;
    Load(chosen, block + bit * words);
    for (std::size_t value = 0; value < kBlockValues >> (bit + 1); ++value) {
      entries[value] = entries[2 * value] ^ (chosen & (entries[2 * value] ^ entries[2 * value + 1]));
    }
  }
  Store(picked, entries[0]);
}

template <typename Word>
[[gnu::always_inline]] inline void PickOutputs(std::size_t words, std::size_t word,
                                               const std::uint64_t* blocks, const std::uint64_t* table,
                                               std::uint64_t* picked) {
  for (std::size_t output = 0; output < kCarryOutputs; ++output) {
    const std::size_t block = output < kBlocks ? output : output - (kBlocks - 1);
    PickOutput<Word>(words, blocks + kBlockBits * block * words + word,
                     table + output * kBlockValues * words + word, picked + output * words + word);
  }
}

constexpr std::size_t kAtOnce = sizeof(Four) / sizeof(One);

}  // namespace

IRISPAIR_WIDE_LOOPS void AddCarryTable(std::size_t words, const std::uint64_t* known,
                                       const std::uint64_t* turn, std::uint64_t* table) {
  std::size_t word = 0;
  for (; word + kAtOnce <= words; word += kAtOnce) AddBlocks<Four>(words, word, known, turn, table);
  for (; word < words; ++word) AddBlocks<One>(words, word, known, turn, table);
}

IRISPAIR_WIDE_LOOPS void PickEntries(std::size_t words, const std::uint64_t* blocks,
                                     const std::uint64_t* table, std::uint64_t* picked) {
  std::size_t word = 0;
  for (; word + kAtOnce <= words; word += kAtOnce) PickOutputs<Four>(words, word, blocks, table, picked);
  for (; word < words; ++word) PickOutputs<One>(words, word, blocks, table, picked);
}

}  // namespace irispair
