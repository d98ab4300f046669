#include "core/protocol/compare.h"

#include <gtest/gtest.h>

#include "tests/protocol/support/distances.h"
#include "tests/protocol/support/values.h"

namespace irispair {
namespace {

bool Negative(std::uint32_t difference) { return static_cast<std::int32_t>(difference) < 0; }

TEST(NearnessDifferences, AreNegativeWhereTheChallengerIsNearer) {
  std::mt19937_64 random(13);
  for (const std::size_t size : kSizes) {
    const std::vector<Distance> distances = RandomDistances(size + 7, random);
    const auto shares = ShareDistances(distances, random);
    const std::vector<Comparisons> comparisons{{7, 0, size, Challengers::kEach},
                                               {3, 7, size, Challengers::kOne}};
    const auto result = RunRing<Shared32>(
        random, [&](Party& party) { return NearnessDifferences(party, shares[party.index()], comparisons); });
    const std::vector<std::uint32_t> differences = Recombine(result.outputs);
    ASSERT_EQ(differences.size(), 2 * size);
    for (std::size_t index = 0; index < size; ++index) {
      EXPECT_EQ(Negative(differences[index]), Nearer(distances[7 + index], distances[index]));
      EXPECT_EQ(Negative(differences[size + index]), Nearer(distances[3], distances[7 + index]));
    }
    EXPECT_EQ(result.rounds, 1U);
    EXPECT_EQ(result.TotalBytes(), 3 * 4 * 2 * size);
  }
}

TEST(MatchDifferences, AreNegativeBelowTheLimit) {
  std::mt19937_64 random(14);
  for (const std::uint32_t limit : {0U, 1U, 16'384U, 65'535U, 65'536U}) {
    std::vector<Distance> distances = RandomDistances(200, random);
    distances.push_back({375, 1000, 0, 0});
    distances.push_back({374, 1000, 0, 0});
    distances.push_back({376, 1000, 0, 0});
    const auto shares = ShareDistances(distances, random);
    std::array<Shared32, kParties> differences;
    std::array<Shared32, kParties> differences_of_short_code;
    for (unsigned party = 0; party < kParties; ++party) {
      const Shared32& code = shares[party].code;
      Shared16 short_code;
      short_code.own.assign(code.own.begin(), code.own.end());
      short_code.previous.assign(code.previous.begin(), code.previous.end());
      differences[party] = MatchDifferences(code, shares[party].mask, limit);
      differences_of_short_code[party] = MatchDifferences(short_code, shares[party].mask, limit);
    }
    const std::vector<std::uint32_t> plain = Recombine(differences);
    EXPECT_EQ(Recombine(differences_of_short_code), plain);
    for (std::size_t index = 0; index < distances.size(); ++index) {
      EXPECT_EQ(Negative(plain[index]), IsMatch(distances[index], limit));
    }
  }
}

}  // namespace
}  // namespace irispair
