#include "core/gallery/reading.h"

#include <gtest/gtest.h>

#include <optional>

#include "core/gallery/directory.h"

namespace irispair {
namespace {

TEST(ReadingEpochs, AreOverOnceWhoeverEnteredBeforeHasLeft) {
  ReadingEpochs epochs(3);
  std::optional<ReadingEpochs::Section> early(std::in_place, epochs, 0);
  const std::uint64_t first = epochs.End();
  std::optional<ReadingEpochs::Section> late(std::in_place, epochs, 2);
  EXPECT_FALSE(epochs.Over(first));
  const std::uint64_t second = epochs.End();
  early.reset();
  EXPECT_TRUE(epochs.Over(first));
  EXPECT_FALSE(epochs.Over(second));
  late.reset();
  EXPECT_TRUE(epochs.Over(second));
}

TEST(ReadingEpochs, AreOverAtOnceWhenNobodyReads) {
  ReadingEpochs epochs(2);
  EXPECT_TRUE(epochs.Over(epochs.End()));
}

TEST(Directory, HoldsTheLowestAndTheHighestId) {
  Directory directory;
  EXPECT_EQ(directory.highest(), 0U);
  directory.Set(0xffff'ffff, {IrisState::kLive, 0xffff, 0xffff'fffe});
  directory.Set(1, {IrisState::kDeleted, 3, 0});
  EXPECT_EQ(directory.highest(), 0xffff'ffffU);
  const DirectoryEntry last = directory.Find(0xffff'ffff);
  EXPECT_EQ(last.state, IrisState::kLive);
  EXPECT_EQ(last.version, 0xffff);
  EXPECT_EQ(last.slot, 0xffff'fffeU);
  EXPECT_EQ(directory.Find(1).state, IrisState::kDeleted);
  EXPECT_EQ(directory.Find(1).version, 3);
  EXPECT_EQ(directory.Find(2).state, IrisState::kUnknown);
  EXPECT_EQ(directory.Find(0x8000'0000).state, IrisState::kUnknown);
  EXPECT_TRUE(directory.MayHold(65535));
  EXPECT_FALSE(directory.MayHold(65536));
  EXPECT_TRUE(directory.MayHold(0xffff'0000));
}

}  // namespace
}  // namespace irispair
