#include "core/shared_search/shared_search.h"

namespace irispair {

const PreparedShare* SharedSearch::Probe(const SharedGallery& gallery, std::size_t party) {
  if (terms_.query != nullptr) return &terms_.query->Against(terms_.side, terms_.orientation);
  std::call_once(prepared_once_, [&] {
    const ShareRecord* eye = gallery.Find(terms_.side, terms_.stored.serial_id, terms_.stored.version);
    if (eye != nullptr) prepared_ = std::make_unique<PreparedShare>(*eye, party, Orientation::kNormal);
  });
  return prepared_.get();
}

}  // namespace irispair
