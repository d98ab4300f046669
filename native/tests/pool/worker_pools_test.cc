#include "core/pool/worker_pools.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>

#include <array>
#include <chrono>
#include <future>
#include <latch>

namespace irispair {
namespace {

PoolPlan Workers(std::size_t count) { return {std::vector<int>(count, 0), 1, false}; }

TEST(WorkerPools, RunEverySubmittedTaskBeforeTheyStop) {
  std::atomic<int> done{0};
  {
    WorkerPools pools(Workers(2), Workers(2));
    for (int task = 0; task < 2000; ++task) {
      pools.Submit(task % 2 == 0 ? Side::kLeft : Side::kRight, task % 3 == 0 ? Lane::kScan : Lane::kSearch,
                   [&done](WorkerContext&) { done.fetch_add(1); });
    }
  }
  EXPECT_EQ(done.load(), 2000);
}

TEST(WorkerPools, StealFromTheOtherSideAndCountIt) {
  WorkerPools pools(Workers(1), Workers(1));
  std::latch both(2);
  // Two tasks of one side that wait for each other: only a thief can run the second.
  std::promise<void> finished;
  std::atomic<int> left{2};
  for (int task = 0; task < 2; ++task) {
    pools.Submit(Side::kLeft, Lane::kSearch, [&](WorkerContext&) {
      both.arrive_and_wait();
      if (left.fetch_sub(1) == 1) finished.set_value();
    });
  }
  finished.get_future().wait();
  EXPECT_EQ(pools.Counters(Side::kRight).steals, 1U);
  EXPECT_GE(pools.Counters(Side::kRight).steal_attempts, 1U);
}

TEST(WorkerPools, TakeSearchesBeforeScansOfEitherSide) {
  WorkerPools pools(Workers(1), Workers(1));
  std::latch busy(2);
  std::promise<void> go;
  const std::shared_future<void> gate = go.get_future().share();
  for (const Side side : {Side::kLeft, Side::kRight}) {
    pools.Submit(side, Lane::kSearch, [&busy, gate](WorkerContext&) {
      busy.count_down();
      gate.wait();
    });
  }
  busy.wait();
  std::atomic<int> searches{0};
  std::atomic<int> searches_before_first_scan{-1};
  std::latch all(6);
  for (int task = 0; task < 2; ++task) {
    pools.Submit(Side::kLeft, Lane::kScan, [&](WorkerContext&) {
      int none = -1;
      searches_before_first_scan.compare_exchange_strong(none, searches.load());
      all.count_down();
    });
  }
  for (int task = 0; task < 4; ++task) {
    pools.Submit(Side::kRight, Lane::kSearch, [&](WorkerContext&) {
      searches.fetch_add(1);
      all.count_down();
    });
  }
  go.set_value();
  all.wait();
  // The other worker may be inside the last search when the first scan is taken.
  EXPECT_GE(searches_before_first_scan.load(), 3);
}

// What a worker says about the thread that it is.
struct ThreadState {
  std::string name;
  cpu_set_t cpus;
};

std::vector<ThreadState> ThreadsOf(WorkerPools& pools) {
  std::latch all(static_cast<std::ptrdiff_t>(pools.worker_count()));
  std::vector<ThreadState> threads(pools.worker_count());
  std::latch told(static_cast<std::ptrdiff_t>(pools.worker_count()));
  for (std::size_t task = 0; task < pools.worker_count(); ++task) {
    pools.Submit(Side::kLeft, Lane::kSearch, [&](WorkerContext& worker) {
      ThreadState& thread = threads[worker.index];
      char name[16];
      pthread_getname_np(pthread_self(), name, sizeof(name));
      thread.name = name;
      CPU_ZERO(&thread.cpus);
      sched_getaffinity(0, sizeof(thread.cpus), &thread.cpus);
      // Nobody takes a second task before all have taken one.
      all.arrive_and_wait();
      told.count_down();
    });
  }
  told.wait();
  return threads;
}

TEST(WorkerPools, NameTheirThreadsByNodeSideAndIndex) {
  WorkerPools pools({{0, 0}, 1, false}, {{0}, -1, false});
  const auto threads = ThreadsOf(pools);
  EXPECT_EQ(threads[0].name, "n1-left-0");
  EXPECT_EQ(threads[1].name, "n1-left-1");
  EXPECT_EQ(threads[2].name, "nx-right-0");
}

TEST(WorkerPools, PinEachWorkerToItsCpuUnlessTheyAreFree) {
  cpu_set_t mine;
  ASSERT_EQ(sched_getaffinity(0, sizeof(mine), &mine), 0);
  int cpu = CPU_SETSIZE - 1;
  while (!CPU_ISSET(cpu, &mine)) --cpu;
  // The third CPU does not exist: its worker runs wherever the process may.
  WorkerPools pools({{cpu}, 0, true}, {{cpu, CPU_SETSIZE * 8}, 0, true});
  const auto threads = ThreadsOf(pools);
  for (const std::size_t pinned : {0U, 1U}) {
    EXPECT_EQ(CPU_COUNT(&threads[pinned].cpus), 1);
    EXPECT_TRUE(CPU_ISSET(cpu, &threads[pinned].cpus));
  }
  EXPECT_TRUE(CPU_EQUAL(&threads[2].cpus, &mine));
  WorkerPools unpinned({{cpu}, 0, false}, {{cpu}, 0, false});
  for (const ThreadState& thread : ThreadsOf(unpinned)) EXPECT_TRUE(CPU_EQUAL(&thread.cpus, &mine));
}

TEST(WorkerPools, CountWhatIsQueuedAndWhatWasDone) {
  WorkerPools pools(Workers(1), Workers(1));
  std::promise<void> go;
  const std::shared_future<void> gate = go.get_future().share();
  std::latch busy(2);
  std::latch done(5);
  for (int task = 0; task < 2; ++task) {
    pools.Submit(Side::kRight, Lane::kSearch, [&busy, gate](WorkerContext&) {
      busy.count_down();
      gate.wait();
    });
  }
  busy.wait();
  for (int task = 0; task < 5; ++task) {
    pools.Submit(task < 3 ? Side::kLeft : Side::kRight, task % 2 == 0 ? Lane::kScan : Lane::kSearch,
                 [&done](WorkerContext&) { done.count_down(); });
  }
  EXPECT_EQ(pools.Counters(Side::kLeft).queued, 3U);
  EXPECT_EQ(pools.Counters(Side::kRight).queued, 2U);
  EXPECT_EQ(pools.Counters(Side::kLeft).workers, 1U);
  go.set_value();
  done.wait();
  EXPECT_EQ(pools.Counters(Side::kLeft).queued, 0U);
  // A task is counted after it ran: once all seven are, none is missing.
  const auto tasks = [&pools] {
    return pools.Counters(Side::kLeft).tasks + pools.Counters(Side::kRight).tasks;
  };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (tasks() < 7 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(tasks(), 7U);
  EXPECT_GT(pools.Counters(Side::kLeft).busy_nanoseconds + pools.Counters(Side::kRight).busy_nanoseconds, 0U);
}

// Idle work of one worker a side: in the order in which pieces of it and tasks are run.
class IdleOrder {
 public:
  void Note(char what) {
    const std::lock_guard lock(mutex_);
    order_.push_back(what);
  }
  std::string Text() const {
    const std::lock_guard lock(mutex_);
    return order_;
  }

 private:
  mutable std::mutex mutex_;
  std::string order_;
};

TEST(WorkerPools, LetWhatIsSubmittedWaitForOnePieceOfIdleWorkAtMost) {
  IdleOrder order;
  {
    WorkerPools pools(Workers(1), Workers(1));
    // Both workers are held, and the left one alone let go.
    std::array<std::promise<void>, 2> go;
    const std::array gates{go[0].get_future().share(), go[1].get_future().share()};
    std::latch held(2);
    for (int task = 0; task < 2; ++task) {
      pools.Submit(Side::kRight, Lane::kSearch, [&held, gates](WorkerContext& worker) {
        held.count_down();
        gates[worker.index].wait();
      });
    }
    held.wait();
    std::promise<void> finished;
    const Task third = [&](WorkerContext&) {
      order.Note('3');
      finished.set_value();
    };
    const Task second = [&](WorkerContext&) {
      order.Note('2');
      pools.Continue(Side::kLeft, third);
      for (const Side side : {Side::kLeft, Side::kRight}) {
        pools.Submit(side, Lane::kScan, [&](WorkerContext&) { order.Note('s'); });
      }
    };
    pools.Submit(Side::kLeft, Lane::kIdle, [&](WorkerContext&) {
      order.Note('1');
      pools.Continue(Side::kLeft, second);
      for (const Side side : {Side::kLeft, Side::kRight}) {
        pools.Submit(side, Lane::kSearch, [&](WorkerContext&) { order.Note('w'); });
      }
    });
    go[0].set_value();
    finished.get_future().wait();
    go[1].set_value();
  }
  EXPECT_EQ(order.Text(), "1ww2ss3");
}

TEST(WorkerPools, KeepIdleWorkOnItsSideAndOutOfWhatIsCountedAsLoad) {
  WorkerPools pools(Workers(1), Workers(2));
  std::latch done(100);
  std::atomic<int> of_the_other_side{0};
  const auto before = pools.Counters(Side::kRight).tasks;
  for (int task = 0; task < 100; ++task) {
    pools.Submit(Side::kRight, Lane::kIdle, [&](WorkerContext& worker) {
      // The left worker is the first.
      if (worker.index == 0) of_the_other_side.fetch_add(1);
      const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(10);
      while (std::chrono::steady_clock::now() < end) {
      }
      done.count_down();
    });
  }
  EXPECT_EQ(pools.Counters(Side::kRight).queued, 0U);
  done.wait();
  EXPECT_EQ(of_the_other_side.load(), 0);
  const PoolCounters right = pools.Counters(Side::kRight);
  EXPECT_EQ(right.tasks, before);
  EXPECT_EQ(right.busy_nanoseconds, 0U);
  EXPECT_GE(right.idle_work_nanoseconds, 98U * 10'000U);
  EXPECT_EQ(right.steals + pools.Counters(Side::kLeft).steals, 0U);
  EXPECT_EQ(pools.workers_of(Side::kRight), 2U);
}

TEST(WorkerPools, RunIdleWorkThatContinuesWhileTheyStop) {
  std::atomic<int> pieces{0};
  Task piece;
  {
    WorkerPools pools(Workers(1), Workers(1));
    piece = [&](WorkerContext&) {
      if (pieces.fetch_add(1) < 9) pools.Continue(Side::kLeft, piece);
    };
    pools.Submit(Side::kLeft, Lane::kIdle, piece);
  }
  EXPECT_EQ(pieces.load(), 10);
}

TEST(WorkerPools, CountTasksOfOverAMillisecondAsSlow) {
  WorkerPools pools(Workers(1), Workers(1));
  constexpr auto kLong = std::chrono::milliseconds(3);
  for (int task = 0; task < 2; ++task) {
    pools.Submit(Side::kLeft, Lane::kSearch, [kLong](WorkerContext&) { std::this_thread::sleep_for(kLong); });
  }
  const auto sum = [&pools](std::uint64_t PoolCounters::*counter) {
    return pools.Counters(Side::kLeft).*counter + pools.Counters(Side::kRight).*counter;
  };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (sum(&PoolCounters::slow_tasks) < 2 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_EQ(sum(&PoolCounters::slow_tasks), 2U);
  EXPECT_GE(sum(&PoolCounters::slow_nanoseconds), 6'000'000U);
  EXPECT_LE(sum(&PoolCounters::slow_nanoseconds), sum(&PoolCounters::busy_nanoseconds));
}

TEST(WorkerPools, NeverShowAPartThatIsLargerThanItsWhole) {
  WorkerPools pools(PoolPlan{.cpus = {0}}, PoolPlan{.cpus = {0}});
  std::atomic<int> left{2'000};
  for (int task = 0; task < 2'000; ++task) {
    const Side side = task % 3 == 0 ? Side::kRight : Side::kLeft;
    pools.Submit(side, task % 5 == 0 ? Lane::kIdle : Lane::kSearch, [&left](WorkerContext& worker) {
      // More than the task can have taken, as a clock may say that is ahead.
      worker.kernel_nanoseconds += 1'000'000'000;
      left.fetch_sub(1);
    });
  }
  while (left.load() > 0) {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      const PoolCounters counters = pools.Counters(side);
      ASSERT_LE(counters.kernel_nanoseconds, counters.busy_nanoseconds);
      ASSERT_LE(counters.slow_nanoseconds, counters.busy_nanoseconds);
      ASSERT_LE(counters.slow_tasks, counters.tasks);
      ASSERT_LE(counters.steals, counters.steal_attempts);
    }
  }
}

TEST(WorkerPools, RunATaskThatATaskSubmitsWhileTheyStop) {
  std::atomic<int> done{0};
  {
    WorkerPools pools(Workers(1), Workers(1));
    pools.Submit(Side::kLeft, Lane::kSearch, [&](WorkerContext&) {
      pools.Submit(Side::kRight, Lane::kScan, [&](WorkerContext&) { done.fetch_add(1); });
    });
  }
  EXPECT_EQ(done.load(), 1);
}

TEST(WorkerPools, GiveEveryWorkerItsOwnIndex) {
  std::latch all(5);
  std::mutex mutex;
  std::vector<std::size_t> indices;
  // Ends first: its workers may still wait on the latch when the last one has arrived.
  WorkerPools pools(Workers(3), Workers(2));
  EXPECT_EQ(pools.worker_count(), 5U);
  for (int task = 0; task < 5; ++task) {
    pools.Submit(Side::kLeft, Lane::kSearch, [&](WorkerContext& worker) {
      {
        const std::lock_guard lock(mutex);
        indices.push_back(worker.index);
      }
      all.arrive_and_wait();
    });
  }
  all.wait();
  std::sort(indices.begin(), indices.end());
  EXPECT_EQ(indices, (std::vector<std::size_t>{0, 1, 2, 3, 4}));
}

}  // namespace
}  // namespace irispair
