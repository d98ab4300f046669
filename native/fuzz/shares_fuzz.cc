// Shares as uploaded and stored: another length is refused by name, any bytes of the right length are a
// share, recombine with whatever another party holds, and are compared by every kernel alike.
#include <array>
#include <string>

#include "core/shares/dot_products.h"
#include "core/shares/sharing.h"
#include "core/system/error.h"
#include "fuzz/input.h"

using irispair::fuzz::Require;

namespace {

using Bytes = std::vector<std::uint8_t>;

void RefuseOtherLengths(irispair::fuzz::Input& input) {
  const Bytes bytes(input.Number(0xffff));
  try {
    irispair::ToShareRecord(bytes, "share");
    Require(bytes.size() == irispair::kShareBytes);
  } catch (const irispair::Error& error) {
    Require(error.code() == irispair::ErrorCode::kInvalidArgument);
    Require(bytes.size() != irispair::kShareBytes && std::string(error.what()).starts_with("share: "));
  }
}

irispair::ShareRecord Share(irispair::fuzz::Input& input) {
  return irispair::ToShareRecord(input.Repeat(irispair::kShareBytes), "share");
}

void Recombine(const irispair::ShareRecord& first, const irispair::ShareRecord& second) {
  const irispair::EncodedEye eye = irispair::RecombineEye(0, first, 2, second);
  Bytes code(irispair::SharedEye::kCodeBytes);
  Bytes mask(irispair::SharedEye::kCodeBytes);
  if (irispair::DecodeTemplate(eye, irispair::SharedEye::MutablePackedCode(code),
                               irispair::SharedEye::MutablePackedCode(mask))) {
    Require(irispair::EncodeTemplate(irispair::SharedEye::PackedCode(code),
                                     irispair::SharedEye::PackedCode(mask)) == eye);
  }
}

void CompareAlike(const irispair::PreparedShare& query, const irispair::ShareRecord& candidate,
                  irispair::RotationWindow window) {
  const std::array<const irispair::PreparedShare*, 1> queries{&query};
  const std::array<const irispair::ShareRecord*, 2> candidates{&candidate, &candidate};
  const std::size_t dots = 2 * static_cast<std::size_t>(window.Size());
  std::vector<std::uint16_t> expected_code(dots);
  std::vector<std::uint16_t> expected_mask(dots);
  irispair::AvailableDotKernels().front()->dots(queries, window, candidates, expected_code, expected_mask);
  for (const irispair::DotKernel* kernel : irispair::AvailableDotKernels()) {
    std::vector<std::uint16_t> code(dots);
    std::vector<std::uint16_t> mask(dots);
    kernel->dots(queries, window, candidates, code, mask);
    Require(code == expected_code && mask == expected_mask);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  irispair::fuzz::Input input(data, size);
  RefuseOtherLengths(input);
  const int reach = static_cast<int>(input.Number(irispair::kFarthestRotation));
  const auto most = static_cast<int>(irispair::kFarthestRotation) - reach;
  const int base = static_cast<int>(input.Number(static_cast<std::uint32_t>(2 * most))) - most;
  const auto orientation =
      input.Byte() % 2 == 0 ? irispair::Orientation::kNormal : irispair::Orientation::kMirror;
  const std::size_t party = input.Number(irispair::kShareParties - 1);
  const irispair::ShareRecord first = Share(input);
  const irispair::ShareRecord second = Share(input);
  Recombine(first, second);
  CompareAlike(irispair::PreparedShare(first, party, orientation), second, {base, reach});
  return 0;
}
