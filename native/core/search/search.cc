#include "core/search/search.h"

namespace irispair {

const PreparedEye* Search::Probe(const Gallery& gallery) {
  if (terms_.query != nullptr) return &terms_.query->Against(terms_.side, terms_.orientation);
  std::call_once(prepared_once_, [&] {
    const EyePlanes* eye = gallery.Find(terms_.side, terms_.stored.serial_id, terms_.stored.version);
    if (eye != nullptr) prepared_.emplace(*eye);
  });
  return prepared_ ? &*prepared_ : nullptr;
}

}  // namespace irispair
