#include "core/pool/worker_pools.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>

#include "core/system/kernel_calls.h"

namespace irispair {
namespace {

// Whose tasks somebody waits for, first to last.
constexpr std::array kAwaitedLanes{Lane::kSearch, Lane::kScan};
// A task that takes longer is slow: whatever waits for its worker waits that long.
constexpr std::uint64_t kSlowNanoseconds = 1'000'000;

std::uint64_t Nanoseconds() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::steady_clock::now().time_since_epoch())
                                        .count());
}

// The kernel keeps 15 bytes of a thread's name: node, side and index, such as `n1-right-12`.
std::string ThreadName(int node, Side side, std::size_t index) {
  const std::string place = node < 0 ? "nx" : "n" + std::to_string(node);
  return (place + (side == Side::kLeft ? "-left-" : "-right-") + std::to_string(index)).substr(0, 15);
}

}  // namespace

WorkerPools::WorkerPools(const PoolPlan& left, const PoolPlan& right) {
  std::size_t index = 0;
  for (const auto& [side, plan] : {std::pair{Side::kLeft, &left}, std::pair{Side::kRight, &right}}) {
    for (std::size_t count = 0; count < plan->cpus.size(); ++count) {
      auto worker = std::make_unique<Worker>();
      worker->side = side;
      worker->context.index = index++;
      workers_.push_back(std::move(worker));
    }
  }
  // Started once all exist: a worker never sees the list change.
  std::size_t first = 0;
  for (const auto& [side, plan] : {std::pair{Side::kLeft, &left}, std::pair{Side::kRight, &right}}) {
    for (std::size_t count = 0; count < plan->cpus.size(); ++count) {
      Worker& worker = *workers_[first + count];
      const std::string name = ThreadName(plan->node, side, count);
      const int cpu = plan->pinned ? plan->cpus[count] : -1;
      worker.thread = std::thread([this, &worker, name, cpu] {
        pthread_setname_np(pthread_self(), name.c_str());
        // Refused pinning leaves the worker on the process's CPUs; placement shows where every thread may
        // run.
        if (cpu >= 0) SetThreadCpus({cpu});
        Work(worker);
      });
    }
    first += plan->cpus.size();
  }
}

WorkerPools::~WorkerPools() {
  stopping_.store(true);
  submissions_.fetch_add(1);
  submissions_.notify_all();
  for (const auto& worker : workers_) worker->thread.join();
}

void WorkerPools::Submit(Side side, Lane lane, Task task) {
  Push(side, lane, std::move(task));
  submissions_.fetch_add(1);
  if (lane == Lane::kIdle) {
    // The one that would be woken may be of the other side, and leaves it.
    submissions_.notify_all();
  } else {
    submissions_.notify_one();
  }
}

void WorkerPools::Continue(Side side, Task task) { Push(side, Lane::kIdle, std::move(task)); }

void WorkerPools::Push(Side side, Lane lane, Task task) {
  Queue& queue = queues_[Index(side)];
  const std::lock_guard lock(queue.mutex);
  queue.lanes[static_cast<std::size_t>(lane)].push_back(std::move(task));
}

std::size_t WorkerPools::workers_of(Side side) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(workers_, [side](const auto& worker) { return worker->side == side; }));
}

PoolCounters WorkerPools::Counters(Side side) const {
  PoolCounters counters;
  for (const auto& worker : workers_) {
    if (worker->side != side) continue;
    ++counters.workers;
    // The part before the whole, which the worker counts first.
    counters.steals += worker->steals.load();
    counters.steal_attempts += worker->steal_attempts.load();
    counters.kernel_nanoseconds += worker->kernel_nanoseconds.load();
    counters.slow_nanoseconds += worker->slow_nanoseconds.load();
    counters.busy_nanoseconds += worker->busy_nanoseconds.load();
    counters.slow_tasks += worker->slow_tasks.load();
    counters.tasks += worker->tasks.load();
    counters.idle_work_nanoseconds += worker->idle_work_nanoseconds.load();
  }
  const Queue& queue = queues_[Index(side)];
  const std::lock_guard lock(queue.mutex);
  for (const Lane lane : kAwaitedLanes) {
    counters.queued += static_cast<std::uint32_t>(queue.lanes[static_cast<std::size_t>(lane)].size());
  }
  return counters;
}

void WorkerPools::Work(Worker& worker) {
  while (true) {
    const std::uint32_t seen = submissions_.load();
    // Read before looking for a task: what was submitted before the pools stop is found then.
    const bool stopping = stopping_.load();
    if (std::optional<Taken> taken = Take(worker)) {
      worker.context.kernel_nanoseconds = 0;
      const std::uint64_t start = Nanoseconds();
      taken->task(worker.context);
      Count(worker, taken->lane, Nanoseconds() - start);
    } else if (stopping) {
      return;
    } else {
      submissions_.wait(seen);
    }
  }
}

void WorkerPools::Count(Worker& worker, Lane lane, std::uint64_t nanoseconds) {
  if (lane == Lane::kIdle) {
    worker.idle_work_nanoseconds.fetch_add(nanoseconds);
    return;
  }
  // The whole before its parts: whoever reads meanwhile never sees a part that is larger.
  worker.busy_nanoseconds.fetch_add(nanoseconds);
  // Two clocks: the thread's may be ahead by its resolution.
  worker.kernel_nanoseconds.fetch_add(std::min(worker.context.kernel_nanoseconds, nanoseconds));
  const bool slow = nanoseconds > kSlowNanoseconds;
  if (slow) worker.slow_nanoseconds.fetch_add(nanoseconds);
  worker.tasks.fetch_add(1);
  if (slow) worker.slow_tasks.fetch_add(1);
}

std::optional<WorkerPools::Taken> WorkerPools::Take(Worker& worker) {
  const Side other = Other(worker.side);
  for (const Lane lane : kAwaitedLanes) {
    if (std::optional<Task> own = Pop(worker.side, lane)) return Taken{std::move(*own), lane};
    worker.steal_attempts.fetch_add(1);
    if (std::optional<Task> stolen = Pop(other, lane)) {
      worker.steals.fetch_add(1);
      return Taken{std::move(*stolen), lane};
    }
  }
  if (std::optional<Task> idle = Pop(worker.side, Lane::kIdle)) return Taken{std::move(*idle), Lane::kIdle};
  return std::nullopt;
}

std::optional<Task> WorkerPools::Pop(Side side, Lane lane) {
  Queue& queue = queues_[Index(side)];
  const std::lock_guard lock(queue.mutex);
  std::deque<Task>& tasks = queue.lanes[static_cast<std::size_t>(lane)];
  if (tasks.empty()) return std::nullopt;
  Task task = std::move(tasks.front());
  tasks.pop_front();
  return task;
}

}  // namespace irispair
