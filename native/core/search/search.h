// A search and its state.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "core/search/neighbourhood.h"
#include "core/search/query.h"
#include "core/search/search_terms.h"

namespace irispair {

using SearchTerms = BasicSearchTerms<Query>;

class Search {
 public:
  explicit Search(SearchTerms terms) : terms_(std::move(terms)), neighbourhood_(terms_.ef) {}

  const SearchTerms& terms() const { return terms_; }
  Neighbourhood& neighbourhood() { return neighbourhood_; }

  // The prepared probe; a stored one is prepared once, by the first worker that asks inside its reading
  // section. Null when the stored iris is not current.
  const PreparedEye* Probe(const Gallery& gallery);

  // One step at a time: the engine's thread sets it when a step starts and clears it when it is answered.
  bool busy = false;

 private:
  SearchTerms terms_;
  Neighbourhood neighbourhood_;
  std::once_flag prepared_once_;
  std::optional<PreparedEye> prepared_;
};

}  // namespace irispair
