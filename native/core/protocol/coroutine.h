// A coroutine that yields one value, started by whoever awaits it. One thread at a time.
//
// What such a function takes by reference must live until it has ended: awaited where it is called, it does.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace irispair {

template <typename Value>
class [[nodiscard]] Protocol {
 public:
  class promise_type {
   public:
    Protocol get_return_object() { return Protocol(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept { return Continue{}; }
    void return_value(Value value) { value_.emplace(std::move(value)); }
    void unhandled_exception() { failure_ = std::current_exception(); }

   private:
    friend Protocol;
    struct Continue {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> ended) noexcept {
        return ended.promise().awaiting_;
      }
      void await_resume() noexcept {}
    };

    std::coroutine_handle<> awaiting_ = std::noop_coroutine();
    std::optional<Value> value_;
    std::exception_ptr failure_;
  };

  Protocol(Protocol&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Protocol& operator=(Protocol&&) = delete;
  // Frees all that it holds, wherever it was left.
  ~Protocol() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
    handle_.promise().awaiting_ = awaiting;
    return handle_;
  }
  Value await_resume() { return Take(); }

  // Of the outermost one, which nobody awaits.
  std::coroutine_handle<> handle() const { return handle_; }
  bool Done() const { return handle_.done(); }
  // Its value, once; throws what it ended with.
  Value Take() {
    if (handle_.promise().failure_) std::rethrow_exception(handle_.promise().failure_);
    return std::move(*handle_.promise().value_);
  }

 private:
  using Handle = std::coroutine_handle<promise_type>;
  explicit Protocol(Handle handle) : handle_(handle) {}

  Handle handle_;
};

}  // namespace irispair
