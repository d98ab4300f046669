// A stream of pseudo-random bytes: AES-128 in counter mode.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace irispair {

inline constexpr std::size_t kAesKeyBytes = 16;
using AesKey = std::array<std::uint8_t, kAesKeyBytes>;

// The counter starts at 0: a key is used for one stream only.
class AesCtr {
 public:
  explicit AesCtr(const AesKey& key);

  // The next bytes of the stream.
  void Fill(std::span<std::uint8_t> bytes);

  template <typename Word>
  std::vector<Word> Draw(std::size_t count) {
    std::vector<Word> words(count);
    Fill({reinterpret_cast<std::uint8_t*>(words.data()), count * sizeof(Word)});
    return words;
  }

 private:
  // OpenSSL's context; nothing else of OpenSSL is seen outside aes_ctr.cc.
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;
};

}  // namespace irispair
