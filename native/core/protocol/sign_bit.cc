#include "core/protocol/sign_bit.h"

#include <algorithm>

#include "core/protocol/bit_and.h"
#include "core/protocol/bit_slices.h"
#include "core/protocol/carry_table.h"
#include "core/protocol/thirds.h"
#include "core/protocol/wide_loops.h"

namespace irispair {
namespace {

using Word = std::uint64_t;

IRISPAIR_WIDE_LOOPS void Add(std::size_t count, std::uint32_t* __restrict sums,
                             const std::uint32_t* __restrict left, const std::uint32_t* __restrict right) {
  for (std::size_t index = 0; index < count; ++index) sums[index] = left[index] + right[index];
}

IRISPAIR_WIDE_LOOPS void XorInto(std::size_t count, Word* __restrict to, const Word* __restrict from) {
  for (std::size_t index = 0; index < count; ++index) to[index] ^= from[index];
}

void XorInto(std::vector<Word>& to, const std::vector<Word>& from) {
  XorInto(to.size(), to.data(), from.data());
}

// The values of a third that is counted in words.
std::span<const std::uint32_t> ValuesOf(const std::vector<std::uint32_t>& values, const Third& third) {
  const std::size_t first = std::min(64 * third.first, values.size());
  const std::size_t end = std::min(64 * third.end(), values.size());
  return std::span(values).subspan(first, end - first);
}

// The splitter's rows of a.
std::vector<Word> SplitRows(const Shared32& values, const Third& third) {
  const std::span<const std::uint32_t> own = ValuesOf(values.own, third);
  std::vector<std::uint32_t> sums(own.size());
  Add(sums.size(), sums.data(), own.data(), ValuesOf(values.previous, third).data());
  return SliceBits(sums);
}

// Puts a third's rows to their place in rows that hold all thirds.
void Place(const std::vector<Word>& part, const Third& third, std::size_t words, std::vector<Word>& whole) {
  for (std::size_t row = 0; row < kCarryOutputs; ++row) {
    std::copy_n(part.begin() + static_cast<std::ptrdiff_t>(row * third.count), third.count,
                whole.begin() + static_cast<std::ptrdiff_t>(row * words + third.first));
  }
}

// Generate and propagate bits of all blocks: kCarryOutputs rows.
Protocol<SharedBits> Carries(Party& party, const Shared32& values) {
  const std::size_t words = WordsOf(values.size());
  const Thirds thirds(party, words);
  const Third splits = thirds.splitter;
  const Third first = thirds.first_helper;
  const Third second = thirds.second_helper;

  AesCtr& next = party.with_next();
  AesCtr& previous = party.with_previous();
  const std::vector<Word> turn_as_second = next.Draw<Word>(kSlices * second.count);
  std::vector<Word> tau_as_second = next.Draw<Word>(kCarryOutputs * second.count);
  const std::vector<Word> table_as_first = next.Draw<Word>(kCarryRows * first.count);
  const std::vector<Word> rho_as_splitter = next.Draw<Word>(kCarryOutputs * splits.count);
  const std::vector<Word> turn_as_splitter = previous.Draw<Word>(kSlices * splits.count);
  std::vector<Word> tau_as_splitter = previous.Draw<Word>(kCarryOutputs * splits.count);
  std::vector<Word> table_as_second = previous.Draw<Word>(kCarryRows * second.count);
  const std::vector<Word> rho_as_first = previous.Draw<Word>(kCarryOutputs * first.count);

  std::vector<Word> blocks = SplitRows(values, splits);
  XorInto(blocks, turn_as_splitter);
  const std::vector<Word> known = SliceBits(ValuesOf(values.previous, second));
  AddCarryTable(second.count, known.data(), turn_as_second.data(), table_as_second.data());
  MessageWriter look_up((blocks.size() + table_as_second.size()) * sizeof(Word));
  look_up.Append(blocks);
  look_up.Append(table_as_second);
  const std::span<const std::uint8_t> looked_up = co_await party.Exchange(
      look_up.Take(), (kSlices * first.count + kCarryRows * splits.count) * sizeof(Word));
  MessageReader from_look_up(looked_up);
  const std::vector<Word> blocks_as_first = from_look_up.Take<Word>(kSlices * first.count);
  const std::vector<Word> table_as_splitter = from_look_up.Take<Word>(kCarryRows * splits.count);

  std::vector<Word> picked_as_splitter(kCarryOutputs * splits.count);
  PickEntries(splits.count, blocks.data(), table_as_splitter.data(), picked_as_splitter.data());
  XorInto(picked_as_splitter, tau_as_splitter);
  XorInto(picked_as_splitter, rho_as_splitter);
  std::vector<Word> picked_as_first(kCarryOutputs * first.count);
  PickEntries(first.count, blocks_as_first.data(), table_as_first.data(), picked_as_first.data());
  XorInto(picked_as_first, rho_as_first);
  MessageWriter replicate((picked_as_splitter.size() + picked_as_first.size()) * sizeof(Word));
  replicate.Append(picked_as_splitter);
  replicate.Append(picked_as_first);
  const std::span<const std::uint8_t> replicated =
      co_await party.Exchange(replicate.Take(), kCarryOutputs * (first.count + second.count) * sizeof(Word));
  MessageReader from_replicate(replicated);
  const std::vector<Word> received_as_first = from_replicate.Take<Word>(kCarryOutputs * first.count);
  const std::vector<Word> received_as_second = from_replicate.Take<Word>(kCarryOutputs * second.count);

  SharedBits carries(kCarryOutputs * words);
  Place(picked_as_splitter, splits, words, carries.own);
  Place(tau_as_splitter, splits, words, carries.previous);
  Place(picked_as_first, first, words, carries.own);
  Place(received_as_first, first, words, carries.previous);
  Place(tau_as_second, second, words, carries.own);
  Place(received_as_second, second, words, carries.previous);
  co_return carries;
}

// Rows of `from`, one after the other.
void AppendRow(SharedBits& rows, const SharedBits& from, std::size_t row, std::size_t words) {
  const auto begin = static_cast<std::ptrdiff_t>(row * words);
  const auto end = static_cast<std::ptrdiff_t>((row + 1) * words);
  rows.own.insert(rows.own.end(), from.own.begin() + begin, from.own.begin() + end);
  rows.previous.insert(rows.previous.end(), from.previous.begin() + begin, from.previous.begin() + end);
}

// The row of block's propagate bit, where there are `blocks` of them and the lowest has none.
std::size_t PropagateRow(std::size_t block, std::size_t blocks) { return blocks - 1 + block; }

}  // namespace

Protocol<SharedBits> SignBits(Party& party, const Shared32& values) {
  const std::size_t words = WordsOf(values.size());
  SharedBits carries = co_await Carries(party, values);
  for (std::size_t blocks = kBlocks; blocks > 1; blocks /= 2) {
    // Of blocks `low` and `low` + 1: the high one propagates what the low one generates, or propagates.
    SharedBits left;
    SharedBits right;
    for (std::size_t low = 0; low < blocks; low += 2) {
      AppendRow(left, carries, PropagateRow(low + 1, blocks), words);
      AppendRow(right, carries, low, words);
    }
    for (std::size_t low = 2; low < blocks; low += 2) {
      AppendRow(left, carries, PropagateRow(low + 1, blocks), words);
      AppendRow(right, carries, PropagateRow(low, blocks), words);
    }
    SharedBits joined = co_await And(party, left, right);
    for (std::size_t pair = 0; pair < blocks / 2; ++pair) {
      XorInto(words, joined.own.data() + pair * words, carries.own.data() + (2 * pair + 1) * words);
      XorInto(words, joined.previous.data() + pair * words, carries.previous.data() + (2 * pair + 1) * words);
    }
    carries = std::move(joined);
  }
  co_return carries;
}

}  // namespace irispair
