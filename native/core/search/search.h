// A search and its state.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "core/search/neighbourhood.h"
#include "core/search/query.h"
#include "core/search/search_terms.h"

namespace irispair {

template <typename Eye>
class BasicSearch {
 public:
  using Terms = BasicSearchTerms<BasicQuery<Eye>>;

  explicit BasicSearch(Terms terms) : terms_(std::move(terms)), neighbourhood_(terms_.ef) {}

  const Terms& terms() const { return terms_; }
  Neighbourhood& neighbourhood() { return neighbourhood_; }

  // The prepared probe; a stored one is prepared once, by the first worker that asks inside its reading
  // section. Null when the stored iris is not current.
  const BasicPreparedEye<Eye>* Probe(const BasicGallery<Eye>& gallery);

  // One step at a time: the engine's thread sets it when a step starts and clears it when it is answered.
  bool busy = false;

 private:
  Terms terms_;
  Neighbourhood neighbourhood_;
  std::once_flag prepared_once_;
  std::optional<BasicPreparedEye<Eye>> prepared_;
};

using SearchTerms = BasicSearch<EyePlanes>::Terms;
using Search = BasicSearch<EyePlanes>;

}  // namespace irispair
