// The prepared queries by handle. Running work shares what it uses.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace irispair {

using QueryHandle = std::uint64_t;

// Any thread.
template <typename Query>
class QueryTable {
 public:
  QueryHandle Add(std::shared_ptr<const Query> query) {
    const std::lock_guard lock(mutex_);
    queries_.emplace(next_, std::move(query));
    return next_++;
  }

  // Null when there is none.
  std::shared_ptr<const Query> Find(QueryHandle handle) const {
    const std::lock_guard lock(mutex_);
    const auto found = queries_.find(handle);
    return found == queries_.end() ? nullptr : found->second;
  }

  void Release(QueryHandle handle) {
    const std::lock_guard lock(mutex_);
    queries_.erase(handle);
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return queries_.size();
  }

 private:
  mutable std::mutex mutex_;
  QueryHandle next_ = 1;
  std::unordered_map<QueryHandle, std::shared_ptr<const Query>> queries_;
};

}  // namespace irispair
