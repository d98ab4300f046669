// One of the three, in one run: who it is, the randomness it shares with each neighbour, and the ring's wire.
//
// Parties stand in a ring. All messages go to the next party and come from the previous one, one each a
// round.
#pragma once

#include <coroutine>
#include <cstdint>
#include <optional>
#include <span>

#include "core/protocol/bytes.h"
#include "core/randomness/aes_ctr.h"

namespace irispair {

inline constexpr unsigned kParties = 3;

// The keys that one run's randomness comes from, each known to two parties.
struct PairKeys {
  AesKey with_next{};
  AesKey with_previous{};
};

class Party {
 public:
  Party(unsigned index, const PairKeys& keys)
      : index_(index), with_next_(keys.with_next), with_previous_(keys.with_previous) {}
  Party(const Party&) = delete;
  Party& operator=(const Party&) = delete;

  // 0, 1 or 2.
  unsigned index() const { return index_; }

  // Streams of which both ends draw the same pieces in the same order.
  AesCtr& with_next() { return with_next_; }
  AesCtr& with_previous() { return with_previous_; }

  class Round;
  // One round, to be awaited: sends `message`, which may be empty, to the next party, and yields what the
  // previous one sent, of `expected` bytes. The bytes stay valid until the next round is awaited.
  Round Exchange(Bytes message, std::size_t expected);

 private:
  friend class ProtocolRun;

  unsigned index_;
  AesCtr with_next_;
  AesCtr with_previous_;
  // The round that is being waited for.
  std::coroutine_handle<> waiting_;
  std::optional<Bytes> outgoing_;
  std::size_t expected_ = 0;
  std::span<const std::uint8_t> received_;
};

class Party::Round {
 public:
  Round(Party& party, Bytes message, std::size_t expected)
      : party_(party), message_(std::move(message)), expected_(expected) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) noexcept {
    party_.waiting_ = waiting;
    party_.outgoing_ = std::move(message_);
    party_.expected_ = expected_;
  }
  std::span<const std::uint8_t> await_resume() const noexcept { return party_.received_; }

 private:
  Party& party_;
  Bytes message_;
  std::size_t expected_;
};

inline Party::Round Party::Exchange(Bytes message, std::size_t expected) {
  return Round(*this, std::move(message), expected);
}

}  // namespace irispair
