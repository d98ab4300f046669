// A search over shares, and its state: the order of its neighbourhood is known to all three parties, the
// distances are not.
#pragma once

#include <memory>
#include <mutex>

#include "core/gallery/gallery.h"
#include "core/protocol/programs/evaluate_program.h"
#include "core/search/search_terms.h"
#include "core/search/step.h"
#include "core/shares/share_query.h"

namespace irispair {

using SharedGallery = BasicGallery<ShareRecord>;
using SharedSearchTerms = BasicSearchTerms<ShareQuery>;

class SharedSearch {
 public:
  explicit SharedSearch(SharedSearchTerms terms) : terms_(std::move(terms)) {}

  const SharedSearchTerms& terms() const { return terms_; }

  // The prepared probe; a stored one is prepared once, by the first worker that asks inside its reading
  // section. Null when the stored iris is not current.
  const PreparedShare* Probe(const SharedGallery& gallery, std::size_t party);

  // What has a distance, in order. Stale candidates are no part of it: they come after all of these.
  SharedNeighbourhood neighbourhood;
  // How many stale candidates are among the best `ef`.
  std::uint32_t stale = 0;

  // One step at a time: the engine's thread sets it when a step starts and clears it when it is answered.
  bool busy = false;

 private:
  SharedSearchTerms terms_;
  std::once_flag prepared_once_;
  std::unique_ptr<const PreparedShare> prepared_;
};

using SharedStep = BasicStep<SharedSearch>;

}  // namespace irispair
