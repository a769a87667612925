// Rows of a batch, forward and back: F0-F2, J1, B1, B2.
#pragma once

#include "activations-inl.h"
#include "dropout-inl.h"
#include "first_layer-inl.h"
#include "kept-inl.h"
#include "losses-inl.h"

namespace chainrule {
namespace CHAINRULE_ISA {

// F2; S is A without its mask, for B2.
template <typename T> void hidden_softmax(const Plan<T>& plan, const Layer<T>& layer, int row) {
  const AlongRow<T> line{plan, layer, row, nullptr, Vec<T>{}};
  Vec<T> largest, total;
  softmax<T>(line, &largest, &total);
  for (int i = 0; i < line.count() && layer.S; i++) store(line.of(layer.S, i), load(line.a(i)));
}

// F0-F2; whether every z was finite.
template <typename T> bool forward(const Plan<T>& plan, const Step<T>& step, int first, int last, int at) {
  bool finite = true;
  if (plan.in_place) {
    forward_in_place(plan, step, first, last, at);
  } else if (plan.input == Input::uint8) {
    gather(plan, step, static_cast<const std::uint8_t*>(step.x), first, last, at, plan.scale);
  } else {
    gather(plan, step, static_cast<const T*>(step.x), first, last, at, T(1));
  }
  std::uint64_t offset = 0;
  const auto dropped = [&](int l, double p, const Panels<T>& A, const Panels<T>& S) {
    if (step.masks) {
      if (step.masks[l]) mask<T>(step.masks[l], first, last, at, A, S);
    } else if (step.drops && p > 0) {
      drop<T>(p, offset, step, first, last, at, A, S);
      offset += (std::uint64_t)step.rows * A.columns;
    }
  };
  dropped(0, plan.drop_input, plan.A0, {});
  const int row = first - at, count = last - first;
  Panels<T> from = plan.A0;
  for (int l = 0; l < plan.layers; l++) {
    const Layer<T>& layer = plan.layer[l];
    if (l > 0 || !plan.in_place) {
      blocked_product<T>(from.from(row), layer.W, layer.A.from(row), {}, layer.b, count, layer.outputs,
                         layer.inputs);  // F1
    }
    if (step.kept) copy_out(layer.A, first, last, at, step.kept->Z[l]);
    const bool keep = plan.output_keeps_z && plan.train && l == plan.layers - 1;
    const bool of_row = layer.phi == Phi::softmax;
    for (int r = 0; r < count && of_row && l + 1 < plan.layers; r++) hidden_softmax(plan, layer, row + r);
    for (int p = 0; p < layer.A.panels() && !keep && !of_row; p++) {
      const int left = layer.outputs - p * kPanel, vectors = vectors_of<T>(left < kPanel ? left : kPanel);
      finite &= activate(layer.phi, layer.parameter, layer.A.panel(p, row), layer.S ? layer.S.panel(p, row) : nullptr,
                         count, vectors);  // F2
    }
    if (step.kept) copy_out(layer.S, first, last, at, step.kept->slope[l]);
    if (l + 1 < plan.layers) dropped(l + 1, layer.drop, layer.A, of_row ? Panels<T>{} : layer.S);
    from = layer.A;
  }
  return finite;
}

// The Δ of layer `low` from that of the next, or without `times` ∂ℓ/∂A alone, of `count` rows.
template <typename T>
__attribute__((noinline)) void back(const Layer<T>& up, const Layer<T>& low, Panels<T> times, int row, int count) {
  blocked_product<T>(up.delta.from(row), up.W_back, low.delta.from(row), times.from(row), nullptr, count, up.inputs,
                     up.outputs);  // B2
}

template <typename T> void rows(const Plan<T>& plan, const Step<T>& step, int first, int last, int at) {
  const bool finite = forward(plan, step, first, last, at);
  const Layer<T>& out = plan.layer[plan.layers - 1];
  if (out.outputs <= kWidestTurned) turned_losses(plan, step, first, last, at);
  else losses(plan, step, first, last, at);
  const int row = first - at;
  if (!finite) plan.loss[row / kRowTile] = __builtin_nan("");  // a loss may hide it
  for (int l = plan.layers - 1; l > 0; l--) {
    const Layer<T>& up = plan.layer[l];
    const Layer<T>& low = plan.layer[l - 1];
    const bool of_row = low.phi == Phi::softmax;
    if (step.kept || of_row) back(up, low, {}, row, last - first);
    if (step.kept) copy_out(low.delta, first, last, at, step.kept->dA[l - 1]);
    if (!of_row) back(up, low, low.S, row, last - first);
    for (int r = row; r < row + last - first && of_row; r++) softmax_back<T>(AlongRow<T>{plan, low, r, nullptr, Vec<T>{}});
  }
  if (step.kept) copy_a_and_delta(plan, *step.kept, first, last, at);
}

template <typename T> void predict(const Plan<T>& plan, const Step<T>& step, int first, int last, int at) {
  forward(plan, step, first, last, at);
  const Layer<T>& out = plan.layer[plan.layers - 1];
  if (out.phi == Phi::softmax && out.outputs <= kWidestTurned) turned_softmax(plan, first - at, last - at);
  for (int r = first; r < last && out.phi == Phi::softmax && out.outputs > kWidestTurned; r++) {
    Vec<T> largest, total;
    softmax<T>(AlongRow<T>{plan, out, r - at, nullptr, Vec<T>{}}, &largest, &total);
  }
  copy_out(out.A, first, last, at, step.out);
}

}  // namespace CHAINRULE_ISA
}  // namespace chainrule
