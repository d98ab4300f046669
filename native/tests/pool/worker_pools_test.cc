#include "core/pool/worker_pools.h"

#include <gtest/gtest.h>

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

TEST(WorkerPools, GiveEveryWorkerItsOwnIndex) {
  WorkerPools pools(Workers(3), Workers(2));
  EXPECT_EQ(pools.worker_count(), 5U);
  std::latch all(5);
  std::mutex mutex;
  std::vector<std::size_t> indices;
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
