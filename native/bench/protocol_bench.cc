// Comparisons a second a core of the protocols on shares, three parties in one process, one thread: the time
// of each party is counted by itself. Prints one JSON object.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "core/memory/segment.h"
#include "core/protocol/programs/evaluate_program.h"
#include "core/protocol/programs/match_program.h"
#include "core/protocol/protocol_run.h"
#include "core/shares/dot_products.h"
#include "core/system/thread_clock.h"

namespace irispair {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kRoundTime = std::chrono::milliseconds(250);
constexpr int kRounds = 5;
constexpr std::array<std::size_t, 4> kBatches{128, 512, 2048, 8192};
constexpr std::uint32_t kMatchLimit = 16'384;
constexpr std::size_t kEf = 320;
constexpr std::size_t kRecords = 8'192;  // 315 MB
constexpr std::size_t kQueries = 32;

double CpuSeconds() { return static_cast<double>(ThreadCpuNanoseconds()) * 1e-9; }

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

std::array<PairKeys, kParties> RandomKeys(std::mt19937_64& random) {
  std::array<PairKeys, kParties> keys;
  for (unsigned party = 0; party < kParties; ++party) {
    for (std::uint8_t& byte : keys[party].with_next) byte = static_cast<std::uint8_t>(random());
    keys[(party + 1) % kParties].with_previous = keys[party].with_next;
  }
  return keys;
}

// Strangers: dot products near 0 of 9,000 common bits.
std::array<DotProducts, kParties> Strangers(std::size_t pairs, std::size_t rotations,
                                            std::mt19937_64& random) {
  std::array<DotProducts, kParties> dots;
  for (DotProducts& party : dots) party = {pairs, rotations, {}, {}};
  for (std::size_t index = 0; index < pairs * rotations; ++index) {
    const auto code = static_cast<std::uint16_t>(random() % 512 - 256);
    const auto mask = static_cast<std::uint16_t>(8'800 + random() % 400);
    std::array<std::uint16_t, 4> summands;
    for (std::uint16_t& summand : summands) summand = static_cast<std::uint16_t>(random());
    dots[0].code.push_back(summands[0]);
    dots[1].code.push_back(summands[1]);
    dots[2].code.push_back(static_cast<std::uint16_t>(code - summands[0] - summands[1]));
    dots[0].mask.push_back(summands[2]);
    dots[1].mask.push_back(summands[3]);
    dots[2].mask.push_back(static_cast<std::uint16_t>(mask - summands[2] - summands[3]));
  }
  return dots;
}

// A full neighbourhood of irises that are nearer than any stranger.
std::array<SharedNeighbourhood, kParties> Full() {
  std::array<SharedNeighbourhood, kParties> parties;
  for (unsigned party = 0; party < kParties; ++party) {
    SharedNeighbourhood& neighbourhood = parties[party];
    neighbourhood.ranked = {Shared32(kEf), Shared32(kEf)};
    neighbourhood.matches.resize(kEf, MatchBit::kNo);
    if (party == 0) {
      std::ranges::fill(neighbourhood.ranked.code.own, 1'000);
      std::ranges::fill(neighbourhood.ranked.mask.own, 9'000);
    }
    if (party == 1) {
      std::ranges::fill(neighbourhood.ranked.code.previous, 1'000);
      std::ranges::fill(neighbourhood.ranked.mask.previous, 9'000);
    }
  }
  return parties;
}

// Stored shares and prepared queries: any bytes are valid ones.
class Gallery {
 public:
  explicit Gallery(std::mt19937_64& random)
      : segment_(kRecords * sizeof(ShareRecord), SegmentPlan{}, KernelCalls::System()) {
    std::vector<std::uint64_t> words(sizeof(ShareRecord) / sizeof(std::uint64_t));
    for (std::size_t index = 0; index < kRecords; ++index) {
      for (std::uint64_t& word : words) word = random();
      auto* record = reinterpret_cast<ShareRecord*>(segment_.data()) + index;
      std::memcpy(record, words.data(), sizeof(ShareRecord));
      records_.push_back(record);
      if (index < kQueries) queries_.emplace_back(*record, 0, Orientation::kNormal);
    }
    for (const PreparedShare& query : queries_) query_pointers_.push_back(&query);
  }

  // Seconds for the dot products of a batch: of all queries with a part of the arena, of which the next call
  // takes the next part.
  double Seconds(std::size_t batch, std::size_t rotations) {
    const std::size_t candidates = batch / kQueries;
    if (next_ + candidates > kRecords) next_ = 0;
    code_.resize(batch * rotations);
    mask_.resize(batch * rotations);
    const double begin = CpuSeconds();
    BestDotKernel().dots(query_pointers_, RotationWindow{0, static_cast<int>(rotations / 2)},
                         std::span(records_).subspan(next_, candidates), code_, mask_);
    next_ += candidates;
    return CpuSeconds() - begin;
  }

 private:
  Segment segment_;
  std::vector<const ShareRecord*> records_;
  std::vector<PreparedShare> queries_;
  std::vector<const PreparedShare*> query_pointers_;
  std::vector<std::uint16_t> code_;
  std::vector<std::uint16_t> mask_;
  std::size_t next_ = 0;
};

struct Cost {
  double dot_seconds = 0;
  double party_seconds = 0;
  std::size_t rounds = 0;
  double party_bytes = 0;
};

// One run of all three; seconds and bytes of the average party.
template <typename Output, typename Start>
Cost RunOnce(std::mt19937_64& random, const Start& start) {
  const std::array<PairKeys, kParties> keys = RandomKeys(random);
  std::array<std::unique_ptr<ProgramRun<Output>>, kParties> runs;
  std::array<std::optional<Bytes>, kParties> messages;
  double computing = 0;
  for (unsigned party = 0; party < kParties; ++party) {
    const double begin = CpuSeconds();
    runs[party] = std::make_unique<ProgramRun<Output>>(party, keys[party], start);
    messages[party] = runs[party]->Advance({});
    computing += CpuSeconds() - begin;
  }
  while (messages[0].has_value()) {
    std::array<std::optional<Bytes>, kParties> answers;
    for (unsigned party = 0; party < kParties; ++party) {
      const Bytes& received = *messages[(party + 2) % kParties];
      const double begin = CpuSeconds();
      answers[party] = runs[party]->Advance(received);
      computing += CpuSeconds() - begin;
    }
    messages = std::move(answers);
  }
  Cost cost{0, computing / kParties, runs[0]->rounds(), 0};
  for (const auto& run : runs) cost.party_bytes += static_cast<double>(run->sent_bytes()) / kParties;
  return cost;
}

// Runs until the round's time is over; seconds of the average party for one run.
template <typename Run>
Cost Round(Gallery& gallery, std::size_t batch, std::size_t rotations, const Run& run) {
  Cost mean;
  std::size_t runs = 0;
  for (const auto begin = Clock::now(); Clock::now() - begin < kRoundTime; ++runs) {
    const Cost cost = run();
    mean.party_seconds += cost.party_seconds;
    mean.dot_seconds += gallery.Seconds(batch, rotations);
    mean.rounds = cost.rounds;
    mean.party_bytes = cost.party_bytes;
  }
  mean.party_seconds /= static_cast<double>(runs);
  mean.dot_seconds /= static_cast<double>(runs);
  return mean;
}

// Before every row but the first.
const char* Separator() {
  static bool is_first = true;
  return std::exchange(is_first, false) ? "" : ",";
}

template <typename Run>
void Report(Gallery& gallery, const char* program, std::size_t rotations, std::size_t batch, const Run& run) {
  std::vector<double> dots;
  std::vector<double> protocol;
  std::vector<double> both;
  Cost cost;
  for (int round = 0; round < kRounds; ++round) {
    cost = Round(gallery, batch, rotations, run);
    dots.push_back(cost.dot_seconds);
    protocol.push_back(cost.party_seconds);
    both.push_back(cost.dot_seconds + cost.party_seconds);
  }
  const auto comparisons = static_cast<double>(batch);
  std::printf(
      "%s\n  {\"program\": \"%s\", \"rotations\": %zu, \"batch\": %zu, \"dots_per_second\": %.0f, "
      "\"protocol_per_second\": %.0f, \"comparisons_per_second\": %.0f, \"rounds\": %zu, "
      "\"bytes_per_comparison\": %.2f}",
      Separator(), program, rotations, batch, comparisons / Median(dots), comparisons / Median(protocol),
      comparisons / Median(both), cost.rounds, cost.party_bytes / comparisons);
}

void Run() {
  std::mt19937_64 random(1);
  const auto neighbourhoods = Full();
  Gallery gallery(random);
  std::printf("{\"kernel\": \"%s\", \"queries\": %zu, \"rows\": [", BestDotKernel().name, kQueries);
  for (const std::size_t rotations : {1, 11}) {
    for (const std::size_t batch : kBatches) {
      const auto dots = Strangers(batch, rotations, random);
      Report(gallery, "match", rotations, batch, [&] {
        return RunOnce<MatchOutput>(random, [&](Party& party) {
          return MatchProgram(party, MatchInput{dots[party.index()], kMatchLimit});
        });
      });
    }
  }
  for (const std::size_t rotations : {11, 31}) {
    for (const std::size_t batch : kBatches) {
      const auto dots = Strangers(batch, rotations, random);
      Report(gallery, "evaluate", rotations, batch, [&] {
        return RunOnce<EvaluateOutput>(random, [&](Party& party) {
          return EvaluateProgram(
              party, EvaluateInput{dots[party.index()], kEf, kMatchLimit, neighbourhoods[party.index()]});
        });
      });
    }
  }
  std::printf("\n]}\n");
}

}  // namespace
}  // namespace irispair

int main() { irispair::Run(); }
