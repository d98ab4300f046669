#include "core/protocol/select.h"

#include <algorithm>
#include <array>

#include "core/protocol/bit_slices.h"
#include "core/protocol/thirds.h"
#include "core/protocol/wide_loops.h"

namespace irispair {
namespace {

using Word = std::uint32_t;
using Bits = std::vector<std::uint64_t>;

// All ones where the bit is 1.
std::vector<Word> Spread(const Bits& bits, std::size_t count) {
  std::vector<Word> spread(count);
  for (std::size_t index = 0; index < count; ++index) {
    spread[index] = Word{0} - static_cast<Word>(bits[index / 64] >> (index % 64) & 1);
  }
  return spread;
}

Bits Xor(std::span<const std::uint64_t> left, std::span<const std::uint64_t> right) {
  Bits result(left.begin(), left.end());
  for (std::size_t word = 0; word < result.size(); ++word) result[word] ^= right[word];
  return result;
}

std::span<const std::uint64_t> Part(const Bits& bits, const Third& words) {
  return std::span(bits).subspan(words.first, words.count);
}

// The splitter's own term, and the summand of (1 - 2 alpha) * a for the first helper.
IRISPAIR_WIDE_LOOPS void Split(std::size_t count, const Word* __restrict alpha, const Word* __restrict own,
                               const Word* __restrict previous, const Word* __restrict drawn,
                               Word* __restrict term, Word* __restrict signed_summand) {
  for (std::size_t index = 0; index < count; ++index) {
    const Word value = own[index] + previous[index];
    term[index] = alpha[index] & value;
    signed_summand[index] = ((value ^ alpha[index]) - alpha[index]) - drawn[index];
  }
}

// The second helper's table: entry 0 and entry 1, each masked by what is drawn into it.
IRISPAIR_WIDE_LOOPS void AddTable(std::size_t count, const Word* __restrict beta_turned,
                                  const Word* __restrict known, Word* __restrict entry_0,
                                  Word* __restrict entry_1) {
  for (std::size_t index = 0; index < count; ++index) {
    entry_0[index] += known[index] & beta_turned[index];
    entry_1[index] += known[index] & ~beta_turned[index];
  }
}

IRISPAIR_WIDE_LOOPS void AddPicked(std::size_t count, const Word* __restrict turned,
                                   const Word* __restrict entry_0, const Word* __restrict entry_1,
                                   Word* __restrict term) {
  for (std::size_t index = 0; index < count; ++index) {
    term[index] += (entry_0[index] & ~turned[index]) | (entry_1[index] & turned[index]);
  }
}

// What the splitter's entry is masked with, and the first helper's part of the third term.
IRISPAIR_WIDE_LOOPS void HelpFirst(std::size_t count, const Word* __restrict beta,
                                   const Word* __restrict turned, const Word* __restrict received,
                                   const Word* __restrict mask_0, const Word* __restrict mask_1,
                                   Word* __restrict term) {
  for (std::size_t index = 0; index < count; ++index) {
    term[index] = (beta[index] & received[index]) -
                  ((mask_0[index] & ~turned[index]) | (mask_1[index] & turned[index]));
  }
}

IRISPAIR_WIDE_LOOPS void HelpSecond(std::size_t count, const Word* __restrict beta,
                                    const Word* __restrict drawn, Word* __restrict term) {
  for (std::size_t index = 0; index < count; ++index) term[index] = beta[index] & drawn[index];
}

// The values that the words of a third belong to.
Third ValuesOf(const Third& words, std::size_t size) {
  const std::size_t first = std::min(64 * words.first, size);
  return {first, std::min(64 * words.end(), size) - first};
}

constexpr std::size_t kValues = 2;

}  // namespace

Protocol<DistanceSummands> BitTimesDistance(Party& party, const SharedBits& bits,
                                            const SharedDistances& distances) {
  const std::size_t size = distances.size();
  const Thirds words(party, WordsOf(size));
  const Third splits = ValuesOf(words.splitter, size);
  const Third first = ValuesOf(words.first_helper, size);
  const Third second = ValuesOf(words.second_helper, size);
  const std::array<const Shared32*, kValues> values{&distances.code, &distances.mask};
  DistanceSummands products{std::vector<Word>(size), std::vector<Word>(size)};
  const std::array<std::vector<Word>*, kValues> terms{&products.code, &products.mask};

  AesCtr& next = party.with_next();
  AesCtr& previous = party.with_previous();
  const Bits turn_as_second = next.Draw<std::uint64_t>(words.second_helper.count);
  const std::vector<Word> drawn_as_second = next.Draw<Word>(kValues * second.count);
  const std::vector<Word> masks_as_first = next.Draw<Word>(2 * kValues * first.count);
  const Bits turn_as_splitter = previous.Draw<std::uint64_t>(words.splitter.count);
  const std::vector<Word> drawn_as_splitter = previous.Draw<Word>(kValues * splits.count);
  std::vector<Word> table_as_second = previous.Draw<Word>(2 * kValues * second.count);

  const Bits alpha_bits = Xor(Part(bits.own, words.splitter), Part(bits.previous, words.splitter));
  const Bits turned_bits = Xor(alpha_bits, turn_as_splitter);
  const std::vector<Word> alpha = Spread(alpha_bits, splits.count);
  std::vector<Word> signed_summands(kValues * splits.count);
  const std::span<const std::uint64_t> beta_bits_as_second = Part(bits.previous, words.second_helper);
  const std::vector<Word> beta_as_second =
      Spread(Bits(beta_bits_as_second.begin(), beta_bits_as_second.end()), second.count);
  const std::vector<Word> beta_turned = Spread(Xor(beta_bits_as_second, turn_as_second), second.count);
  for (std::size_t value = 0; value < kValues; ++value) {
    Split(splits.count, alpha.data(), values[value]->own.data() + splits.first,
          values[value]->previous.data() + splits.first, drawn_as_splitter.data() + value * splits.count,
          terms[value]->data() + splits.first, signed_summands.data() + value * splits.count);
    Word* table = table_as_second.data() + 2 * value * second.count;
    AddTable(second.count, beta_turned.data(), values[value]->previous.data() + second.first, table,
             table + second.count);
    HelpSecond(second.count, beta_as_second.data(), drawn_as_second.data() + value * second.count,
               terms[value]->data() + second.first);
  }

  MessageWriter message(turned_bits.size() * sizeof(std::uint64_t) +
                        (signed_summands.size() + table_as_second.size()) * sizeof(Word));
  message.Append(turned_bits);
  message.Append(signed_summands);
  message.Append(table_as_second);
  const std::span<const std::uint8_t> received = co_await party.Exchange(
      message.Take(), words.first_helper.count * sizeof(std::uint64_t) +
                          (kValues * first.count + 2 * kValues * splits.count) * sizeof(Word));
  MessageReader reader(received);
  const Bits turned_bits_as_first = reader.Take<std::uint64_t>(words.first_helper.count);
  const std::vector<Word> received_summands = reader.Take<Word>(kValues * first.count);
  const std::vector<Word> table_as_splitter = reader.Take<Word>(2 * kValues * splits.count);

  const std::vector<Word> turned = Spread(turned_bits, splits.count);
  const std::vector<Word> turned_as_first = Spread(turned_bits_as_first, first.count);
  const std::span<const std::uint64_t> beta_bits_as_first = Part(bits.own, words.first_helper);
  const std::vector<Word> beta_as_first =
      Spread(Bits(beta_bits_as_first.begin(), beta_bits_as_first.end()), first.count);
  for (std::size_t value = 0; value < kValues; ++value) {
    const Word* table = table_as_splitter.data() + 2 * value * splits.count;
    AddPicked(splits.count, turned.data(), table, table + splits.count, terms[value]->data() + splits.first);
    const Word* masks = masks_as_first.data() + 2 * value * first.count;
    HelpFirst(first.count, beta_as_first.data(), turned_as_first.data(),
              received_summands.data() + value * first.count, masks, masks + first.count,
              terms[value]->data() + first.first);
  }
  co_return products;
}

}  // namespace irispair
