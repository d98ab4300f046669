#include "core/protocol/compare.h"

#include "core/protocol/reshare.h"
#include "core/protocol/wide_loops.h"

namespace irispair {
namespace {

using Word = std::uint32_t;

// One vector of shared words, from some index on.
struct View {
  const Word* own;
  const Word* previous;
};

View From(const Shared32& shared, std::size_t index) {
  return {shared.own.data() + index, shared.previous.data() + index};
}

// This party's summand of a product: its terms own * own, own * previous and previous * own.
[[gnu::always_inline]] inline Word Product(Word left_own, Word left_previous, Word right_own,
                                           Word right_previous) {
  return left_own * (right_own + right_previous) + left_previous * right_own;
}

IRISPAIR_WIDE_LOOPS void CrossEach(std::size_t count, Word* __restrict sums, View challenger_code,
                                   View challenger_mask, View champion_code, View champion_mask) {
  for (std::size_t index = 0; index < count; ++index) {
    sums[index] = Product(champion_code.own[index], champion_code.previous[index], challenger_mask.own[index],
                          challenger_mask.previous[index]) -
                  Product(challenger_code.own[index], challenger_code.previous[index],
                          champion_mask.own[index], champion_mask.previous[index]);
  }
}

IRISPAIR_WIDE_LOOPS void CrossOne(std::size_t count, Word* __restrict sums, View challenger_code,
                                  View challenger_mask, View champion_code, View champion_mask) {
  const Word code_own = *challenger_code.own;
  const Word code_previous = *challenger_code.previous;
  const Word mask_own = *challenger_mask.own;
  const Word mask_previous = *challenger_mask.previous;
  for (std::size_t index = 0; index < count; ++index) {
    sums[index] = Product(champion_code.own[index], champion_code.previous[index], mask_own, mask_previous) -
                  Product(code_own, code_previous, champion_mask.own[index], champion_mask.previous[index]);
  }
}

template <typename Code>
std::vector<Word> MatchSummands(const std::vector<Code>& code, const std::vector<Word>& mask,
                                Word match_limit) {
  std::vector<Word> differences(code.size());
  for (std::size_t index = 0; index < code.size(); ++index) {
    differences[index] = mask[index] * match_limit - (Word{code[index]} << 16);
  }
  return differences;
}

template <typename Code>
Shared32 Differences(const Replicated<Code>& code, const Shared32& mask, Word match_limit) {
  Shared32 differences;
  differences.own = MatchSummands(code.own, mask.own, match_limit);
  differences.previous = MatchSummands(code.previous, mask.previous, match_limit);
  return differences;
}

}  // namespace

Protocol<Shared32> NearnessDifferences(Party& party, const SharedDistances& distances,
                                       const std::vector<Comparisons>& comparisons) {
  std::size_t size = 0;
  for (const Comparisons& some : comparisons) size += some.count;
  std::vector<Word> summands(size);
  Word* place = summands.data();
  for (const auto& [challenger, champion, count, challengers] : comparisons) {
    (challengers == Challengers::kOne ? CrossOne : CrossEach)(
        count, place, From(distances.code, challenger), From(distances.mask, challenger),
        From(distances.code, champion), From(distances.mask, champion));
    place += count;
  }
  Shared32 differences = co_await Reshare(party, std::move(summands));
  co_return differences;
}

Shared32 MatchDifferences(const Shared16& code, const Shared32& mask, std::uint32_t match_limit) {
  return Differences(code, mask, match_limit);
}

Shared32 MatchDifferences(const Shared32& code, const Shared32& mask, std::uint32_t match_limit) {
  return Differences(code, mask, match_limit);
}

}  // namespace irispair
