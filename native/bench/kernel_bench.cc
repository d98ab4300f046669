// Candidates a second of every kernel on one core, at 200 and at 256 columns, in cache and out of cache,
// beside the machine's streaming read bandwidth, all in one run. Prints one JSON object.
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
template <typename Eye>
const BasicKernel<Eye>& NativeScalarKernel();

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kArenaEyes = 120'000;  // 288 MB at 200 columns: far beyond any last-level cache share
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
template <typename Eye>
std::span<Eye> RandomEyes(const Segment& segment, std::size_t count) {
  const std::span eyes(reinterpret_cast<Eye*>(segment.data()), count);
  std::mt19937_64 random(1);
  for (Eye& eye : eyes) {
    auto* words = reinterpret_cast<char*>(&eye);
    for (std::size_t offset = 0; offset < sizeof(Eye); offset += 8) {
      const std::uint64_t word = random();
      std::memcpy(words + offset, &word, 8);
    }
  }
  return eyes;
}

// Candidates a second over `eyes` in the given order, for one round.
template <typename Eye>
double Round(const BasicKernel<Eye>& kernel, const BasicPreparedEye<Eye>& probe, RotationWindow window,
             const std::vector<const Eye*>& order) {
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
template <typename Eye>
double StreamingRead(std::span<const Eye> eyes) {
  const auto* words = reinterpret_cast<const std::uint64_t*>(eyes.data());
  const std::size_t count = eyes.size() * sizeof(Eye) / 8;
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

// What is measured of one shape.
template <typename Eye>
class Measured {
 public:
  Measured() : segment_(kArenaEyes * sizeof(Eye), SegmentPlan{}, KernelCalls::System()) {
    const std::span<const Eye> eyes = Eyes();
    for (const Eye& eye : eyes) gathered_.push_back(&eye);
    std::shuffle(gathered_.begin(), gathered_.end(), std::mt19937_64(2));
    for (std::size_t index = 0; index < kBatch; ++index) cached_.push_back(&eyes[index % kCachedEyes]);
    probe_ = BasicPreparedEye<Eye>(eyes[7]);
    AddRows("scalar native", NativeScalarKernel<Eye>());
    for (const BasicKernel<Eye>* kernel : AvailableKernels<Eye>()) AddRows(kernel->name, *kernel);
  }

  void RunRound() {
    bandwidth_.push_back(StreamingRead(std::span<const Eye>(Eyes())));
    for (Row& row : rows_) row.rates.push_back(Round(*row.run, probe_, row.rotations, *row.order));
  }

  void Print() const {
    std::printf(
        "{\"columns\": %zu, \"streaming_read_bytes_per_second\": %.0f, \"eye_bytes\": %zu, \"backing\": "
        "\"%s\", \"rows\": [",
        Eye::kColumns, Median(bandwidth_), sizeof(Eye), BackingName(segment_.backing()));
    const char* separator = "";
    for (const Row& row : rows_) {
      std::printf(
          "%s\n  {\"kernel\": \"%s\", \"window\": \"%s\", \"where\": \"%s\", "
          "\"candidates_per_second\": %.0f}",
          separator, row.kernel, row.window, row.where, Median(row.rates));
      separator = ",";
    }
    std::printf("\n]}");
  }

 private:
  struct Row {
    const char* kernel;
    const char* window;
    const char* where;
    const std::vector<const Eye*>* order;
    RotationWindow rotations;
    const BasicKernel<Eye>* run;
    std::vector<double> rates;
  };

  std::span<Eye> Eyes() const { return eyes_; }

  void AddRows(const char* name, const BasicKernel<Eye>& kernel) {
    for (const auto& [window, reach] : {std::pair{"min11", 5}, std::pair{"min31", 15}}) {
      rows_.push_back({name, window, "in cache", &cached_, {0, reach}, &kernel, {}});
      rows_.push_back({name, window, "out of cache", &gathered_, {0, reach}, &kernel, {}});
    }
  }

  Segment segment_;
  std::span<Eye> eyes_ = RandomEyes<Eye>(segment_, kArenaEyes);
  std::vector<const Eye*> gathered_;
  std::vector<const Eye*> cached_;
  BasicPreparedEye<Eye> probe_;
  std::vector<Row> rows_;
  std::vector<double> bandwidth_;
};

void Run() {
  Measured<EyePlanes> narrow;
  Measured<WideEyePlanes> wide;
  for (int round = 0; round < kRounds; ++round) {
    narrow.RunRound();
    wide.RunRound();
  }
  std::printf("{\"shapes\": [");
  narrow.Print();
  std::printf(",\n");
  wide.Print();
  std::printf("]}\n");
}

}  // namespace
}  // namespace irispair

int main() { irispair::Run(); }
