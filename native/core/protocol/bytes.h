// Messages as bytes: written and read as little-endian words, in the order both ends know.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace irispair {

static_assert(std::endian::native == std::endian::little,
              "messages are little-endian and copied as they are");

using Bytes = std::vector<std::uint8_t>;

// Builds a message of a size known before.
class MessageWriter {
 public:
  explicit MessageWriter(std::size_t bytes) { bytes_.reserve(bytes); }

  template <typename Word>
  void Append(std::span<const Word> words) {
    const auto* begin = reinterpret_cast<const std::uint8_t*>(words.data());
    bytes_.insert(bytes_.end(), begin, begin + words.size_bytes());
  }
  template <typename Word>
  void Append(const std::vector<Word>& words) {
    Append(std::span<const Word>(words));
  }

  Bytes Take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

// Reads a message whose size was checked.
class MessageReader {
 public:
  explicit MessageReader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  template <typename Word>
  std::vector<Word> Take(std::size_t count) {
    std::vector<Word> words(count);
    if (count > 0) std::memcpy(words.data(), rest_.data(), count * sizeof(Word));
    rest_ = rest_.subspan(count * sizeof(Word));
    return words;
  }

 private:
  std::span<const std::uint8_t> rest_;
};

}  // namespace irispair
