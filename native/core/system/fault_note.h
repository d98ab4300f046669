// A last line for a process that a fault ends: which store was open, and which file was read.
//
// A file that is cut under its mapping ends whoever reads it by SIGBUS, and one that is damaged may lead LMDB
// out of it, which is SIGSEGV. Neither says a word by itself.
#pragma once

#include <string>

namespace irispair {

// Names a store that is open from now on; the first call takes over SIGBUS and SIGSEGV. Whatever handled them
// before gets them afterwards, so that the process still ends by the signal. Returns what ForgetStore takes,
// or -1 when as many are named as there is room for.
int NoteStore(const std::string& directory);

// The store is closed.
void ForgetStore(int place);

}  // namespace irispair
