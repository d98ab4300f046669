// The irises: two arenas whose slots go in step, and the directory that says which slot holds whom.
//
// A new version is written to a free slot and published by one store to the directory; the old slot is erased
// and reused once no running task can hold it. One thread writes; workers read inside a reading section. What
// an eye is depends on the mode and the shape: its bit planes, or one party's share of it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "core/gallery/directory.h"
#include "core/gallery/reading.h"
#include "core/iris/eye_planes.h"
#include "core/memory/arena.h"
#include "core/pool/worker_pools.h"

namespace irispair {

// Both eyes, left first: a stored record.
template <typename Eye>
using BothEyes = std::array<Eye, kSides>;
using IrisPlanes = BothEyes<EyePlanes>;

template <typename Eye>
class BasicGallery {
 public:
  BasicGallery(const ArenaPlan& plan, std::size_t readers, KernelCalls& calls);

  // --- the writer ---

  // Keeps `count` free slots for the coming Publish calls. False when the arenas must grow first.
  bool Reserve(std::uint32_t count);
  void Unreserve(std::uint32_t count);
  // Adds a segment to both arenas; may run on another thread than the writer's. Throws Error.
  void Grow();
  // Uses one reserved slot.
  void Publish(std::uint32_t serial_id, std::uint16_t version, const BothEyes<Eye>& iris);
  void Erase(std::uint32_t serial_id, std::uint16_t version);
  // Erases the bits of withdrawn slots that nobody reads any longer, and frees them.
  void Reclaim();
  // The current iris, or null when unknown or deleted. Valid until the writer's next call.
  std::array<const Eye*, kSides> Read(std::uint32_t serial_id) const;

  // --- any thread ---

  // Where an iris lies if this version is current and not deleted, else null. Inside a reading section.
  const Eye* Find(Side side, std::uint32_t serial_id, std::uint32_t version) const;
  // Irises it holds before it grows.
  std::uint32_t Capacity() const { return std::min(arenas_[0].capacity(), arenas_[1].capacity()); }
  const Directory& directory() const { return directory_; }
  ReadingEpochs& epochs() { return epochs_; }
  const Arena& arena(Side side) const { return arenas_[Index(side)]; }
  // The eye of a live entry that the directory gave inside this reading section.
  const Eye* At(Side side, const DirectoryEntry& entry) const { return Slot(side, entry.slot); }
  std::uint32_t used() const { return used_.load(); }

 private:
  struct Withdrawn {
    std::uint32_t slot;
    std::uint64_t epoch;
  };

  Eye* Slot(Side side, std::uint32_t slot) const {
    return reinterpret_cast<Eye*>(arenas_[Index(side)].Slot(slot));
  }
  void Withdraw(std::uint32_t slot);
  std::uint32_t TakeSlot();
  std::uint32_t FreeSlots() const;

  std::array<Arena, kSides> arenas_;
  Directory directory_;
  ReadingEpochs epochs_;
  std::vector<std::uint32_t> freed_;
  std::deque<Withdrawn> withdrawn_;
  // Slots from here on were never used.
  std::uint32_t untouched_ = 0;
  std::uint32_t reserved_ = 0;
  std::atomic<std::uint32_t> used_{0};
};

using Gallery = BasicGallery<EyePlanes>;

}  // namespace irispair
