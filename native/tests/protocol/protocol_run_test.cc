#include "core/protocol/protocol_run.h"

#include <gtest/gtest.h>

#include "core/system/error.h"
#include "tests/protocol/support/ring.h"

namespace irispair {
namespace {

// Sends what it has on, twice: two rounds, the second in a protocol within the protocol.
Protocol<Bytes> PassOn(Party& party, Bytes message) {
  const std::size_t expected = message.size();
  const std::span<const std::uint8_t> received = co_await party.Exchange(std::move(message), expected);
  co_return Bytes(received.begin(), received.end());
}

Protocol<Bytes> PassOnTwice(Party& party) {
  Bytes first = co_await PassOn(party, Bytes(3, static_cast<std::uint8_t>(party.index())));
  Bytes second = co_await PassOn(party, std::move(first));
  co_return second;
}

Protocol<Bytes> Fail(Party& party) {
  co_await PassOn(party, Bytes(1));
  throw Error(ErrorCode::kInvalidArgument, "on purpose");
}

TEST(ProtocolRun, TakesMessagesRoundTheRing) {
  std::mt19937_64 random(1);
  const auto result = RunRing<Bytes>(random, PassOnTwice);
  EXPECT_EQ(result.rounds, 2U);
  EXPECT_EQ(result.bytes, (std::array<std::size_t, 3>{6, 6, 6}));
  for (std::uint8_t party = 0; party < kParties; ++party) {
    EXPECT_EQ(result.outputs[party], Bytes(3, (party + 1) % kParties));
  }
}

TEST(ProtocolRun, RefusesAMessageOfAnotherSizeAndIsUnusableThen) {
  for (const std::size_t size : {0, 2, 4}) {
    ProgramRun<Bytes> run(0, PairKeys{}, PassOnTwice);
    EXPECT_EQ(run.Advance({}), Bytes(3, 0));
    EXPECT_EQ(run.expected_bytes(), 3U);
    try {
      run.Advance(Bytes(size));
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kPartyFailed);
      EXPECT_EQ(error.what(),
                "round 1: the previous party sent " + std::to_string(size) + " bytes where 3 were due");
    }
    EXPECT_THROW(run.Advance(Bytes(3)), Error);
  }
}

TEST(ProtocolRun, RefusesAMessageBeforeTheFirstRound) {
  ProgramRun<Bytes> run(0, PairKeys{}, PassOnTwice);
  EXPECT_THROW(run.Advance(Bytes(3)), Error);
}

TEST(ProtocolRun, ThrowsWhatTheProgramThrows) {
  ProgramRun<Bytes> run(0, PairKeys{}, Fail);
  run.Advance({});
  EXPECT_THROW(run.Advance(Bytes(1)), Error);
  EXPECT_THROW(run.Advance(Bytes(1)), Error);
}

// What is left behind, AddressSanitizer would tell.
TEST(ProtocolRun, FreesEverythingWhereverItIsLeft) {
  ProgramRun<Bytes> never(0, PairKeys{}, PassOnTwice);
  ProgramRun<Bytes> early(1, PairKeys{}, PassOnTwice);
  early.Advance({});
  ProgramRun<Bytes> late(2, PairKeys{}, PassOnTwice);
  late.Advance({});
  late.Advance(Bytes(3));
}

}  // namespace
}  // namespace irispair
