#include "core/kernels/prepared_eye.h"

#include <algorithm>

namespace irispair {
namespace {

template <typename Plane, typename Wrapped>
void Wrap(const Plane& plane, Wrapped& wrapped) {
  constexpr auto kReach = static_cast<std::size_t>(kFarthestRotation);
  std::copy(plane.end() - kReach, plane.end(), wrapped.begin());
  std::copy(plane.begin(), plane.end(), wrapped.begin() + kReach);
  std::copy(plane.begin(), plane.begin() + kReach, wrapped.begin() + kReach + plane.size());
}

}  // namespace

template <typename Eye>
BasicPreparedEye<Eye>::BasicPreparedEye(const Eye& eye) {
  Wrap(eye.real, real_);
  Wrap(eye.imaginary, imaginary_);
  Wrap(eye.mask, mask_);
}

template <typename Eye>
Eye BasicPreparedEye<Eye>::Planes() const {
  Eye eye;
  std::copy_n(Real(0), Eye::kColumns, eye.real.begin());
  std::copy_n(Imaginary(0), Eye::kColumns, eye.imaginary.begin());
  std::copy_n(Mask(0), Eye::kColumns, eye.mask.begin());
  return eye;
}

template class BasicPreparedEye<EyePlanes>;
template class BasicPreparedEye<WideEyePlanes>;

}  // namespace irispair
