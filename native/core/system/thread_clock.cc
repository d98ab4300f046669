#include "core/system/thread_clock.h"

#include <ctime>

namespace irispair {

std::uint64_t ThreadCpuNanoseconds() {
  // Cannot fail: the clock of the calling thread always exists.
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace irispair
