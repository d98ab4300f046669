#include "core/protocol/programs/evaluate_program.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "core/protocol/bit_slices.h"
#include "core/protocol/lift.h"
#include "core/protocol/minimum.h"
#include "core/protocol/ranking.h"
#include "core/protocol/reshare.h"
#include "core/system/error.h"

namespace irispair {
namespace {

// Newcomers that are ranked in the same rounds: all pairs of them are compared.
constexpr std::size_t kNewcomersAtOnce = 256;

void Check(const EvaluateInput& input) {
  CheckDotProducts(input.dots);
  CheckMatchLimit(input.match_limit);
  if (input.ef == 0) throw Error(ErrorCode::kInvalidArgument, "ef: at least 1");
  const SharedNeighbourhood& neighbourhood = input.neighbourhood;
  const std::size_t size = neighbourhood.size();
  const SharedDistances& ranked = neighbourhood.ranked;
  if (ranked.code.own.size() != size || ranked.code.previous.size() != size ||
      ranked.mask.own.size() != size || ranked.mask.previous.size() != size) {
    throw Error(ErrorCode::kInvalidArgument, "neighbourhood: its parts differ in length");
  }
  if (size > input.ef) {
    throw Error(ErrorCode::kInvalidArgument, "neighbourhood: " + std::to_string(size) +
                                                 " are ranked where ef is " + std::to_string(input.ef));
  }
}

Shared32 Pick(const Shared32& from, const std::vector<std::uint32_t>& indexes) {
  Shared32 picked;
  for (const std::uint32_t index : indexes) {
    picked.own.push_back(from.own[index]);
    picked.previous.push_back(from.previous[index]);
  }
  return picked;
}

SharedDistances Pick(const SharedDistances& from, const std::vector<std::uint32_t>& indexes) {
  return {Pick(from.code, indexes), Pick(from.mask, indexes)};
}

// The shared and lifted distances, rotation by rotation.
Protocol<SharedDistances> Distances(Party& party, const DotProducts& dots) {
  const std::size_t size = dots.code.size();
  const Shared16 shared = co_await Reshare(party, Joined(dots));
  const Shared32 lifted = co_await Lift(party, shared);
  const auto middle = static_cast<std::ptrdiff_t>(size);
  SharedDistances distances;
  distances.code.own.assign(lifted.own.begin(), lifted.own.begin() + middle);
  distances.code.previous.assign(lifted.previous.begin(), lifted.previous.begin() + middle);
  distances.mask.own.assign(lifted.own.begin() + middle, lifted.own.end());
  distances.mask.previous.assign(lifted.previous.begin() + middle, lifted.previous.end());
  co_return distances;
}

// The neighbourhood while it changes, with the candidate that each entry came from.
struct Merging {
  static constexpr std::uint32_t kEarlierStep = 0xffff'ffff;

  SharedNeighbourhood neighbourhood;
  std::vector<std::uint32_t> candidates;
};

void PlaceAt(Shared32& to, std::size_t position, const Shared32& from, std::size_t index) {
  to.own[position] = from.own[index];
  to.previous[position] = from.previous[index];
}

// Puts everything to its position, and drops what is beyond ef.
void Apply(const Ranking& ranking, const SharedDistances& newcomers,
           const std::vector<std::uint32_t>& indexes, std::size_t ef, Merging& merging) {
  const std::size_t before = merging.candidates.size();
  const std::size_t size = std::min(ef, before + indexes.size());
  Merging merged{{{Shared32(size), Shared32(size)}, std::vector<MatchBit>(size)},
                 std::vector<std::uint32_t>(size)};
  for (std::size_t entry = 0; entry < before + indexes.size(); ++entry) {
    const std::size_t position = ranking.positions[entry];
    if (position >= size) continue;
    const bool is_new = entry >= before;
    const SharedDistances& from = is_new ? newcomers : merging.neighbourhood.ranked;
    const std::size_t index = is_new ? entry - before : entry;
    PlaceAt(merged.neighbourhood.ranked.code, position, from.code, index);
    PlaceAt(merged.neighbourhood.ranked.mask, position, from.mask, index);
    merged.candidates[position] = is_new ? indexes[index] : merging.candidates[index];
    merged.neighbourhood.matches[position] = is_new
                                                 ? (ranking.matches[index] ? MatchBit::kYes : MatchBit::kNo)
                                                 : merging.neighbourhood.matches[index];
  }
  merging = std::move(merged);
}

}  // namespace

std::uint32_t SharedNeighbourhood::MatchCount() const {
  const auto end = std::ranges::find(matches, MatchBit::kNo);
  return static_cast<std::uint32_t>(end - matches.begin());
}

Protocol<EvaluateOutput> EvaluateProgram(Party& party, EvaluateInput input) {
  Check(input);
  Merging merging;
  merging.neighbourhood = std::move(input.neighbourhood);
  merging.candidates.assign(merging.neighbourhood.size(), Merging::kEarlierStep);

  if (input.dots.pairs > 0) {
    const DotProducts dots = OrderByRotation(input.dots);
    SharedDistances distances = co_await Distances(party, dots);
    const SharedDistances least =
        co_await LeastOverRotations(party, std::move(distances), dots.pairs, dots.rotations);

    std::vector<std::uint32_t> nearer(dots.pairs);
    std::iota(nearer.begin(), nearer.end(), 0U);
    if (merging.neighbourhood.size() == input.ef) {
      const std::vector<std::uint64_t> opened =
          co_await OpenNearer(party, least, merging.neighbourhood.ranked, input.ef - 1);
      std::erase_if(nearer, [&](std::uint32_t index) { return !BitAt(opened, index); });
    }
    for (std::size_t first = 0; first < nearer.size(); first += kNewcomersAtOnce) {
      const auto begin = nearer.begin() + static_cast<std::ptrdiff_t>(first);
      const auto count = std::min(kNewcomersAtOnce, nearer.size() - first);
      const std::vector<std::uint32_t> indexes(begin, begin + static_cast<std::ptrdiff_t>(count));
      const SharedDistances newcomers = Pick(least, indexes);
      const Ranking ranking =
          co_await Rank(party, merging.neighbourhood.ranked, newcomers, input.match_limit);
      Apply(ranking, newcomers, indexes, input.ef, merging);
    }
  }

  EvaluateOutput output;
  for (std::size_t rank = 0; rank < merging.candidates.size(); ++rank) {
    if (merging.candidates[rank] == Merging::kEarlierStep) continue;
    output.entered.push_back({merging.candidates[rank], static_cast<std::uint32_t>(rank)});
  }
  output.neighbourhood = std::move(merging.neighbourhood);
  co_return output;
}

}  // namespace irispair
