#include "core/gallery/gallery.h"

#include <algorithm>
#include <cstring>

#include "core/shares/share_record.h"
#include "core/system/error.h"

namespace irispair {

namespace {

// The arenas grow in turn: whoever reserves memory for the first one needs as much for the others.
ArenaPlan FirstOf(ArenaPlan plan) {
  plan.segment.in_turn = kSides;
  return plan;
}

}  // namespace

template <typename Eye>
BasicGallery<Eye>::BasicGallery(const ArenaPlan& plan, std::size_t readers, KernelCalls& calls)
    : arenas_{{{FirstOf(plan), sizeof(Eye), calls}, {plan, sizeof(Eye), calls}}}, epochs_(readers) {}

template <typename Eye>
std::uint32_t BasicGallery<Eye>::FreeSlots() const {
  return Capacity() - untouched_ + static_cast<std::uint32_t>(freed_.size());
}

template <typename Eye>
bool BasicGallery<Eye>::Reserve(std::uint32_t count) {
  Reclaim();
  if (FreeSlots() - reserved_ < count) return false;
  reserved_ += count;
  return true;
}

template <typename Eye>
void BasicGallery<Eye>::Unreserve(std::uint32_t count) {
  reserved_ -= std::min(count, reserved_);
}

template <typename Eye>
void BasicGallery<Eye>::Grow() {
  // After a failure one arena may be ahead: the other catches up first.
  const std::uint32_t left = arenas_[0].capacity();
  const std::uint32_t right = arenas_[1].capacity();
  if (left <= right) arenas_[0].Grow();
  if (right <= left) arenas_[1].Grow();
}

template <typename Eye>
std::uint32_t BasicGallery<Eye>::TakeSlot() {
  if (reserved_ == 0) throw Error(ErrorCode::kCapacityExhausted, "no slot was reserved for this iris");
  --reserved_;
  if (freed_.empty()) return untouched_++;
  const std::uint32_t slot = freed_.back();
  freed_.pop_back();
  return slot;
}

template <typename Eye>
void BasicGallery<Eye>::Publish(std::uint32_t serial_id, std::uint16_t version, const BothEyes<Eye>& iris) {
  const DirectoryEntry before = directory_.Find(serial_id);
  const std::uint32_t slot = TakeSlot();
  for (const Side side : {Side::kLeft, Side::kRight}) *Slot(side, slot) = iris[Index(side)];
  directory_.Set(serial_id, {IrisState::kLive, version, slot});
  used_.fetch_add(1);
  if (before.state == IrisState::kLive) Withdraw(before.slot);
}

template <typename Eye>
void BasicGallery<Eye>::Erase(std::uint32_t serial_id, std::uint16_t version) {
  const DirectoryEntry before = directory_.Find(serial_id);
  directory_.Set(serial_id, {IrisState::kDeleted, version, 0});
  if (before.state == IrisState::kLive) Withdraw(before.slot);
}

template <typename Eye>
void BasicGallery<Eye>::Withdraw(std::uint32_t slot) {
  used_.fetch_sub(1);
  withdrawn_.push_back({slot, epochs_.End()});
  Reclaim();
}

template <typename Eye>
void BasicGallery<Eye>::Reclaim() {
  while (!withdrawn_.empty() && epochs_.Over(withdrawn_.front().epoch)) {
    const std::uint32_t slot = withdrawn_.front().slot;
    for (const Side side : {Side::kLeft, Side::kRight}) *Slot(side, slot) = Eye{};
    freed_.push_back(slot);
    withdrawn_.pop_front();
  }
}

template <typename Eye>
std::array<const Eye*, kSides> BasicGallery<Eye>::Read(std::uint32_t serial_id) const {
  const DirectoryEntry entry = directory_.Find(serial_id);
  if (entry.state != IrisState::kLive) return {nullptr, nullptr};
  return {Slot(Side::kLeft, entry.slot), Slot(Side::kRight, entry.slot)};
}

template <typename Eye>
const Eye* BasicGallery<Eye>::Find(Side side, std::uint32_t serial_id, std::uint32_t version) const {
  const DirectoryEntry entry = directory_.Find(serial_id);
  if (entry.state != IrisState::kLive || entry.version != version) return nullptr;
  return Slot(side, entry.slot);
}

template class BasicGallery<EyePlanes>;
template class BasicGallery<WideEyePlanes>;
template class BasicGallery<ShareRecord>;

}  // namespace irispair
