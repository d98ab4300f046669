#include "core/gallery/directory.h"

namespace irispair {
namespace {

// One word, so that a reader sees an entry whole: slot in the low half, then version, then state.
std::uint64_t Pack(const DirectoryEntry& entry) {
  return std::uint64_t{entry.slot} | std::uint64_t{entry.version} << 32 |
         static_cast<std::uint64_t>(entry.state) << 48;
}

DirectoryEntry Unpack(std::uint64_t word) {
  return {static_cast<IrisState>(word >> 48), static_cast<std::uint16_t>(word >> 32),
          static_cast<std::uint32_t>(word)};
}

}  // namespace

Directory::~Directory() {
  for (const auto& chunk : chunks_) delete chunk.load();
}

DirectoryEntry Directory::Find(std::uint32_t serial_id) const {
  const Chunk* chunk = chunks_[serial_id / kChunkEntries].load();
  return chunk == nullptr ? DirectoryEntry{} : Unpack((*chunk)[serial_id % kChunkEntries].load());
}

void Directory::Set(std::uint32_t serial_id, const DirectoryEntry& entry) {
  std::atomic<Chunk*>& place = chunks_[serial_id / kChunkEntries];
  Chunk* chunk = place.load();
  if (chunk == nullptr) {
    chunk = new Chunk{};
    place.store(chunk);
  }
  (*chunk)[serial_id % kChunkEntries].store(Pack(entry));
  if (serial_id > highest_.load()) highest_.store(serial_id);
}

}  // namespace irispair
