#include "core/protocol/minimum.h"

#include <algorithm>
#include <vector>

#include "core/protocol/bit_and.h"
#include "core/protocol/bit_rows.h"
#include "core/protocol/compare.h"
#include "core/protocol/reshare.h"
#include "core/protocol/select.h"
#include "core/protocol/sign_bit.h"

namespace irispair {
namespace {

using Word = std::uint32_t;

// Neighbouring rotations that are compared with each other.
struct Group {
  std::size_t first;
  std::size_t size;

  std::size_t last() const { return first + size - 1; }
};

// As few groups as there can be, of as equal sizes.
std::vector<Group> Groups(std::size_t rotations) {
  const std::size_t count = (rotations + kGroupSize - 1) / kGroupSize;
  std::vector<Group> groups;
  for (std::size_t index = 0; index < count; ++index) {
    const std::size_t first = rotations * index / count;
    groups.push_back({first, rotations * (index + 1) / count - first});
  }
  return groups;
}

// A rotation that is not its group's last, with the conditions, a row of bits each, under which it is the
// nearest.
struct Contender {
  std::size_t rotation;
  std::vector<SharedBits> conditions;
};

// All pairs of each group: whether the later one is nearer.
std::vector<Comparisons> PairsOf(const std::vector<Group>& groups, std::size_t candidates) {
  std::vector<Comparisons> pairs;
  for (const Group& group : groups) {
    for (std::size_t later = group.first + 1; later <= group.last(); ++later) {
      for (std::size_t earlier = group.first; earlier < later; ++earlier) {
        pairs.push_back({later * candidates, earlier * candidates, candidates, Challengers::kEach});
      }
    }
  }
  return pairs;
}

// `later_nearer` has the bits of PairsOf.
std::vector<Contender> ContendersOf(const Party& party, const std::vector<Group>& groups,
                                    const SharedBits& later_nearer, std::size_t candidates) {
  std::vector<Contender> contenders;
  std::size_t pair = 0;
  for (const Group& group : groups) {
    const std::size_t base = contenders.size();
    for (std::size_t rotation = group.first; rotation < group.last(); ++rotation)
      contenders.push_back({rotation, {}});
    for (std::size_t later = 1; later < group.size; ++later) {
      for (std::size_t earlier = 0; earlier < later; ++earlier) {
        SharedBits nearer = SharedRun(later_nearer, pair * candidates, candidates);
        ++pair;
        if (later + 1 < group.size) contenders[base + later].conditions.push_back(nearer);
        Invert(party, nearer);
        contenders[base + earlier].conditions.push_back(std::move(nearer));
      }
    }
  }
  return contenders;
}

// Joins the conditions of each contender to one, all contenders in the same rounds.
Protocol<SharedBits> WinnerBits(Party& party, std::vector<Contender> contenders, std::size_t candidates) {
  for (std::size_t condition = 1; condition + 1 < kGroupSize; ++condition) {
    std::vector<Contender*> joining;
    std::vector<SharedBits> left;
    std::vector<SharedBits> right;
    for (Contender& contender : contenders) {
      if (contender.conditions.size() <= condition) continue;
      joining.push_back(&contender);
      left.push_back(contender.conditions.front());
      right.push_back(contender.conditions[condition]);
    }
    if (joining.empty()) break;
    const SharedBits left_rows = JoinRows(left, candidates);
    const SharedBits right_rows = JoinRows(right, candidates);
    const SharedBits joined = co_await And(party, left_rows, right_rows);
    for (std::size_t row = 0; row < joining.size(); ++row) {
      joining[row]->conditions.front() = SharedRun(joined, row * candidates, candidates);
    }
  }
  std::vector<SharedBits> rows;
  for (Contender& contender : contenders) rows.push_back(std::move(contender.conditions.front()));
  co_return JoinRows(rows, candidates);
}

void AppendDifference(std::vector<Word>& to, const std::vector<Word>& from, std::size_t rotation,
                      std::size_t last, std::size_t candidates) {
  for (std::size_t index = 0; index < candidates; ++index) {
    to.push_back(from[rotation * candidates + index] - from[last * candidates + index]);
  }
}

// How much each contender is above the last of its group.
SharedDistances AboveLast(const SharedDistances& distances, const std::vector<Group>& groups,
                          std::size_t candidates) {
  SharedDistances above;
  for (const Group& group : groups) {
    for (std::size_t rotation = group.first; rotation < group.last(); ++rotation) {
      for (const auto& [to, from] :
           {std::pair{&above.code, &distances.code}, std::pair{&above.mask, &distances.mask}}) {
        AppendDifference(to->own, from->own, rotation, group.last(), candidates);
        AppendDifference(to->previous, from->previous, rotation, group.last(), candidates);
      }
    }
  }
  return above;
}

// Adds to each group's last the products of its contenders, code after mask.
void AppendWinners(std::vector<Word>& winners, const std::vector<Word>& own,
                   const std::vector<Word>& products, const std::vector<Group>& groups,
                   std::size_t candidates) {
  std::size_t product = 0;
  for (const Group& group : groups) {
    const std::size_t place = winners.size();
    const auto last = own.begin() + static_cast<std::ptrdiff_t>(group.last() * candidates);
    winners.insert(winners.end(), last, last + static_cast<std::ptrdiff_t>(candidates));
    for (std::size_t contender = 1; contender < group.size; ++contender) {
      for (std::size_t index = 0; index < candidates; ++index) winners[place + index] += products[product++];
    }
  }
}

std::vector<Word> Half(const std::vector<Word>& values, std::size_t half) {
  const auto size = static_cast<std::ptrdiff_t>(values.size() / 2);
  const auto begin = values.begin() + static_cast<std::ptrdiff_t>(half) * size;
  return {begin, begin + size};
}

}  // namespace

Protocol<SharedDistances> LeastOverRotations(Party& party, SharedDistances distances, std::size_t candidates,
                                             std::size_t rotations) {
  while (rotations > 1) {
    const std::vector<Group> groups = Groups(rotations);
    const Shared32 differences = co_await NearnessDifferences(party, distances, PairsOf(groups, candidates));
    const SharedBits later_nearer = co_await SignBits(party, differences);
    std::vector<Contender> contenders = ContendersOf(party, groups, later_nearer, candidates);
    const SharedBits winners = co_await WinnerBits(party, std::move(contenders), candidates);
    const SharedDistances above = AboveLast(distances, groups, candidates);
    const DistanceSummands products = co_await BitTimesDistance(party, winners, above);
    std::vector<Word> summands;
    summands.reserve(2 * groups.size() * candidates);
    AppendWinners(summands, distances.code.own, products.code, groups, candidates);
    AppendWinners(summands, distances.mask.own, products.mask, groups, candidates);
    const Shared32 least = co_await Reshare(party, std::move(summands));
    distances.code.own = Half(least.own, 0);
    distances.code.previous = Half(least.previous, 0);
    distances.mask.own = Half(least.own, 1);
    distances.mask.previous = Half(least.previous, 1);
    rotations = groups.size();
  }
  co_return distances;
}

}  // namespace irispair
