// Flat θ = (W[1], …, W[L], b[1], …, b[L]), row by row (U1), beside the panels.
#pragma once

#include <algorithm>
#include <utility>

#include "plan.h"

namespace chainrule {

// move(flat, in_panels) for each entry of θ, where of_layer(l) names the panels of a layer's W, and its b.
template <typename T, typename OfLayer, typename Move>
void each_entry(const Plan<T>& plan, T* flat, OfLayer of_layer, Move move) {
  for (int l = 0; l < plan.layers; l++) {
    const Panels<T> W = of_layer(l).first;
    for (int j0 = 0; j0 < W.columns; j0 += kPanel) {  // panel by panel, a line of either side at a time
      const int js = std::min(kPanel, W.columns - j0);
      for (int k0 = 0; k0 < W.rows; k0 += kPanel) {
        const int ks = std::min(kPanel, W.rows - k0);
        T* panel = W.at(k0, j0);
        for (int j = 0; j < js; j++) {
          T* row = flat + std::ptrdiff_t(j) * W.rows + k0;
          for (int k = 0; k < ks; k++) move(row[k], panel[k * kPanel + j]);
        }
      }
      flat += std::ptrdiff_t(js) * W.rows;
    }
  }
  for (int l = 0; l < plan.layers; l++) {
    for (int j = 0; j < plan.layer[l].outputs; j++) move(*flat++, of_layer(l).second[j]);
  }
}

template <typename T> auto weights_of(const Plan<T>& plan) {
  return [&plan](int l) { return std::pair(plan.layer[l].W, plan.layer[l].b); };
}
template <typename T> auto slots_of(const Plan<T>& plan, int s) {
  return [&plan, s](int l) { return std::pair(plan.layer[l].slot_W[s], plan.layer[l].slot_b[s]); };
}
template <typename T> auto gradient_of(const Plan<T>& plan) {
  return [&plan](int l) { return std::pair(plan.layer[l].grad_W, plan.layer[l].grad_b); };
}

template <typename T, typename OfLayer> void into_panels(const Plan<T>& plan, const T* flat, OfLayer of_layer) {
  each_entry(plan, const_cast<T*>(flat), of_layer, [](T& from, T& to) { to = from; });
}
template <typename T, typename OfLayer> void out_of_panels(const Plan<T>& plan, T* flat, OfLayer of_layer) {
  each_entry(plan, flat, of_layer, [](T& to, T& from) { to = from; });
}

}  // namespace chainrule
