#include "addon/memory_addon.h"

#include <unistd.h>

#include "addon/conversions.h"
#include "core/memory/page_count.h"
#include "core/system/error.h"

namespace irispair::addon {
namespace {

// countPages(arrays: Uint8Array[]): { pageBytes, pages: PageCount } of all pages that hold some of the
// arrays.
Napi::Value CountPagesOfArrays(const Napi::CallbackInfo& info) {
  try {
    const Napi::Array arrays = ToArray(info[0], "arrays");
    std::vector<std::span<const std::byte>> ranges;
    for (std::uint32_t index = 0; index < arrays.Length(); ++index) {
      ranges.push_back(std::as_bytes(ToBytes(arrays.Get(index), "arrays")));
    }
    const auto page_bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    Napi::Object counted = Napi::Object::New(info.Env());
    counted.Set("pageBytes", static_cast<double>(page_bytes));
    counted.Set("pages", FromPageCount(info.Env(), CountPagesOfRanges(ranges, page_bytes)));
    return counted;
  } catch (const Error& error) {
    throw ToJavaScript(info.Env(), error);
  }
}

}  // namespace

void RegisterMemory(Napi::Env env, Napi::Object exports) {
  exports.Set("countPages", Napi::Function::New(env, CountPagesOfArrays));
}

}  // namespace irispair::addon
