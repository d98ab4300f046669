#include "core/shares/dot_products.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/shares/emulated_dot_kernels.h"
#include "tests/shares/published.h"
#include "tests/shares/support.h"

namespace irispair {
namespace {

constexpr RotationWindow kAllRotations{0, kFarthestRotation};

struct Dots {
  std::vector<std::uint16_t> code;
  std::vector<std::uint16_t> mask;

  friend bool operator==(const Dots&, const Dots&) = default;
};

Dots DotsOf(const DotKernel& kernel, const std::vector<const PreparedShare*>& queries, RotationWindow window,
            const std::vector<const ShareRecord*>& candidates) {
  const std::size_t count = queries.size() * candidates.size() * static_cast<std::size_t>(window.Size());
  Dots dots{std::vector<std::uint16_t>(count), std::vector<std::uint16_t>(count)};
  kernel.dots(queries, window, candidates, dots.code, dots.mask);
  return dots;
}

// From the definition: the rolled query's elements times the candidate's, one after the other.
std::uint16_t NaiveDot(const PreparedShare& query, int rotation, std::size_t first_row,
                       std::span<const std::uint16_t> candidate) {
  std::uint32_t sum = 0;
  for (std::size_t index = 0; index < candidate.size(); ++index) {
    const std::size_t row = first_row + index / 800;
    const auto column = static_cast<int>(index % 800 / 4);
    const auto rolled = static_cast<std::size_t>(column - rotation + kFarthestRotation);
    sum += std::uint32_t{query.Row(row)[rolled * 4 + index % 4]} * candidate[index];
  }
  return static_cast<std::uint16_t>(sum);
}

Dots Naive(const std::vector<const PreparedShare*>& queries, RotationWindow window,
           const std::vector<const ShareRecord*>& candidates) {
  Dots dots;
  for (const PreparedShare* query : queries) {
    for (const ShareRecord* candidate : candidates) {
      for (int rotation = window.First(); rotation <= window.Last(); ++rotation) {
        dots.code.push_back(NaiveDot(*query, rotation, 0, candidate->code));
        dots.mask.push_back(NaiveDot(*query, rotation, kCodeShareRows, candidate->mask));
      }
    }
  }
  return dots;
}

std::vector<const DotKernel*> EveryKernel() {
  const auto available = AvailableDotKernels();
  std::vector<const DotKernel*> kernels(available.begin(), available.end());
  for (const DotKernel* emulated : EmulatedDotKernels()) kernels.push_back(emulated);
  return kernels;
}

std::string Name(const testing::TestParamInfo<const DotKernel*>& info) {
  std::string name = info.param->name;
  std::ranges::replace(name, ' ', '_');
  return name;
}

class DotKernelTest : public testing::TestWithParam<const DotKernel*> {};

INSTANTIATE_TEST_SUITE_P(Every, DotKernelTest, testing::ValuesIn(EveryKernel()), Name);

TEST_P(DotKernelTest, ReproducesThePublishedAdditiveShares) {
  const published::Vectors& vectors = published::Read();
  ASSERT_EQ(vectors.shared_pairs.size(), 3U);
  for (const published::SharedPair& pair : vectors.shared_pairs) {
    SCOPED_TRACE(pair.query + " against " + pair.gallery);
    for (std::size_t party = 0; party < kShareParties; ++party) {
      const PreparedShare query(vectors.shares.at(pair.query)[party], party, Orientation::kNormal);
      const Dots dots = DotsOf(*GetParam(), {&query}, {0, 0}, {&vectors.shares.at(pair.gallery)[party]});
      EXPECT_EQ(dots.code[0], pair.code_dots[party]);
      EXPECT_EQ(dots.mask[0], pair.mask_dots[party]);
    }
  }
}

void ExpectFigures(const std::array<Dots, kShareParties>& parties,
                   const std::vector<std::array<int, 2>>& figures) {
  for (std::size_t index = 0; index < figures.size(); ++index) {
    const auto [differing, unmasked] = figures[index];
    std::uint16_t code = 0;
    std::uint16_t mask = 0;
    for (const Dots& dots : parties) {
      code = static_cast<std::uint16_t>(code + dots.code[index]);
      mask = static_cast<std::uint16_t>(mask + dots.mask[index]);
    }
    EXPECT_EQ(static_cast<std::int16_t>(code), unmasked - 2 * differing) << "rotation " << index;
    EXPECT_EQ(mask, unmasked) << "rotation " << index;
  }
}

TEST_P(DotKernelTest, PartiesTogetherGetTheDotProductsOfEveryPublishedPair) {
  const published::Vectors& vectors = published::Read();
  ASSERT_EQ(vectors.pairs.size(), 38U);
  std::mt19937_64 random(11);
  for (const published::Pair& pair : vectors.pairs) {
    SCOPED_TRACE(pair.probe + " against " + pair.gallery);
    const auto probe = Shared(vectors.templates.at(pair.probe), random);
    const auto gallery = Shared(vectors.templates.at(pair.gallery), random);
    for (const Orientation orientation : {Orientation::kNormal, Orientation::kMirror}) {
      std::array<Dots, kShareParties> parties;
      for (std::size_t party = 0; party < kShareParties; ++party) {
        const PreparedShare query(probe[party], party, orientation);
        parties[party] = DotsOf(*GetParam(), {&query}, kAllRotations, {&gallery[party]});
      }
      ExpectFigures(parties, orientation == Orientation::kNormal ? pair.normal : pair.mirrored);
    }
  }
}

TEST_P(DotKernelTest, TakesEveryWindow) {
  std::mt19937_64 random(12);
  const PreparedShare query(RandomShare(random), 1, Orientation::kNormal);
  const ShareRecord candidate = RandomShare(random);
  const Dots all = Naive({&query}, kAllRotations, {&candidate});
  for (int base = -15; base <= 15; ++base) {
    for (int reach = 0; std::abs(base) + reach <= 15; ++reach) {
      const RotationWindow window{base, reach};
      const Dots dots = DotsOf(*GetParam(), {&query}, window, {&candidate});
      const auto first = static_cast<std::ptrdiff_t>(window.First() + kFarthestRotation);
      EXPECT_TRUE(std::equal(dots.code.begin(), dots.code.end(), all.code.begin() + first))
          << "base " << base << " reach " << reach;
      EXPECT_TRUE(std::equal(dots.mask.begin(), dots.mask.end(), all.mask.begin() + first))
          << "base " << base << " reach " << reach;
    }
  }
}

TEST_P(DotKernelTest, TakesSeveralQueriesAndAnyNumberOfCandidates) {
  std::mt19937_64 random(13);
  constexpr std::size_t kMostCandidates = 37;
  std::vector<ShareRecord> records(kMostCandidates);
  for (ShareRecord& record : records) record = RandomShare(random);
  std::vector<PreparedShare> prepared;
  for (std::size_t index = 0; index < 9; ++index) {
    prepared.emplace_back(RandomShare(random), index % kShareParties, Orientation::kMirror);
  }
  for (const std::size_t count : {0, 1, 2, 3, 37}) {
    for (const std::size_t query_count : {0, 1, 3, 9}) {
      std::vector<const PreparedShare*> queries;
      for (std::size_t index = 0; index < query_count; ++index) queries.push_back(&prepared[index]);
      std::vector<const ShareRecord*> candidates;
      for (std::size_t index = 0; index < count; ++index) candidates.push_back(&records[count - 1 - index]);
      for (const int reach : {0, 1, 5}) {
        const RotationWindow window{2, reach};
        EXPECT_EQ(DotsOf(*GetParam(), queries, window, candidates), Naive(queries, window, candidates))
            << query_count << " queries, " << count << " candidates, reach " << reach;
      }
    }
  }
}

TEST_P(DotKernelTest, WrapsAroundAtExtremes) {
  ShareRecord extreme;
  for (const std::uint16_t element : {0x0000, 0x7fff, 0x8000, 0xffff}) {
    extreme.code.fill(element);
    extreme.mask.fill(element);
    const PreparedShare query(extreme, 2, Orientation::kNormal);
    EXPECT_EQ(DotsOf(*GetParam(), {&query}, {0, 5}, {&extreme}), Naive({&query}, {0, 5}, {&extreme}));
  }
}

TEST(DotKernelChoice, HasTheNamesOfTheOtherKernelsAndRefusesUnknownOnes) {
  EXPECT_STREQ(AvailableDotKernels().front()->name, "scalar");
  EXPECT_EQ(FindDotKernel(BestDotKernel().name), &BestDotKernel());
  EXPECT_EQ(FindDotKernel("sse2"), nullptr);
}

TEST(ShareQuery, ComparesTheOtherEyeWhenMirrored) {
  std::mt19937_64 random(14);
  const IrisShares iris{RandomShare(random), RandomShare(random)};
  const ShareQuery query(iris, 1);
  EXPECT_EQ(query.Iris(), iris);
  const auto expect_same = [](const PreparedShare& a, const PreparedShare& b) {
    for (std::size_t row = 0; row < PreparedShare::kRows; ++row) {
      EXPECT_TRUE(std::ranges::equal(a.Row(row), b.Row(row)));
    }
  };
  expect_same(query.Against(Side::kLeft, Orientation::kNormal),
              PreparedShare(iris[0], 1, Orientation::kNormal));
  expect_same(query.Against(Side::kRight, Orientation::kNormal),
              PreparedShare(iris[1], 1, Orientation::kNormal));
  expect_same(query.Against(Side::kLeft, Orientation::kMirror),
              PreparedShare(iris[1], 1, Orientation::kMirror));
  expect_same(query.Against(Side::kRight, Orientation::kMirror),
              PreparedShare(iris[0], 1, Orientation::kMirror));
}

}  // namespace
}  // namespace irispair
