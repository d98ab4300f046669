// A protocol of one party, advanced message by message by whoever has the wire.
#pragma once

#include <optional>
#include <span>
#include <utility>

#include "core/protocol/bytes.h"
#include "core/protocol/coroutine.h"
#include "core/protocol/party.h"

namespace irispair {

// One thread at a time; which one may change between calls. Destroyed at any point, it frees all that it
// holds.
class ProtocolRun {
 public:
  virtual ~ProtocolRun() = default;
  ProtocolRun(const ProtocolRun&) = delete;
  ProtocolRun& operator=(const ProtocolRun&) = delete;

  // Works until the next round. The first call's `received` is empty; each later call brings the whole
  // message of the previous party for the round before. Returns the message for the next party, to be
  // answered by another call, or nullopt when the protocol is over: then nothing is left to be sent or
  // received. Throws Error kPartyFailed when the message has not the size that was due; the run is unusable
  // then.
  std::optional<Bytes> Advance(std::span<const std::uint8_t> received);

  // Bytes of the message that is awaited.
  std::size_t expected_bytes() const { return party_.expected_; }
  // Rounds and bytes sent so far.
  std::size_t rounds() const { return rounds_; }
  std::size_t sent_bytes() const { return sent_bytes_; }

 protected:
  ProtocolRun(unsigned party, const PairKeys& keys) : party_(party, keys) {}

  Party party_;

 private:
  virtual std::coroutine_handle<> Outermost() const = 0;
  // Throws what the protocol ended with.
  virtual void End() = 0;

  enum class Stage { kNew, kWaiting, kOver };
  Stage stage_ = Stage::kNew;
  std::size_t rounds_ = 0;
  std::size_t sent_bytes_ = 0;
};

// A run of a program: a function that takes the party and returns a Protocol<Output>.
template <typename Output>
class ProgramRun final : public ProtocolRun {
 public:
  // `party` is 0, 1 or 2. `start` is called once, with the party: start(Party&) -> Protocol<Output>.
  template <typename Start>
  ProgramRun(unsigned party, const PairKeys& keys, Start&& start)
      : ProtocolRun(party, keys), program_(std::forward<Start>(start)(party_)) {}

  // What came out, once Advance has returned nullopt.
  Output& output() { return *output_; }

 private:
  std::coroutine_handle<> Outermost() const override { return program_.handle(); }
  void End() override { output_.emplace(program_.Take()); }

  Protocol<Output> program_;
  std::optional<Output> output_;
};

}  // namespace irispair
