#include "core/system/fault_note.h"

#include <fcntl.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <string_view>

namespace irispair {
namespace {

constexpr int kMostStores = 8;
constexpr std::size_t kMostPath = 1024;
constexpr std::size_t kAlternateStack = 64 * 1024;
constexpr std::string_view kFile = "/data.mdb";
constexpr std::string_view kRemedy =
    ": keep a copy of it, look at its disk, put a backup back (see docs/damaged-stores.md)\n";

struct Store {
  std::atomic<std::size_t> length{0};
  std::array<char, kMostPath> directory{};
};

std::array<Store, kMostStores> stores;
std::array<struct sigaction, 2> previous;

// From here on: only what may be called in a signal handler.

// One line, cut where it is too long.
class Line {
 public:
  void Add(std::string_view text) {
    const std::size_t count = std::min(text.size(), text_.size() - length_);
    std::memcpy(text_.data() + length_, text.data(), count);
    length_ += count;
  }

  void AddAddress(std::uintptr_t address) {
    std::array<char, 2 * sizeof(address)> digits{};
    std::size_t first = digits.size();
    do {
      digits[--first] = "0123456789abcdef"[address % 16];
      address /= 16;
    } while (address != 0);
    Add("0x");
    Add({digits.data() + first, digits.size() - first});
  }

  void Write() const {
    // A signal handler has nobody to tell that this failed.
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text_.data(), length_);
  }

 private:
  std::array<char, 2 * kMostPath> text_{};
  std::size_t length_ = 0;
};

// Reads /proc/self/maps byte by byte.
class Maps {
 public:
  Maps() : file_(open("/proc/self/maps", O_RDONLY | O_CLOEXEC)) {}
  ~Maps() {
    if (file_ >= 0) close(file_);
  }
  Maps(const Maps&) = delete;
  Maps& operator=(const Maps&) = delete;

  // The next line: START-END PERMISSIONS OFFSET DEVICE INODE PATH. False at the end.
  bool Next() {
    char read = 0;
    if (!Hexadecimal(&begin_, &read) || read != '-' || !Hexadecimal(&end_, &read)) return false;
    for (int blanks = 1; read != '\n' && blanks < 5;) {
      if (!Get(&read)) return false;
      if (read == ' ') ++blanks;
    }
    length_ = 0;
    while (read != '\n' && Get(&read) && read != '\n') {
      if ((read != ' ' || length_ > 0) && length_ < path_.size()) path_[length_++] = read;
    }
    return true;
  }

  bool Holds(std::uintptr_t address) const { return begin_ <= address && address < end_; }
  std::string_view path() const { return {path_.data(), length_}; }

 private:
  bool Get(char* byte) {
    if (next_ == filled_) {
      const ssize_t count = file_ < 0 ? 0 : read(file_, buffer_.data(), buffer_.size());
      if (count <= 0) return false;
      next_ = 0;
      filled_ = static_cast<std::size_t>(count);
    }
    *byte = buffer_[next_++];
    return true;
  }

  bool Hexadecimal(std::uintptr_t* value, char* after) {
    *value = 0;
    while (Get(after)) {
      const char digit = *after;
      if (digit >= '0' && digit <= '9') {
        *value = *value * 16 + static_cast<std::uintptr_t>(digit - '0');
      } else if (digit >= 'a' && digit <= 'f') {
        *value = *value * 16 + static_cast<std::uintptr_t>(digit - 'a' + 10);
      } else {
        return true;
      }
    }
    return false;
  }

  int file_;
  std::array<char, 1024> buffer_{};
  std::size_t next_ = 0;
  std::size_t filled_ = 0;
  std::uintptr_t begin_ = 0;
  std::uintptr_t end_ = 0;
  std::array<char, kMostPath> path_{};
  std::size_t length_ = 0;
};

std::string_view DirectoryOf(const Store& store) {
  return {store.directory.data(), store.length.load(std::memory_order_acquire)};
}

bool IsFileOf(std::string_view path, std::string_view directory) {
  return !directory.empty() && path.size() >= directory.size() + kFile.size() &&
         path.substr(0, directory.size()) == directory &&
         path.substr(directory.size(), kFile.size()) == kFile;
}

bool IsOpenStore(std::string_view path) {
  for (const Store& store : stores) {
    if (IsFileOf(path, DirectoryOf(store))) return true;
  }
  return false;
}

std::uintptr_t InstructionOf(const void* context) {
  const auto* state = static_cast<const ucontext_t*>(context);
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(state->uc_mcontext.gregs[REG_RIP]);
#else
  return static_cast<std::uintptr_t>(state->uc_mcontext.pc);
#endif
}

void AddOpenStores(Line* line) {
  bool is_first = true;
  for (const Store& store : stores) {
    const std::string_view directory = DirectoryOf(store);
    if (directory.empty()) continue;
    line->Add(is_first ? " while the store in " : " and the store in ");
    line->Add(directory);
    is_first = false;
  }
  line->Add(is_first ? "\n" : " was open\n");
}

void Tell(int signal, const siginfo_t& info, const void* context) {
  const bool is_fault = info.si_code > 0;
  const auto address = reinterpret_cast<std::uintptr_t>(info.si_addr);
  const std::uintptr_t instruction = InstructionOf(context);
  Line line;
  line.Add(signal == SIGBUS ? "irispair: SIGBUS" : "irispair: SIGSEGV");
  bool is_from_compiled_script = is_fault;
  Maps maps;
  while (is_fault && maps.Next()) {
    // V8 makes machine code of scripts in memory without a file, and handles its own faults there.
    if (maps.Holds(instruction) && !maps.path().empty()) is_from_compiled_script = false;
    if (!maps.Holds(address) || !IsOpenStore(maps.path())) continue;
    line.Add(": ");
    line.Add(maps.path());
    line.Add(" could not be read where it is mapped: it was cut, it is damaged, or its disk failed");
    line.Add(kRemedy);
    line.Write();
    return;
  }
  if (is_from_compiled_script) return;
  if (is_fault) {
    line.Add(" at address ");
    line.AddAddress(address);
  }
  AddOpenStores(&line);
  line.Write();
}

void Handle(int signal, siginfo_t* info, void* context) {
  Tell(signal, *info, context);
  const struct sigaction& before = previous[signal == SIGBUS ? 0 : 1];
  if ((before.sa_flags & SA_SIGINFO) != 0) {
    before.sa_sigaction(signal, info, context);
    return;
  }
  // The signal is blocked until this returns; then it ends the process.
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  sigaction(signal, &by_default, nullptr);
  raise(signal);
}

// Until here.

void TakeOver() {
  static std::array<char, kAlternateStack> stack;
  stack_t alternate{};
  if (sigaltstack(nullptr, &alternate) == 0 && (alternate.ss_flags & SS_DISABLE) != 0) {
    alternate.ss_sp = stack.data();
    alternate.ss_size = stack.size();
    alternate.ss_flags = 0;
    sigaltstack(&alternate, nullptr);
  }
  struct sigaction ours {};
  ours.sa_sigaction = Handle;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&ours.sa_mask);
  sigaction(SIGBUS, &ours, &previous[0]);
  sigaction(SIGSEGV, &ours, &previous[1]);
}

std::mutex noting;

}  // namespace

int NoteStore(const std::string& directory) {
  static std::once_flag once;
  std::call_once(once, TakeOver);
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(directory.c_str(), nullptr), &std::free);
  const std::string_view path = real == nullptr ? std::string_view(directory) : std::string_view(real.get());
  if (path.empty() || path.size() > kMostPath) return -1;
  const std::lock_guard lock(noting);
  for (int place = 0; place < kMostStores; ++place) {
    Store& store = stores[static_cast<std::size_t>(place)];
    if (store.length.load(std::memory_order_relaxed) != 0) continue;
    std::memcpy(store.directory.data(), path.data(), path.size());
    store.length.store(path.size(), std::memory_order_release);
    return place;
  }
  return -1;
}

void ForgetStore(int place) {
  if (place < 0 || place >= kMostStores) return;
  const std::lock_guard lock(noting);
  stores[static_cast<std::size_t>(place)].length.store(0, std::memory_order_release);
}

}  // namespace irispair
