#include "core/kernels/prepared_eye.h"

#include <algorithm>

namespace irispair {
namespace {

template <typename Wrapped>
void Wrap(const Plane& plane, Wrapped& wrapped) {
  constexpr auto kReach = static_cast<std::size_t>(kFarthestRotation);
  std::copy(plane.end() - kReach, plane.end(), wrapped.begin());
  std::copy(plane.begin(), plane.end(), wrapped.begin() + kReach);
  std::copy(plane.begin(), plane.begin() + kReach, wrapped.begin() + kReach + kColumns);
}

}  // namespace

PreparedEye::PreparedEye(const EyePlanes& eye) {
  Wrap(eye.real, real_);
  Wrap(eye.imaginary, imaginary_);
  Wrap(eye.mask, mask_);
}

EyePlanes PreparedEye::Planes() const {
  EyePlanes eye;
  std::copy_n(Real(0), kColumns, eye.real.begin());
  std::copy_n(Imaginary(0), kColumns, eye.imaginary.begin());
  std::copy_n(Mask(0), kColumns, eye.mask.begin());
  return eye;
}

}  // namespace irispair
