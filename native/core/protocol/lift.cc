#include "core/protocol/lift.h"

#include "core/protocol/thirds.h"
#include "core/protocol/wide_loops.h"

namespace irispair {
namespace {

using Word = std::uint16_t;

constexpr Word kOffset = 1 << 14;

Word Narrow(std::uint32_t value) { return static_cast<Word>(value); }

// The splitter's: its summand of p, and of the carries.
IRISPAIR_WIDE_LOOPS void Split(std::size_t count, Word* __restrict bit_summand, Word* __restrict carries,
                               const Word* __restrict own, const Word* __restrict previous,
                               const Word* __restrict other_bit_summand, const Word* __restrict tau,
                               const Word* __restrict rho) {
  for (std::size_t index = 0; index < count; ++index) {
    const Word low = Narrow(own[index] + previous[index]);
    const Word wrap = low < own[index] ? 1 : 0;
    const Word bit = Narrow(low >> 15);
    bit_summand[index] = Narrow(bit - other_bit_summand[index]);
    carries[index] = Narrow(wrap + bit - tau[index] + rho[index]);
  }
}

IRISPAIR_WIDE_LOOPS void HelpFirst(std::size_t count, Word* __restrict carries, const Word* __restrict own,
                                   const Word* __restrict bit_summand, const Word* __restrict sigma,
                                   const Word* __restrict rho) {
  for (std::size_t index = 0; index < count; ++index) {
    const Word bit = Narrow(own[index] >> 15);
    carries[index] = Narrow(bit - bit * bit_summand[index] + sigma[index] - rho[index]);
  }
}

IRISPAIR_WIDE_LOOPS void HelpSecond(std::size_t count, Word* __restrict carries,
                                    const Word* __restrict previous, const Word* __restrict bit_summand,
                                    const Word* __restrict tau, const Word* __restrict sigma) {
  for (std::size_t index = 0; index < count; ++index) {
    const Word bit = Narrow(previous[index] >> 15);
    carries[index] = Narrow(tau[index] - bit * bit_summand[index] - sigma[index]);
  }
}

IRISPAIR_WIDE_LOOPS void Widen(std::size_t count, std::uint32_t* __restrict lifted,
                               const Word* __restrict values, const Word* __restrict carries,
                               std::uint32_t offset) {
  for (std::size_t index = 0; index < count; ++index) {
    lifted[index] = values[index] - (std::uint32_t{carries[index]} << 16) - offset;
  }
}

std::vector<Word> Offset(const std::vector<Word>& values, Word offset) {
  std::vector<Word> moved(values);
  for (Word& value : moved) value = Narrow(value + offset);
  return moved;
}

std::span<Word> Part(std::vector<Word>& values, const Third& third) {
  return std::span(values).subspan(third.first, third.count);
}

void Receive(MessageReader& message, std::vector<Word>& values, const Third& third) {
  const std::vector<Word> words = message.Take<Word>(third.count);
  std::copy(words.begin(), words.end(), Part(values, third).begin());
}

}  // namespace

Protocol<Shared32> Lift(Party& party, const Shared16& values) {
  const std::size_t size = values.size();
  const Thirds thirds(party, size);
  // The public 2^14 is added to summand 0.
  const Word own_offset = party.index() == 0 ? kOffset : 0;
  const Word previous_offset = party.index() == 1 ? kOffset : 0;
  Shared16 moved;
  moved.own = Offset(values.own, own_offset);
  moved.previous = Offset(values.previous, previous_offset);

  // Summands of the carries; whoever sends one masks it with what its receiver cannot draw.
  Shared16 carries(size);
  const Third splits = thirds.splitter;
  const Third first = thirds.first_helper;
  const Third second = thirds.second_helper;
  AesCtr& next = party.with_next();
  AesCtr& previous = party.with_previous();
  const std::vector<Word> bits_as_second = next.Draw<Word>(second.count);
  const std::vector<Word> tau_as_second = next.Draw<Word>(second.count);
  const std::vector<Word> sigma_as_first = next.Draw<Word>(first.count);
  const std::vector<Word> rho_as_splitter = next.Draw<Word>(splits.count);
  const std::vector<Word> bits_as_splitter = previous.Draw<Word>(splits.count);
  const std::vector<Word> tau_as_splitter = previous.Draw<Word>(splits.count);
  const std::vector<Word> sigma_as_second = previous.Draw<Word>(second.count);
  const std::vector<Word> rho_as_first = previous.Draw<Word>(first.count);

  std::vector<Word> bit_summands(splits.count);
  Split(splits.count, bit_summands.data(), carries.own.data() + splits.first, moved.own.data() + splits.first,
        moved.previous.data() + splits.first, bits_as_splitter.data(), tau_as_splitter.data(),
        rho_as_splitter.data());
  HelpSecond(second.count, carries.own.data() + second.first, moved.previous.data() + second.first,
             bits_as_second.data(), tau_as_second.data(), sigma_as_second.data());

  MessageWriter to_split((2 * splits.count + second.count) * sizeof(Word));
  to_split.Append(bit_summands);
  to_split.Append<Word>(Part(carries.own, splits));
  to_split.Append<Word>(Part(carries.own, second));
  const std::span<const std::uint8_t> split =
      co_await party.Exchange(to_split.Take(), (2 * first.count + splits.count) * sizeof(Word));
  MessageReader from_split(split);
  const std::vector<Word> received_bits = from_split.Take<Word>(first.count);
  Receive(from_split, carries.previous, first);
  Receive(from_split, carries.previous, splits);
  HelpFirst(first.count, carries.own.data() + first.first, moved.own.data() + first.first,
            received_bits.data(), sigma_as_first.data(), rho_as_first.data());

  MessageWriter to_help(first.count * sizeof(Word));
  to_help.Append<Word>(Part(carries.own, first));
  const std::span<const std::uint8_t> help =
      co_await party.Exchange(to_help.Take(), second.count * sizeof(Word));
  MessageReader from_help(help);
  Receive(from_help, carries.previous, second);

  Shared32 lifted(size);
  Widen(size, lifted.own.data(), moved.own.data(), carries.own.data(), own_offset);
  Widen(size, lifted.previous.data(), moved.previous.data(), carries.previous.data(), previous_offset);
  co_return lifted;
}

}  // namespace irispair
