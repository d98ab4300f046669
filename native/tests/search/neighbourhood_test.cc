#include "core/search/neighbourhood.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace irispair {
namespace {

Distance At(int differing) { return {static_cast<std::uint16_t>(differing), 1000, 0, 0}; }

constexpr Distance kNone{0, 0, 0, 0};

std::vector<std::pair<std::uint32_t, std::uint32_t>> Pairs(const std::vector<Entered>& entered) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  for (const Entered& one : entered) pairs.emplace_back(one.index, one.rank);
  return pairs;
}

using Expected = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

TEST(Neighbourhood, KeepsTheBestInOrder) {
  Neighbourhood neighbourhood(3);
  EXPECT_EQ(Pairs(neighbourhood.Merge(std::vector{At(300), At(100)})), (Expected{{1, 0}, {0, 1}}));
  EXPECT_EQ(Pairs(neighbourhood.Merge(std::vector{At(400), At(200), At(250)})), (Expected{{1, 1}, {2, 2}}));
  EXPECT_EQ(neighbourhood.size(), 3U);
  EXPECT_TRUE(neighbourhood.Merge(std::vector{At(260)}).empty());
}

TEST(Neighbourhood, KeepsWhatWasThereAheadOnTies) {
  Neighbourhood neighbourhood(4);
  neighbourhood.Merge(std::vector{At(100)});
  EXPECT_EQ(Pairs(neighbourhood.Merge(std::vector{At(100), At(100)})), (Expected{{0, 1}, {1, 2}}));
}

TEST(Neighbourhood, PutsWhatHasNoDistanceLast) {
  Neighbourhood neighbourhood(3);
  EXPECT_EQ(Pairs(neighbourhood.Merge(std::vector{kNone, At(900), kNone})),
            (Expected{{1, 0}, {0, 1}, {2, 2}}));
  EXPECT_EQ(Pairs(neighbourhood.Merge(std::vector{At(950), kNone})), (Expected{{0, 1}}));
}

TEST(Neighbourhood, CountsTheMatchesAtItsFront) {
  Neighbourhood neighbourhood(10);
  neighbourhood.Merge(std::vector{At(374), At(375), At(100), kNone});
  EXPECT_EQ(neighbourhood.Matches(16384), 2U);
}

TEST(Neighbourhood, EqualsSortingEverythingWhateverTheBatches) {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    const std::size_t ef = 1 + random() % 40;
    Neighbourhood neighbourhood(ef);
    std::vector<int> ranked;
    std::vector<int> all;
    for (int batch = 0; batch < 6; ++batch) {
      std::vector<int> differing(random() % 30);
      std::vector<Distance> distances;
      for (int& value : differing) {
        value = static_cast<int>(random() % 1000);
        distances.push_back(At(value));
        all.push_back(value);
      }
      for (const Entered& entered : neighbourhood.Merge(distances)) {
        ranked.insert(ranked.begin() + entered.rank, differing[entered.index]);
      }
      ranked.resize(std::min(ranked.size(), ef));
    }
    std::sort(all.begin(), all.end());
    all.resize(std::min(all.size(), ef));
    EXPECT_EQ(ranked, all);
  }
}

}  // namespace
}  // namespace irispair
