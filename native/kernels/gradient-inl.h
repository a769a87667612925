// B3: the gradient of weights and biases.
#pragma once

#include "../core/plan.h"
#include "product-inl.h"

namespace chainrule {
namespace CHAINRULE_ISA {

template <typename T>
void weight_gradient(const Plan<T>& plan, int l, int count, int k0, int k1, int p0, int p1, Panels<T> G, bool add) {
  const Panels<T> A = l ? plan.layer[l - 1].A : plan.A0, delta = plan.layer[l].delta.from(0, p0);
  constexpr int block = 128, lanes = kLanes<T>;  // rows whose A and Δ stay near
  const int room = (p1 - p0) * kPanel, width = delta.columns < room ? delta.columns : room;
  const int written = vectors_of<T>(width) * lanes;
  if (!add && written % kPanel) {  // the vectors that no product writes
    for (int k = 0; k < k1 - k0; k++) {
      T* row = G.panel(written / kPanel, k);
      for (int v = written % kPanel; v < kPanel; v += lanes) store(row + v, Vec<T>{});
    }
  }
  for (int r = 0; r < count; r += block) {
    const int rs = count - r < block ? count - r : block;
    for (int k = k0; k < k1; k += kPanel) {
      const int ks = k1 - k < kPanel ? k1 - k : kPanel;
      const Panels<T> P = A.from(r, k / kPanel), Q = delta.from(r), to = G.from(k - k0);
      product<T, Walk::down>(P, Q, to, {}, nullptr, r || add, ks, width, rs);  // B3
    }
  }
}

template <typename T> void bias_gradient(const Plan<T>& plan, int l, int count, T* g, bool add) {
  constexpr int vectors = kVectors<T>, lanes = kLanes<T>;
  const Panels<T>& delta = plan.layer[l].delta;
  for (int p = 0; p < delta.panels(); p++, g += kPanel) {
    Vec<T> acc[vectors];
    for (int v = 0; v < vectors; v++) acc[v] = add ? load(g + v * lanes) : Vec<T>{};
    for (int r = 0; r < count; r++) {
      UNROLL for (int v = 0; v < vectors; v++) acc[v] += load(delta.panel(p, r) + v * lanes);  // B3
    }
    for (int v = 0; v < vectors; v++) store(g + v * lanes, acc[v]);
  }
}

}  // namespace CHAINRULE_ISA
}  // namespace chainrule
