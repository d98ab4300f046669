// Dot products of shares a second, out of cache, on one core and on all: every kernel beside a
// straightforward loop and beside the machine's streaming read bandwidth, all in one run. Prints one JSON
// object.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "bench/straightforward_dots.h"
#include "core/memory/segment.h"
#include "core/shares/dot_products.h"
#include "core/system/thread_clock.h"

namespace irispair {
namespace {

constexpr std::size_t kRecords = 16'000;  // 614 MB: far beyond any last-level cache share
constexpr std::size_t kBatch = 128;
constexpr std::size_t kManyQueries = 8;
constexpr double kRoundSeconds = 0.1;
constexpr int kRounds = 7;
constexpr const char* kStraightforward = "straightforward";

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Of CPU time of this thread: what other programs take of the machine is not counted.
double Seconds() { return static_cast<double>(ThreadCpuNanoseconds()) / 1e9; }

// Runs `work(thread)` on each of some threads, which returns how much it did. What all did a second.
double Rate(std::size_t threads, const std::function<double(std::size_t)>& work) {
  std::vector<double> rates(threads);
  {
    std::vector<std::jthread> running;
    for (std::size_t thread = 0; thread < threads; ++thread) {
      running.emplace_back([&, thread] {
        const double start = Seconds();
        const double done = work(thread);
        rates[thread] = done / (Seconds() - start);
      });
    }
  }
  return std::accumulate(rates.begin(), rates.end(), 0.0);
}

// Bytes of its part of the records that a thread reads in order until the round is over.
double StreamedBytes(std::span<const ShareRecord> records) {
  const auto* words = reinterpret_cast<const std::uint64_t*>(records.data());
  const std::size_t count = records.size_bytes() / 8;
  constexpr std::size_t kPiece = 1 << 17;
  std::uint64_t sums[8] = {};
  std::size_t next = 0;
  double bytes = 0;
  const double start = Seconds();
  while (Seconds() - start < kRoundSeconds) {
    const std::size_t end = std::min(next + kPiece, count / 8 * 8);
    for (std::size_t word = next; word < end; word += 8) {
      for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += words[word + lane];
    }
    bytes += static_cast<double>(8 * (end - next));
    next = end == count / 8 * 8 ? 0 : end;
  }
  volatile std::uint64_t kept = std::accumulate(std::begin(sums), std::end(sums), std::uint64_t{0});
  static_cast<void>(kept);
  return bytes;
}

// Compares a batch of candidates with all queries.
using Compare = std::function<void(std::span<const ShareRecord* const> candidates,
                                   std::span<std::uint16_t> code_dots, std::span<std::uint16_t> mask_dots)>;

// Candidates of its part that a thread compares until the round is over.
double ComparedCandidates(const Compare& compare, std::size_t dots_of_candidate,
                          std::span<const ShareRecord* const> candidates) {
  std::vector<std::uint16_t> code_dots(kBatch * dots_of_candidate);
  std::vector<std::uint16_t> mask_dots(kBatch * dots_of_candidate);
  std::size_t next = 0;
  double compared = 0;
  const double start = Seconds();
  while (Seconds() - start < kRoundSeconds) {
    const std::size_t count = std::min(kBatch, candidates.size() - next);
    compare(candidates.subspan(next, count), std::span(code_dots).first(count * dots_of_candidate),
            std::span(mask_dots).first(count * dots_of_candidate));
    compared += static_cast<double>(count);
    next = (next + count) % candidates.size();
  }
  return compared;
}

template <typename Element>
std::span<Element> Part(std::span<Element> all, std::size_t thread, std::size_t threads) {
  const std::size_t size = all.size() / threads;
  return all.subspan(thread * size, size);
}

struct Row {
  std::string kernel;
  RotationWindow window;
  std::size_t queries;
  std::size_t threads;
  Compare compare;
  std::vector<double> candidates_a_second;
  std::vector<double> to_straightforward;
  std::vector<double> of_bandwidth;
};

std::span<ShareRecord> RandomRecords(const Segment& segment) {
  const std::span records(reinterpret_cast<ShareRecord*>(segment.data()), kRecords);
  std::mt19937_64 random(1);
  auto* bytes = reinterpret_cast<char*>(records.data());
  for (std::size_t offset = 0; offset < records.size_bytes(); offset += 8) {
    const std::uint64_t word = random();
    std::memcpy(bytes + offset, &word, 8);
  }
  return records;
}

// The prepared share at every rotation of the window, each as one run of code and mask elements.
std::vector<std::uint16_t> Rotated(const PreparedShare& query, RotationWindow window) {
  std::vector<std::uint16_t> rotated;
  for (int rotation = window.First(); rotation <= window.Last(); ++rotation) {
    for (std::size_t row = 0; row < PreparedShare::kRows; ++row) {
      const auto rolled = query.Row(row).subspan(PreparedShare::Offset(rotation), kElementsInRow);
      rotated.insert(rotated.end(), rolled.begin(), rolled.end());
    }
  }
  return rotated;
}

using StraightforwardLoop = decltype(StraightforwardDots);

Row StraightforwardRow(const char* name, StraightforwardLoop* loop, const PreparedShare& query,
                       RotationWindow window, std::size_t threads) {
  return {name,
          window,
          1,
          threads,
          [loop, rotated = Rotated(query, window)](auto candidates, auto code_dots, auto mask_dots) {
            loop(rotated, candidates, code_dots, mask_dots);
          },
          {},
          {},
          {}};
}

std::vector<Row> Rows(std::span<const PreparedShare* const> queries, std::size_t cores) {
  std::vector<Row> rows;
  std::vector<std::size_t> thread_counts{1};
  if (cores > 1) thread_counts.push_back(cores);
  for (const std::size_t threads : thread_counts) {
    for (const int reach : {0, 5, 15}) {
      const RotationWindow window{0, reach};
      rows.push_back(StraightforwardRow(kStraightforward, StraightforwardDots, *queries[0], window, threads));
#if defined(__x86_64__)
      rows.push_back(StraightforwardRow("straightforward AVX2", StraightforwardDotsForAvx2, *queries[0],
                                        window, threads));
#endif
      for (const DotKernel* kernel : AvailableDotKernels()) {
        for (const std::size_t count : {std::size_t{1}, kManyQueries}) {
          rows.push_back({kernel->name,
                          window,
                          count,
                          threads,
                          [kernel, window, some = queries.first(count)](auto candidates, auto code_dots,
                                                                        auto mask_dots) {
                            kernel->dots(some, window, candidates, code_dots, mask_dots);
                          },
                          {},
                          {},
                          {}});
        }
      }
    }
  }
  return rows;
}

void Print(const std::vector<Row>& rows, const Segment& segment, std::size_t cores, double one_core,
           double all_cores) {
  std::printf(
      "{\"records\": %zu, \"record_bytes\": %zu, \"backing\": \"%s\", \"cores\": %zu, "
      "\"streaming_read_bytes_per_second\": {\"one_core\": %.0f, \"all_cores\": %.0f}, \"rows\": [",
      kRecords, sizeof(ShareRecord), BackingName(segment.backing()), cores, one_core, all_cores);
  const char* separator = "";
  for (const Row& row : rows) {
    std::printf(
        "%s\n  {\"kernel\": \"%s\", \"rotations\": %d, \"queries\": %zu, \"cores\": %zu, "
        "\"candidates_per_second\": %.0f, \"to_straightforward\": %.3f, \"of_bandwidth\": %.4f}",
        separator, row.kernel.c_str(), row.window.Size(), row.queries, row.threads,
        Median(row.candidates_a_second), Median(row.to_straightforward), Median(row.of_bandwidth));
    separator = ",";
  }
  std::printf("\n]}\n");
}

void Run() {
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const Segment segment(kRecords * sizeof(ShareRecord), SegmentPlan{}, KernelCalls::System());
  const std::span<const ShareRecord> records = RandomRecords(segment);
  std::vector<const ShareRecord*> gathered(kRecords);
  for (std::size_t index = 0; index < kRecords; ++index) gathered[index] = &records[index];
  std::ranges::shuffle(gathered, std::mt19937_64(2));
  std::vector<PreparedShare> prepared;
  for (std::size_t index = 0; index < kManyQueries; ++index) {
    prepared.emplace_back(records[index], index % kShareParties, Orientation::kNormal);
  }
  std::vector<const PreparedShare*> queries;
  for (const PreparedShare& query : prepared) queries.push_back(&query);

  std::vector<Row> rows = Rows(queries, cores);
  std::vector<double> one_core;
  std::vector<double> all_cores;
  for (int round = 0; round < kRounds; ++round) {
    double straightforward = 0;
    double bandwidth = 0;
    for (Row& row : rows) {
      const std::size_t dots = row.queries * static_cast<std::size_t>(row.window.Size());
      const double rate = Rate(row.threads, [&](std::size_t thread) {
        return ComparedCandidates(row.compare, dots,
                                  Part(std::span<const ShareRecord* const>(gathered), thread, row.threads));
      });
      if (row.kernel == kStraightforward) {
        straightforward = rate;
        // Beside every group of rows: other programs may use the machine now and then.
        bandwidth = Rate(row.threads, [&](std::size_t thread) {
          return StreamedBytes(Part(records, thread, row.threads));
        });
        (row.threads == 1 ? one_core : all_cores).push_back(bandwidth);
      }
      row.candidates_a_second.push_back(rate);
      // A straightforward loop takes as much time for each query.
      row.to_straightforward.push_back(rate * static_cast<double>(row.queries) / straightforward);
      row.of_bandwidth.push_back(rate * sizeof(ShareRecord) / bandwidth);
    }
  }
  Print(rows, segment, cores, Median(one_core), Median(cores == 1 ? one_core : all_cores));
}

}  // namespace
}  // namespace irispair

int main() { irispair::Run(); }
