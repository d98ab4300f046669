// Where every serial id's iris is: a table that grows without moving, read by all workers, written by one
// thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace irispair {

// What is known under a serial id.
enum class IrisState : std::uint8_t { kUnknown = 0, kLive = 1, kDeleted = 2 };

struct DirectoryEntry {
  IrisState state = IrisState::kUnknown;
  std::uint16_t version = 0;
  // Slot in both arenas; meaningful when live.
  std::uint32_t slot = 0;
};

class Directory {
 public:
  Directory() : chunks_(kMostChunks) {}
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  // Any thread.
  DirectoryEntry Find(std::uint32_t serial_id) const;
  // False where no serial id of its part of the directory was ever set. Any thread.
  bool MayHold(std::uint32_t serial_id) const { return chunks_[serial_id / kChunkEntries].load() != nullptr; }
  // First serial id of the part after that of this one, which may be beyond the last serial id there can be.
  static constexpr std::uint64_t PartAfter(std::uint32_t serial_id) {
    return (std::uint64_t{serial_id} / kChunkEntries + 1) * kChunkEntries;
  }
  // The writer only.
  void Set(std::uint32_t serial_id, const DirectoryEntry& entry);
  // Highest serial id ever set; 0 when none. Any thread.
  std::uint32_t highest() const { return highest_.load(); }

 private:
  static constexpr std::size_t kChunkEntries = 1 << 16;
  static constexpr std::size_t kMostChunks = 1 << 16;
  using Chunk = std::array<std::atomic<std::uint64_t>, kChunkEntries>;

  std::vector<std::atomic<Chunk*>> chunks_;
  std::atomic<std::uint32_t> highest_{0};
};

}  // namespace irispair
