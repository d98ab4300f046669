// Carries of blocks of four bits, as tables over the block that the splitter knows.
//
// Two outputs a block: whether it generates a carry, and whether it propagates one; the lowest block need not
// know the latter. Words hold 64 values; arrays hold one row after the other, each of `words` words.
#pragma once

#include <cstddef>
#include <cstdint>

namespace irispair {

inline constexpr std::size_t kBlockBits = 4;
inline constexpr std::size_t kBlocks = 8;
inline constexpr std::size_t kBlockValues = 16;
// Generate bits of blocks 0..7, then propagate bits of blocks 1..7.
inline constexpr std::size_t kCarryOutputs = 2 * kBlocks - 1;
// Entry e of output o is row 16 * o + e.
inline constexpr std::size_t kCarryRows = kCarryOutputs * kBlockValues;

constexpr std::size_t GenerateOutput(std::size_t block) { return block; }
constexpr std::size_t PropagateOutput(std::size_t block) { return kBlocks - 1 + block; }

// Adds to `table`, by exclusive or, the outputs for every block value e, where the splitter's block is e
// exclusive-or `turn`, and the helpers' is `known`: 32 rows each, the lowest bit first. Of the highest block
// the "generated carry" is the highest bit of the sum as far as that block makes it.
void AddCarryTable(std::size_t words, const std::uint64_t* known, const std::uint64_t* turn,
                   std::uint64_t* table);

// Of each output the entry that `blocks` names (32 rows): kCarryOutputs rows.
void PickEntries(std::size_t words, const std::uint64_t* blocks, const std::uint64_t* table,
                 std::uint64_t* picked);

}  // namespace irispair
