#include "core/system/thread_clock.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace irispair {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

TEST(ThreadClock, StandsStillWhileTheThreadSleeps) {
  const std::uint64_t before = ThreadCpuNanoseconds();
  const auto asleep = steady_clock::now();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const auto slept = std::chrono::duration_cast<nanoseconds>(steady_clock::now() - asleep).count();
  EXPECT_LT(ThreadCpuNanoseconds() - before, static_cast<std::uint64_t>(slept) / 2);
}

TEST(ThreadClock, GoesOnWhileTheThreadComputes) {
  const std::uint64_t before = ThreadCpuNanoseconds();
  const auto deadline = steady_clock::now() + std::chrono::seconds(30);
  while (ThreadCpuNanoseconds() == before && steady_clock::now() < deadline) {
  }
  EXPECT_GT(ThreadCpuNanoseconds(), before);
}

}  // namespace
}  // namespace irispair
