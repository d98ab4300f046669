// Asks the kernel for the node of every page of a range of another process: move_pages in its query form.
//
//   pages-by-node PID ADDRESS(hexadecimal) BYTES PAGE_BYTES
//
// Prints a line `NODE PAGES` for each node; a page that is not there counts under its negative errno value.
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <vector>

int main(int count, char** arguments) {
  if (count != 5) {
    std::fprintf(stderr, "usage: pages-by-node PID ADDRESS BYTES PAGE_BYTES\n");
    return 2;
  }
  const long pid = std::strtol(arguments[1], nullptr, 10);
  const unsigned long address = std::strtoul(arguments[2], nullptr, 16);
  const unsigned long bytes = std::strtoul(arguments[3], nullptr, 10);
  const unsigned long page_bytes = std::strtoul(arguments[4], nullptr, 10);
  std::vector<void*> pages;
  for (unsigned long offset = 0; offset < bytes; offset += page_bytes) {
    pages.push_back(reinterpret_cast<void*>(address + offset));
  }
  std::vector<int> nodes(pages.size());
  if (syscall(SYS_move_pages, pid, pages.size(), pages.data(), nullptr, nodes.data(), 0) != 0) {
    std::perror("move_pages");
    return 1;
  }
  std::map<int, std::size_t> by_node;
  for (const int node : nodes) ++by_node[node];
  for (const auto& [node, number] : by_node) std::printf("%d %zu\n", node, number);
  return 0;
}
