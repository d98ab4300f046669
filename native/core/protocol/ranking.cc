#include "core/protocol/ranking.h"

#include <algorithm>
#include <numeric>

#include "core/protocol/bit_slices.h"
#include "core/protocol/compare.h"
#include "core/protocol/open_bits.h"
#include "core/protocol/sign_bit.h"

namespace irispair {
namespace {

template <typename Word>
void Append(Replicated<Word>& to, const Replicated<Word>& from) {
  to.own.insert(to.own.end(), from.own.begin(), from.own.end());
  to.previous.insert(to.previous.end(), from.previous.begin(), from.previous.end());
}

// By how many each is preceded. `nearer` has, newcomer by newcomer, whether it is nearer than each before it.
std::vector<std::size_t> CountAhead(const std::vector<std::uint64_t>& nearer, std::size_t ranked,
                                    std::size_t size) {
  std::vector<std::size_t> ahead(size);
  std::iota(ahead.begin(), ahead.begin() + static_cast<std::ptrdiff_t>(ranked), std::size_t{0});
  std::size_t bit = 0;
  for (std::size_t newcomer = ranked; newcomer < size; ++newcomer) {
    for (std::size_t before = 0; before < newcomer; ++before)
      ++ahead[BitAt(nearer, bit++) ? before : newcomer];
  }
  return ahead;
}

// Counts are positions already where the comparisons are an order. They are not where two masks share no bit:
// then the parties must at least agree.
std::vector<std::size_t> Positions(const std::vector<std::size_t>& ahead) {
  std::vector<std::size_t> order(ahead.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return ahead[a] < ahead[b]; });
  std::vector<std::size_t> positions(ahead.size());
  for (std::size_t position = 0; position < order.size(); ++position) positions[order[position]] = position;
  return positions;
}

}  // namespace

Protocol<Ranking> Rank(Party& party, SharedDistances ranked, SharedDistances newcomers,
                       std::uint32_t match_limit) {
  const std::size_t before = ranked.size();
  const std::size_t size = before + newcomers.size();
  SharedDistances all = std::move(ranked);
  Append(all.code, newcomers.code);
  Append(all.mask, newcomers.mask);
  std::vector<Comparisons> comparisons;
  for (std::size_t newcomer = before; newcomer < size; ++newcomer) {
    comparisons.push_back({newcomer, 0, newcomer, Challengers::kOne});
  }
  Shared32 differences = co_await NearnessDifferences(party, all, comparisons);
  const std::size_t pairs = differences.size();
  Append(differences, MatchDifferences(newcomers.code, newcomers.mask, match_limit));
  const SharedBits bits = co_await SignBits(party, differences);
  const std::vector<std::uint64_t> opened = co_await OpenBits(party, bits, differences.size());

  Ranking ranking;
  ranking.positions = Positions(CountAhead(opened, before, size));
  for (std::size_t newcomer = 0; newcomer < newcomers.size(); ++newcomer) {
    ranking.matches.push_back(BitAt(opened, pairs + newcomer));
  }
  co_return ranking;
}

Protocol<std::vector<std::uint64_t>> OpenNearer(Party& party, SharedDistances challengers,
                                                const SharedDistances& ranked, std::size_t champion) {
  const std::size_t count = challengers.size();
  // One champion against many: seen from it, all of them are.
  SharedDistances all = std::move(challengers);
  for (const auto& [to, from] : {std::pair{&all.code, &ranked.code}, std::pair{&all.mask, &ranked.mask}}) {
    to->own.insert(to->own.end(), count, from->own[champion]);
    to->previous.insert(to->previous.end(), count, from->previous[champion]);
  }
  std::vector<Comparisons> comparisons{{0, count, count, Challengers::kEach}};
  const Shared32 differences = co_await NearnessDifferences(party, all, comparisons);
  const SharedBits bits = co_await SignBits(party, differences);
  std::vector<std::uint64_t> opened = co_await OpenBits(party, bits, count);
  co_return opened;
}

}  // namespace irispair
