// What a party receives must tell it nothing, whatever the inputs: it is uniform although the party knows its
// inputs and the two keys that it shares. Only the key between the two others is fresh each time.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "core/protocol/lift.h"
#include "core/protocol/programs/evaluate_program.h"
#include "core/protocol/programs/match_program.h"
#include "core/protocol/reshare.h"
#include "core/protocol/sign_bit.h"
#include "tests/protocol/support/ring.h"

namespace irispair {
namespace {

constexpr int kRuns = 200;
// Standard deviations. Seeds are fixed: a test that passes does so always.
constexpr double kFarthest = 6;

using Keys = std::array<PairKeys, kParties>;
using Views = std::array<Bytes, kParties>;

// Repeats a protocol. Over all bytes of a view, each value is as frequent as any other; and over all runs,
// each bit of it is as often 1 as 0. Sizes are such that no bit is padding.
void ExpectUniform(const std::function<Views(const Keys&)>& run) {
  std::mt19937_64 random(54);
  for (unsigned party = 0; party < kParties; ++party) {
    std::array<double, 256> frequencies{};
    std::vector<double> ones;
    double bytes = 0;
    Keys keys = RandomKeys(random);
    const unsigned next = (party + 1) % kParties;
    for (int repeat = 0; repeat < kRuns; ++repeat) {
      keys[next].with_next = RandomKeys(random)[next].with_next;
      keys[(next + 1) % kParties].with_previous = keys[next].with_next;
      const Bytes view = run(keys)[party];
      ASSERT_FALSE(view.empty());
      ones.resize(8 * view.size());
      bytes += static_cast<double>(view.size());
      for (std::size_t index = 0; index < view.size(); ++index) {
        ++frequencies[view[index]];
        for (std::size_t bit = 0; bit < 8; ++bit) ones[8 * index + bit] += view[index] >> bit & 1;
      }
    }
    const double expected = bytes / 256;
    double chi_square = 0;
    for (const double frequency : frequencies) {
      chi_square += (frequency - expected) * (frequency - expected) / expected;
    }
    // Of 255 degrees of freedom.
    EXPECT_LT(std::abs(chi_square - 255), kFarthest * std::sqrt(2.0 * 255)) << "party " << party;
    for (std::size_t bit = 0; bit < ones.size(); ++bit) {
      ASSERT_LT(std::abs(ones[bit] - kRuns / 2.0), kFarthest * std::sqrt(kRuns / 4.0))
          << "party " << party << ", bit " << bit;
    }
  }
}

// All of it is one summand: nothing but the keys is random.
template <typename Word>
std::array<Replicated<Word>, kParties> AllInOneSummand(std::size_t size, std::int64_t value) {
  std::array<Replicated<Word>, kParties> shares;
  shares.fill(Replicated<Word>(size));
  shares[0].own.assign(size, static_cast<Word>(value));
  shares[1].previous = shares[0].own;
  return shares;
}

DotProducts DotsOf(const Party& party, std::size_t pairs, std::size_t rotations, std::int64_t code,
                   std::int64_t mask) {
  const std::size_t size = pairs * rotations;
  DotProducts dots{pairs, rotations, std::vector<std::uint16_t>(size), std::vector<std::uint16_t>(size)};
  if (party.index() == 0) {
    dots.code.assign(size, static_cast<std::uint16_t>(code));
    dots.mask.assign(size, static_cast<std::uint16_t>(mask));
  }
  return dots;
}

TEST(Uniformity, OfReshare) {
  for (const std::int64_t value : {0, 1, -1, 12'800}) {
    const auto shares = AllInOneSummand<std::uint16_t>(192, value);
    ExpectUniform([&](const Keys& keys) {
      return RunRing<Shared16>(keys, [&](Party& party) { return Reshare(party, shares[party.index()].own); })
          .views;
    });
  }
}

TEST(Uniformity, OfLift) {
  for (const std::int64_t value : {0, 12'800, -12'800, -1}) {
    const auto shares = AllInOneSummand<std::uint16_t>(192, value);
    ExpectUniform([&](const Keys& keys) {
      return RunRing<Shared32>(keys, [&](Party& party) { return Lift(party, shares[party.index()]); }).views;
    });
  }
}

TEST(Uniformity, OfSignBits) {
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{-1} << 31, std::int64_t{0x7fff'ffff}}) {
    const auto shares = AllInOneSummand<std::uint32_t>(192, value);
    ExpectUniform([&](const Keys& keys) {
      return RunRing<SharedBits>(keys, [&](Party& party) { return SignBits(party, shares[party.index()]); })
          .views;
    });
  }
}

TEST(Uniformity, OfMatches) {
  for (const std::int64_t code : {12'800, -12'800}) {
    ExpectUniform([&](const Keys& keys) {
      return RunRing<MatchOutput>(
                 keys,
                 [&](Party& party) {
                   return MatchProgram(party, MatchInput{DotsOf(party, 64, 3, code, 12'800), 16'384});
                 })
          .views;
    });
  }
}

// Lift, minimum and ranking: 64 newcomers, all pairs of which and all match bits are opened.
TEST(Uniformity, OfEvaluations) {
  for (const std::int64_t code : {12'800, -12'800}) {
    ExpectUniform([&](const Keys& keys) {
      return RunRing<EvaluateOutput>(keys,
                                     [&](Party& party) {
                                       return EvaluateProgram(
                                           party,
                                           EvaluateInput{DotsOf(party, 64, 4, code, 12'800), 64, 16'384, {}});
                                     })
          .views;
    });
  }
}

}  // namespace
}  // namespace irispair
