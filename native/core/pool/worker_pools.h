// The two worker pools, one a side. Each worker is pinned to one CPU; one whose side is idle steals from the
// other.
//
// A pool has three lanes: searches somebody waits for go before scans, also across sides. Idle work nobody
// waits for runs only when neither side has anything else queued, stays on its side, and comes in small
// pieces: what is submitted meanwhile waits for one piece at most.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace irispair {

enum class Side : std::uint8_t { kLeft = 0, kRight = 1 };
inline constexpr std::size_t kSides = 2;
constexpr std::size_t Index(Side side) { return static_cast<std::size_t>(side); }
constexpr Side Other(Side side) { return side == Side::kLeft ? Side::kRight : Side::kLeft; }

enum class Lane : std::uint8_t { kSearch = 0, kScan = 1, kIdle = 2 };
inline constexpr std::size_t kLanes = 3;

struct PoolPlan {
  // One worker each, at least one.
  std::vector<int> cpus;
  // Node named in thread names; -1 when the pool spans nodes.
  int node = -1;
  // Whether workers stay on their CPU.
  bool pinned = false;
};

// Idle work is counted by its time alone: it is neither load nor waits for anybody.
//
// Whenever they are read: steals <= steal_attempts, kernel_nanoseconds <= busy_nanoseconds,
// slow_nanoseconds <= busy_nanoseconds, slow_tasks <= tasks. A task counts once it has ended.
struct PoolCounters {
  std::uint32_t workers = 0;
  std::uint64_t tasks = 0;
  std::uint64_t steal_attempts = 0;
  std::uint64_t steals = 0;
  std::uint64_t kernel_nanoseconds = 0;
  std::uint64_t busy_nanoseconds = 0;
  std::uint64_t idle_work_nanoseconds = 0;
  // Tasks that kept their worker for over a millisecond, and the time in them.
  std::uint64_t slow_tasks = 0;
  std::uint64_t slow_nanoseconds = 0;
  std::uint32_t queued = 0;
};

// What a task may know of the worker that runs it.
class WorkerContext {
 public:
  // Position among all workers of both pools, from 0.
  std::size_t index = 0;
  // CPU time that the running task spent in kernels; the task adds to it.
  std::uint64_t kernel_nanoseconds = 0;
};

using Task = std::function<void(WorkerContext&)>;

class WorkerPools {
 public:
  WorkerPools(const PoolPlan& left, const PoolPlan& right);
  // Runs what is queued, then stops.
  ~WorkerPools();
  WorkerPools(const WorkerPools&) = delete;
  WorkerPools& operator=(const WorkerPools&) = delete;

  // Any thread.
  void Submit(Side side, Lane lane, Task task);
  // The next piece of idle work, from the piece before it: its own worker looks again at once, so nobody is
  // woken.
  void Continue(Side side, Task task);
  PoolCounters Counters(Side side) const;
  std::size_t worker_count() const { return workers_.size(); }
  std::size_t workers_of(Side side) const;

 private:
  struct Queue {
    mutable std::mutex mutex;
    std::array<std::deque<Task>, kLanes> lanes;
  };

  struct Worker {
    Side side = Side::kLeft;
    WorkerContext context;
    std::atomic<std::uint64_t> tasks{0};
    std::atomic<std::uint64_t> steal_attempts{0};
    std::atomic<std::uint64_t> steals{0};
    std::atomic<std::uint64_t> kernel_nanoseconds{0};
    std::atomic<std::uint64_t> busy_nanoseconds{0};
    std::atomic<std::uint64_t> idle_work_nanoseconds{0};
    std::atomic<std::uint64_t> slow_tasks{0};
    std::atomic<std::uint64_t> slow_nanoseconds{0};
    std::thread thread;
  };

  struct Taken {
    Task task;
    Lane lane;
  };

  void Work(Worker& worker);
  static void Count(Worker& worker, Lane lane, std::uint64_t nanoseconds);
  std::optional<Taken> Take(Worker& worker);
  void Push(Side side, Lane lane, Task task);
  std::optional<Task> Pop(Side side, Lane lane);

  std::array<Queue, kSides> queues_;
  std::vector<std::unique_ptr<Worker>> workers_;
  // Grows with every submission; idle workers sleep on it.
  std::atomic<std::uint32_t> submissions_{0};
  std::atomic<bool> stopping_{false};
};

}  // namespace irispair
