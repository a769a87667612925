// Z, A, φ′, Δ and ∂ℓ/∂A of the rows of a batch, out of the panels, for whoever wants to see them.
#pragma once

#include "../core/plan.h"
#include "vector-inl.h"

namespace chainrule {
namespace CHAINRULE_ISA {

// Rows [first, last) of a batch to `to`, (rows of the batch, columns), or nowhere.
template <typename T> __attribute__((noinline)) void copy_out(const Panels<T>& M, int first, int last, int at, T* to) {
  for (int p = 0; to && p < M.panels(); p++) {
    const int left = M.columns - p * kPanel, count = left < kPanel ? left : kPanel;
    for (int r = first; r < last; r++) {
      T* row = to + (std::ptrdiff_t)r * M.columns + p * kPanel;
      if (count == kPanel) __builtin_memcpy(row, M.panel(p, r - at), kPanel * sizeof(T));
      else __builtin_memcpy(row, M.panel(p, r - at), count * sizeof(T));
    }
  }
}

template <typename T> void copy_a_and_delta(const Plan<T>& plan, const Kept<T>& kept, int first, int last, int at) {
  for (int l = 0; l < plan.layers; l++) {
    copy_out(plan.layer[l].A, first, last, at, kept.A[l]);
    copy_out(plan.layer[l].delta, first, last, at, kept.delta[l]);
  }
}

}  // namespace CHAINRULE_ISA
}  // namespace chainrule
