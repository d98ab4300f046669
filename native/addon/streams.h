// The searches of every stream by their ids, and the steps that come for them. Touched on the JavaScript
// thread only.
#pragma once

#include <napi.h>

#include <cstdint>
#include <map>
#include <memory>

#include "addon/conversions.h"
#include "core/search/packed_ids.h"
#include "core/search/step.h"
#include "core/system/error.h"

namespace irispair::addon {

// Where a step belongs.
struct StepKey {
  std::int64_t stream = -1;
  std::int64_t search_id = -1;
  // Whether its search is closed after it.
  bool close = false;
};

template <typename Search>
class Streams {
 public:
  // Checks one step at the border; a refused one carries its answer already. All is read before anything is
  // changed: a step that is wrong in one place leaves no search behind. Sets the rest of `key`.
  template <typename Query>
  BasicStep<Search> Admit(const Napi::Value& value, const QueryTable<Query>& queries, StepKey& key) {
    Searches& searches = streams_[key.stream];
    BasicStep<Search> step;
    try {
      const Napi::Object given = ToObject(value, "step");
      key.search_id = ToKey(given.Get("searchId"), "search_id");
      key.close = ToSwitch(given.Get("close"), "close");
      step.candidates = UnpackIds(ToBytes(given.Get("candidates"), "candidates"));
      step.with_distances = ToSwitch(given.Get("withDistances"), "with_distances");
      step.deadline_microseconds = ToMicroseconds(given.Get("deadlineMicroseconds"), "deadline_microseconds");
      const Napi::Value open = given.Get("open");
      if (!open.IsNull()) {
        if (searches.contains(key.search_id)) {
          throw Error(ErrorCode::kInvalidArgument, "search_id: this search is open already on this stream");
        }
        searches[key.search_id] = std::make_shared<Search>(ToSearchTerms(open, queries));
      }
    } catch (const Error& error) {
      step.answer.outcome =
          error.code() == ErrorCode::kUnknownQuery ? StepOutcome::kUnknownQuery : StepOutcome::kInvalid;
      step.answer.detail = error.what();
      return step;
    }
    const auto found = searches.find(key.search_id);
    if (found == searches.end()) {
      step.answer.outcome = StepOutcome::kUnknownSearch;
      step.answer.detail = "search_id: this search is not open on this stream";
    } else if (found->second->busy) {
      step.answer.outcome = StepOutcome::kInvalid;
      step.answer.detail = "search_id: the step before this one is not answered yet";
    } else {
      step.search = found->second;
      step.search->busy = true;
    }
    return step;
  }

  // After a step of `search`, null when it was refused: frees the search when it was to be closed or the step
  // failed. Meanwhile the stream may have been closed, and another search opened under the same id: that one
  // stays.
  void Finish(const StepKey& key, const std::shared_ptr<Search>& search, StepOutcome outcome) {
    if (search == nullptr) return;
    search->busy = false;
    const auto searches = streams_.find(key.stream);
    const bool over = key.close || outcome != StepOutcome::kOk;
    if (!over || searches == streams_.end()) return;
    const auto held = searches->second.find(key.search_id);
    if (held != searches->second.end() && held->second == search) searches->second.erase(held);
  }

  void CloseSearch(std::int64_t stream, std::int64_t search_id) {
    const auto searches = streams_.find(stream);
    if (searches != streams_.end()) searches->second.erase(search_id);
  }

  void CloseStream(std::int64_t stream) { streams_.erase(stream); }
  void Clear() { streams_.clear(); }

  std::size_t open_searches() const {
    std::size_t open = 0;
    for (const auto& [stream, searches] : streams_) open += searches.size();
    return open;
  }

 private:
  using Searches = std::map<std::int64_t, std::shared_ptr<Search>>;

  std::map<std::int64_t, Searches> streams_;
};

}  // namespace irispair::addon
