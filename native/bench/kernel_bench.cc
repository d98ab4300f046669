// Candidates a second of every kernel on one core, in cache and out of cache, beside the machine's streaming
// read bandwidth, all in one run. Prints one JSON object.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <numeric>
#include <random>
#include <vector>

#include "core/kernels/kernel.h"
#include "core/memory/segment.h"

namespace irispair {

// core/kernels/scalar.cc built with -march=native.
extern const Kernel kNativeScalarKernel;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kArenaEyes = 120'000;  // 288 MB: far beyond any last-level cache share
constexpr std::size_t kCachedEyes = 4;
constexpr std::size_t kBatch = 128;
constexpr auto kRoundTime = std::chrono::milliseconds(250);
constexpr int kRounds = 5;

double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

// Mapped as the arenas are: most cache misses of a gathered read are otherwise misses of the address table.
std::span<EyePlanes> RandomEyes(const Segment& segment, std::size_t count) {
  const std::span eyes(reinterpret_cast<EyePlanes*>(segment.data()), count);
  std::mt19937_64 random(1);
  for (EyePlanes& eye : eyes) {
    auto* words = reinterpret_cast<char*>(&eye);
    for (std::size_t offset = 0; offset < sizeof(EyePlanes); offset += 8) {
      const std::uint64_t word = random();
      std::memcpy(words + offset, &word, 8);
    }
  }
  return eyes;
}

// Candidates a second over `eyes` in the given order, for one round.
double Round(const Kernel& kernel, const PreparedEye& probe, RotationWindow window,
             const std::vector<const EyePlanes*>& order) {
  std::vector<Distance> least(kBatch);
  std::size_t done = 0;
  std::size_t next = 0;
  const auto start = Clock::now();
  while (Clock::now() - start < kRoundTime) {
    const std::size_t count = std::min(kBatch, order.size() - next);
    kernel.least(probe, window, std::span(order).subspan(next, count), std::span(least).first(count));
    done += count;
    next = (next + count) % order.size();
  }
  return static_cast<double>(done) / Seconds(Clock::now() - start);
}

// Bytes a second of one core reading the arena once, in order.
double StreamingRead(std::span<const EyePlanes> eyes) {
  const auto* words = reinterpret_cast<const std::uint64_t*>(eyes.data());
  const std::size_t count = eyes.size() * sizeof(EyePlanes) / 8;
  std::uint64_t sums[8] = {};
  const auto start = Clock::now();
  for (std::size_t word = 0; word + 8 <= count; word += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += words[word + lane];
  }
  const double seconds = Seconds(Clock::now() - start);
  volatile std::uint64_t kept = std::accumulate(std::begin(sums), std::end(sums), std::uint64_t{0});
  static_cast<void>(kept);
  return static_cast<double>(count * 8) / seconds;
}

void Run() {
  const Segment segment(kArenaEyes * sizeof(EyePlanes), SegmentPlan{}, KernelCalls::System());
  const std::span<const EyePlanes> eyes = RandomEyes(segment, kArenaEyes);
  std::vector<const EyePlanes*> gathered(kArenaEyes);
  for (std::size_t index = 0; index < kArenaEyes; ++index) gathered[index] = &eyes[index];
  std::shuffle(gathered.begin(), gathered.end(), std::mt19937_64(2));
  std::vector<const EyePlanes*> cached(kBatch);
  for (std::size_t index = 0; index < kBatch; ++index) cached[index] = &eyes[index % kCachedEyes];

  const PreparedEye probe(eyes[7]);
  std::vector<double> bandwidth;
  struct Row {
    const char* kernel;
    const char* window;
    const char* where;
    const std::vector<const EyePlanes*>* order;
    RotationWindow rotations;
    const Kernel* run;
    std::vector<double> rates;
  };
  std::vector<Row> rows;
  std::vector<std::pair<const char*, const Kernel*>> kernels{{"scalar native", &kNativeScalarKernel}};
  for (const Kernel* kernel : AvailableKernels()) kernels.emplace_back(kernel->name, kernel);
  for (const auto& [name, kernel] : kernels) {
    for (const auto& [window, reach] : {std::pair{"min11", 5}, std::pair{"min31", 15}}) {
      rows.push_back({name, window, "in cache", &cached, {0, reach}, kernel, {}});
      rows.push_back({name, window, "out of cache", &gathered, {0, reach}, kernel, {}});
    }
  }
  for (int round = 0; round < kRounds; ++round) {
    bandwidth.push_back(StreamingRead(eyes));
    for (Row& row : rows) row.rates.push_back(Round(*row.run, probe, row.rotations, *row.order));
  }
  std::printf(
      "{\"streaming_read_bytes_per_second\": %.0f, \"eye_bytes\": %zu, \"backing\": \"%s\", \"rows\": [",
      Median(bandwidth), sizeof(EyePlanes), BackingName(segment.backing()));
  const char* separator = "";
  for (const Row& row : rows) {
    std::printf(
        "%s\n  {\"kernel\": \"%s\", \"window\": \"%s\", \"where\": \"%s\", \"candidates_per_second\": %.0f}",
        separator, row.kernel, row.window, row.where, Median(row.rates));
    separator = ",";
  }
  std::printf("\n]}\n");
}

}  // namespace
}  // namespace irispair

int main() { irispair::Run(); }
