#include "core/shared_search/party_run.h"

#include <cstring>
#include <string>
#include <utility>

namespace irispair {

void PartyRun::Advance(Bytes received, Report report) {
  if (abandoned_) throw Error(ErrorCode::kCancelled, "the run was abandoned");
  const Stage before = stage_;
  if (before == Stage::kWorking) {
    throw Error(ErrorCode::kInvalidArgument, "received: the message before this one is still worked on");
  }
  if (before == Stage::kOver) throw Error(ErrorCode::kInvalidArgument, "received: the run is over");
  stage_ = Stage::kWorking;
  received_ = std::move(received);
  report_ = std::move(report);
  if (before == Stage::kNew) {
    Begin();
  } else {
    workshop_.pools.Submit(side(), Lane::kSearch,
                           [self = shared_from_this()](WorkerContext&) { self->Work(); });
  }
}

void PartyRun::Abandon() { abandoned_ = true; }

void PartyRun::StartProgram(std::unique_ptr<ProtocolRun> program, const PublicTerms& terms) {
  program_ = std::move(program);
  terms_ = terms.digest();
  Work();
}

void PartyRun::Finish() {
  if (abandoned_) {
    Reported(Stage::kOver, {std::nullopt, Error(ErrorCode::kCancelled, "the run was abandoned")});
  } else {
    Reported(Stage::kOver, {});
  }
}

void PartyRun::Work() {
  try {
    if (abandoned_) throw Error(ErrorCode::kCancelled, "the run was abandoned");
    std::optional<Bytes> message = AdvanceProgram();
    if (message.has_value()) {
      Reported(Stage::kWaiting, {std::move(message), std::nullopt});
      return;
    }
    Conclude();
  } catch (const Error& error) {
    Reported(Stage::kOver, {std::nullopt, error});
    return;
  }
  Finish();
}

std::optional<Bytes> PartyRun::AdvanceProgram() {
  const std::size_t round = program_->rounds();
  std::optional<Bytes> message =
      program_->Advance(round == 1 ? CheckTerms(received_) : std::span<const std::uint8_t>(received_));
  if (round == 0 && message.has_value()) {
    const auto* terms = reinterpret_cast<const std::uint8_t*>(&terms_);
    message->insert(message->begin(), terms, terms + kTermsBytes);
  }
  return message;
}

std::span<const std::uint8_t> PartyRun::CheckTerms(std::span<const std::uint8_t> received) const {
  if (received.size() != kTermsBytes + program_->expected_bytes()) {
    throw Error(ErrorCode::kPartyFailed,
                "the previous party began with " + std::to_string(received.size()) + " bytes where " +
                    std::to_string(kTermsBytes + program_->expected_bytes()) + " were due");
  }
  if (std::memcmp(received.data(), &terms_, kTermsBytes) != 0) {
    throw Error(ErrorCode::kPartyFailed,
                "the previous party compares something else in this run: other ids, versions or terms");
  }
  return received.subspan(kTermsBytes);
}

void PartyRun::Reported(Stage stage, RunProgress progress) {
  if (stage == Stage::kOver) program_.reset();
  received_ = {};
  // The report is let go with what it holds, which may be this very object. Once the stage is set, the next
  // call may come.
  const Report report = std::exchange(report_, nullptr);
  stage_ = stage;
  report(std::move(progress));
}

}  // namespace irispair
