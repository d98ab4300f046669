#include "core/shared_search/comparison_run.h"

#include <algorithm>
#include <utility>

#include "core/system/thread_clock.h"

namespace irispair {
namespace {

constexpr std::size_t kOrientations = 2;
// Bits of two queries.
constexpr std::size_t kBits = kSides * kOrientations;

// Comparisons at one rotation in one block; a usual batch is one.
constexpr std::size_t kBlock = 1 << 16;

// Takes the pairs first..first + pairs.
MatchInput BlockOf(const MatchInput& input, std::size_t first, std::size_t pairs) {
  const auto begin = static_cast<std::ptrdiff_t>(first * input.dots.rotations);
  const auto end = static_cast<std::ptrdiff_t>((first + pairs) * input.dots.rotations);
  MatchInput block{{pairs, input.dots.rotations, {}, {}}, input.match_limit};
  block.dots.code.assign(input.dots.code.begin() + begin, input.dots.code.begin() + end);
  block.dots.mask.assign(input.dots.mask.begin() + begin, input.dots.mask.begin() + end);
  return block;
}

Protocol<MatchOutput> MatchInBlocks(Party& party, MatchInput input) {
  const std::size_t pairs_a_block = std::max<std::size_t>(1, kBlock / input.dots.rotations);
  MatchOutput output;
  for (std::size_t first = 0; first < input.dots.pairs; first += pairs_a_block) {
    const std::size_t pairs = std::min(pairs_a_block, input.dots.pairs - first);
    const MatchOutput block = co_await MatchProgram(party, BlockOf(input, first, pairs));
    output.matches.insert(output.matches.end(), block.matches.begin(), block.matches.end());
  }
  co_return output;
}

}  // namespace

ComparisonRun::ComparisonRun(SharedWorkshop workshop, const PairKeys& keys,
                             std::vector<std::shared_ptr<const ShareQuery>> queries, RotationWindow window,
                             std::uint32_t match_limit)
    : PartyRun(workshop, keys), queries_(std::move(queries)), window_(window), match_limit_(match_limit) {
  dots_.rotations = static_cast<std::size_t>(window_.Size());
  dots_.pairs = kBits * PairsBefore(queries_.size() - 1);
}

std::size_t ComparisonRun::PairsBefore(std::size_t row) const {
  return row * (2 * queries_.size() - row - 1) / 2;
}

void ComparisonRun::Begin() {
  dots_.code.resize(dots_.pairs * dots_.rotations);
  dots_.mask.resize(dots_.pairs * dots_.rotations);
  const std::size_t rows = queries_.size() - 1;
  rows_left_ = rows;
  for (std::size_t row = 0; row < rows; ++row) {
    workshop_.pools.Submit(
        row % 2 == 0 ? Side::kLeft : Side::kRight, Lane::kSearch,
        [self = std::static_pointer_cast<ComparisonRun>(shared_from_this()), row](WorkerContext& worker) {
          if (!self->abandoned()) self->ComputeRow(row, worker);
          if (self->rows_left_.fetch_sub(1) == 1) self->EndRows();
        });
  }
}

void ComparisonRun::ComputeRow(std::size_t row, WorkerContext& worker) {
  const std::size_t later = queries_.size() - row - 1;
  std::size_t pair = kBits * PairsBefore(row);
  const std::uint64_t before = ThreadCpuNanoseconds();
  for (const Side side : {Side::kLeft, Side::kRight}) {
    std::vector<const PreparedShare*> probes;
    for (std::size_t other = row + 1; other < queries_.size(); ++other) {
      for (const Orientation orientation : {Orientation::kNormal, Orientation::kMirror}) {
        probes.push_back(&queries_[other]->Against(side, orientation));
      }
    }
    const ShareRecord* eye = &queries_[row]->Iris()[Index(side)];
    workshop_.kernel.dots(
        probes, window_, {&eye, 1},
        std::span(dots_.code).subspan(pair * dots_.rotations, probes.size() * dots_.rotations),
        std::span(dots_.mask).subspan(pair * dots_.rotations, probes.size() * dots_.rotations));
    pair += probes.size();
  }
  worker.kernel_nanoseconds += ThreadCpuNanoseconds() - before;
  workshop_.distances.fetch_add(kBits * later);
}

void ComparisonRun::EndRows() {
  if (abandoned()) {
    Finish();
    return;
  }
  PublicTerms terms;
  terms.Add(queries_.size());
  terms.Add(static_cast<std::uint64_t>(static_cast<std::int64_t>(window_.base)));
  terms.Add(static_cast<std::uint64_t>(window_.reach));
  terms.Add(match_limit_);
  auto program = std::make_unique<ProgramRun<MatchOutput>>(workshop_.party, keys(), [this](Party& party) {
    return MatchInBlocks(party, {std::move(dots_), match_limit_});
  });
  program_ = program.get();
  StartProgram(std::move(program), terms);
}

void ComparisonRun::Conclude() {
  const std::vector<std::uint8_t>& matches = program_->output().matches;
  std::size_t pair = 0;
  bits_.assign(PairsBefore(queries_.size() - 1), 0);
  for (std::size_t row = 0; row + 1 < queries_.size(); ++row) {
    const std::size_t later = queries_.size() - row - 1;
    for (std::size_t side = 0; side < kSides; ++side) {
      for (std::size_t other = 0; other < later; ++other) {
        for (std::size_t orientation = 0; orientation < kOrientations; ++orientation) {
          const auto bit = static_cast<std::uint8_t>(matches[pair++] << (2 * orientation + side));
          bits_[PairsBefore(row) + other] |= bit;
        }
      }
    }
  }
}

}  // namespace irispair
