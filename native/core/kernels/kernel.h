// The distance kernels: one interface for each shape of eyes, an implementation for each instruction set,
// chosen at run time.
#pragma once

#include <span>
#include <string_view>

#include "core/iris/eye_planes.h"
#include "core/kernels/distance.h"
#include "core/kernels/prepared_eye.h"

namespace irispair {

template <typename Eye>
struct BasicKernel {
  const char* name;

  // The least distance of each candidate over the window; the lowest rotation wins a tie. `least` is as long
  // as `candidates`.
  void (*least)(const BasicPreparedEye<Eye>& probe, RotationWindow window,
                std::span<const Eye* const> candidates, std::span<Distance> least);

  // The distance at every rotation of the window, ascending. `each` has window.Size() elements.
  void (*each)(const BasicPreparedEye<Eye>& probe, RotationWindow window, const Eye& candidate,
               std::span<Distance> each);
};

using Kernel = BasicKernel<EyePlanes>;

// The kernels that this CPU runs, slowest first; the first is the portable one. The same for every shape.
template <typename Eye = EyePlanes>
std::span<const BasicKernel<Eye>* const> AvailableKernels();

// The fastest of them.
template <typename Eye = EyePlanes>
const BasicKernel<Eye>& BestKernel();

// An available kernel by its name, or null.
template <typename Eye = EyePlanes>
const BasicKernel<Eye>* FindKernel(std::string_view name);

}  // namespace irispair
