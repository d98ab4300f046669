// CPU time of one thread.
#pragma once

#include <cstdint>

namespace irispair {

// Nanoseconds for which the calling thread has run. Time in which it waited for a CPU or slept does not
// count, so that parts of a thread's work can be set against its process's CPU time.
std::uint64_t ThreadCpuNanoseconds();

}  // namespace irispair
