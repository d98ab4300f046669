// What all three parties know of a run before it starts, as one number: parties that disagree would compute
// nonsense, so the first message of a run carries it and the next party compares it with its own.
#pragma once

#include <cstdint>

namespace irispair {

class PublicTerms {
 public:
  // In an order that is the same everywhere.
  void Add(std::uint64_t value) {
    // FNV-1a over words, mixed so that the upper bits reach the lower ones. It finds accidents, not attacks:
    // parties are semi-honest.
    digest_ = (digest_ ^ value) * 0x100'0000'01b3;
    digest_ ^= digest_ >> 32;
  }

  std::uint64_t digest() const { return digest_; }

 private:
  std::uint64_t digest_ = 0xcbf2'9ce4'8422'2325;
};

}  // namespace irispair
