// A matrix in panels of 16 columns, [panel][row][16], padded with zeros: the only index arithmetic.
//
// Everything here is always inlined: kernels of several instruction sets include it, and a function that
// the linker merges might be the one compiled for the widest of them.
#pragma once

#include <cstddef>

#define CHAINRULE_INLINE inline __attribute__((always_inline))

namespace chainrule {

constexpr int kPanel = 16;

CHAINRULE_INLINE constexpr int round_up(int n, int to) { return (n + to - 1) / to * to; }
CHAINRULE_INLINE constexpr int panels_of(int columns) { return (columns + kPanel - 1) / kPanel; }

template <typename T>
struct Panels {
  T* data = nullptr;
  int rows = 0;  // of each panel: the room, which may be more than what is filled
  int columns = 0;

  CHAINRULE_INLINE int panels() const { return panels_of(columns); }
  // From a panel to the next.
  CHAINRULE_INLINE std::ptrdiff_t stride() const { return std::ptrdiff_t(rows) * kPanel; }
  CHAINRULE_INLINE std::size_t size() const { return std::size_t(panels()) * stride(); }
  CHAINRULE_INLINE T* panel(int number, int row = 0) const {
    return data + number * stride() + std::ptrdiff_t(row) * kPanel;
  }
  CHAINRULE_INLINE T* at(int row, int column) const { return panel(column / kPanel, row) + column % kPanel; }
  // The part from a row and a panel on.
  CHAINRULE_INLINE Panels from(int row, int number = 0) const {
    return {data ? panel(number, row) : nullptr, rows, columns - number * kPanel};
  }
  CHAINRULE_INLINE explicit operator bool() const { return data != nullptr; }
};

}  // namespace chainrule
