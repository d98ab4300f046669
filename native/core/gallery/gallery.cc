#include "core/gallery/gallery.h"

#include <algorithm>
#include <cstring>

#include "core/system/error.h"

namespace irispair {

namespace {

// The arenas grow in turn: whoever reserves memory for the first one needs as much for the others.
ArenaPlan FirstOf(ArenaPlan plan) {
  plan.segment.in_turn = kSides;
  return plan;
}

}  // namespace

Gallery::Gallery(const ArenaPlan& plan, std::size_t readers, KernelCalls& calls)
    : arenas_{{{FirstOf(plan), calls}, {plan, calls}}}, epochs_(readers) {}

std::uint32_t Gallery::FreeSlots() const {
  return Capacity() - untouched_ + static_cast<std::uint32_t>(freed_.size());
}

bool Gallery::Reserve(std::uint32_t count) {
  Reclaim();
  if (FreeSlots() - reserved_ < count) return false;
  reserved_ += count;
  return true;
}

void Gallery::Unreserve(std::uint32_t count) { reserved_ -= std::min(count, reserved_); }

void Gallery::Grow() {
  // After a failure one arena may be ahead: the other catches up first.
  const std::uint32_t left = arenas_[0].capacity();
  const std::uint32_t right = arenas_[1].capacity();
  if (left <= right) arenas_[0].Grow();
  if (right <= left) arenas_[1].Grow();
}

std::uint32_t Gallery::TakeSlot() {
  if (reserved_ == 0) throw Error(ErrorCode::kCapacityExhausted, "no slot was reserved for this iris");
  --reserved_;
  if (freed_.empty()) return untouched_++;
  const std::uint32_t slot = freed_.back();
  freed_.pop_back();
  return slot;
}

void Gallery::Publish(std::uint32_t serial_id, std::uint16_t version, const IrisPlanes& iris) {
  const DirectoryEntry before = directory_.Find(serial_id);
  const std::uint32_t slot = TakeSlot();
  for (std::size_t side = 0; side < kSides; ++side) *arenas_[side].Slot(slot) = iris[side];
  directory_.Set(serial_id, {IrisState::kLive, version, slot});
  used_.fetch_add(1);
  if (before.state == IrisState::kLive) Withdraw(before.slot);
}

void Gallery::Erase(std::uint32_t serial_id, std::uint16_t version) {
  const DirectoryEntry before = directory_.Find(serial_id);
  directory_.Set(serial_id, {IrisState::kDeleted, version, 0});
  if (before.state == IrisState::kLive) Withdraw(before.slot);
}

void Gallery::Withdraw(std::uint32_t slot) {
  used_.fetch_sub(1);
  withdrawn_.push_back({slot, epochs_.End()});
  Reclaim();
}

void Gallery::Reclaim() {
  while (!withdrawn_.empty() && epochs_.Over(withdrawn_.front().epoch)) {
    const std::uint32_t slot = withdrawn_.front().slot;
    for (const Arena& arena : arenas_) *arena.Slot(slot) = EyePlanes{};
    freed_.push_back(slot);
    withdrawn_.pop_front();
  }
}

std::array<const EyePlanes*, kSides> Gallery::Read(std::uint32_t serial_id) const {
  const DirectoryEntry entry = directory_.Find(serial_id);
  if (entry.state != IrisState::kLive) return {nullptr, nullptr};
  return {arenas_[0].Slot(entry.slot), arenas_[1].Slot(entry.slot)};
}

const EyePlanes* Gallery::Find(Side side, std::uint32_t serial_id, std::uint32_t version) const {
  const DirectoryEntry entry = directory_.Find(serial_id);
  if (entry.state != IrisState::kLive || entry.version != version) return nullptr;
  return arenas_[Index(side)].Slot(entry.slot);
}

}  // namespace irispair
