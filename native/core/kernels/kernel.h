// The distance kernels: one interface, an implementation for each instruction set, chosen at run time.
#pragma once

#include <span>
#include <string_view>

#include "core/iris/eye_planes.h"
#include "core/kernels/distance.h"
#include "core/kernels/prepared_eye.h"

namespace irispair {

struct Kernel {
  const char* name;

  // The least distance of each candidate over the window; the lowest rotation wins a tie. `least` is as long
  // as `candidates`.
  void (*least)(const PreparedEye& probe, RotationWindow window, std::span<const EyePlanes* const> candidates,
                std::span<Distance> least);

  // The distance at every rotation of the window, ascending. `each` has window.Size() elements.
  void (*each)(const PreparedEye& probe, RotationWindow window, const EyePlanes& candidate,
               std::span<Distance> each);
};

// The kernels that this CPU runs, slowest first; the first is the portable one.
std::span<const Kernel* const> AvailableKernels();

// The fastest of them.
const Kernel& BestKernel();

// An available kernel by its name, or null.
const Kernel* FindKernel(std::string_view name);

}  // namespace irispair
