#include "core/search/search.h"

namespace irispair {

template <typename Eye>
const BasicPreparedEye<Eye>* BasicSearch<Eye>::Probe(const BasicGallery<Eye>& gallery) {
  if (terms_.query != nullptr) return &terms_.query->Against(terms_.side, terms_.orientation);
  std::call_once(prepared_once_, [&] {
    const Eye* eye = gallery.Find(terms_.side, terms_.stored.serial_id, terms_.stored.version);
    if (eye != nullptr) prepared_.emplace(*eye);
  });
  return prepared_ ? &*prepared_ : nullptr;
}

template class BasicSearch<EyePlanes>;
template class BasicSearch<WideEyePlanes>;

}  // namespace irispair
