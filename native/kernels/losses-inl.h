// J1, B1: the losses, value and output delta from one function each.
#pragma once

#include "../core/plan.h"
#include "math-inl.h"

namespace chainrule {
namespace CHAINRULE_ISA {

// Softmax of one row in place: Z becomes A. Its largest z and Σ e^(z - largest).
template <typename T> INLINE void softmax_row(const Panels<T>& Z, int row, T* largest, T* total) {
  const int vectors = vectors_of<T>(Z.columns);
  const auto at = [&](int v) INLINE_LAMBDA { return Z.panel(0, row) + vector_at(Z, v); };
  T* end = at(vectors - 1);
  store(end, keep_first<T>(load(end), Z.columns - (vectors - 1) * kLanes<T>, -__builtin_inf()));
  Vec<T> top = load(at(0)), sum{};
  for (int v = 1; v < vectors; v++) {
    const Vec<T> x = load(at(v));
    top = x > top ? x : top;
  }
  *largest = max_of<T>(top);
  for (int v = 0; v < vectors; v++) {
    const Vec<T> e = exp_v(load(at(v)) - *largest);
    store(at(v), e);
    sum += e;
  }
  *total = sum_of<T>(sum);
  const T inverse = 1 / *total;
  for (int v = 0; v < vectors; v++) store(at(v), load(at(v)) * inverse);
}

// The rows of a batch of which a loss is taken together.
template <typename T> struct Group {
  int first, rows;      // of the output's A
  const T* y[kRowTile];
  T scale[kRowTile];    // w / Σw
};

// J1 and B1 for a group of rows: A holds Z and becomes A; delta is scaled by w / Σw; returns the group's share of J.
template <typename T> double softmax_loss(const Plan<T>& plan, const Layer<T>& out, const Group<T>& g) {
  typedef Vec<T> V;
  constexpr int lanes = kLanes<T>, room = kRowTile > lanes ? kRowTile : lanes;
  const int columns = out.outputs, vectors = vectors_of<T>(columns);
  T largest[room], total[room], weight[room];
  for (int i = 0; i < room; i++) largest[i] = 0, total[i] = 1, weight[i] = 0;
  V value{};
  for (int i = 0; i < g.rows; i++) {
    T *a = out.A.panel(0, g.first + i), *delta = out.delta.panel(0, g.first + i);
    const auto at = [&](int v) INLINE_LAMBDA { return vector_at(out.A, v); };
    const auto y = [&](int v) INLINE_LAMBDA { return load_first(g.y[i] + v * lanes, columns - v * lanes); };
    const T scale = g.scale[i];
    if (plan.ell == Ell::cross_entropy) {
      V y_z{}, sum{};
      for (int v = 0; v < vectors; v++) {
        const V t = y(v);
        sum += t;
        y_z += t == 0 ? V{} : t * load(a + at(v));
      }
      value = multiply_add(y_z, splat<T>(-scale), value);
      softmax_row(out.A, g.first + i, &largest[i], &total[i]);
      const T all = sum_of<T>(sum);
      weight[i] = scale * all;
      for (int v = 0; v < vectors; v++) {
        store(delta + at(v), scale * multiply_add(load(a + at(v)), splat<T>(all), -y(v)));  // B1: (Σy) A - Y
      }
      continue;
    }
    softmax_row(out.A, g.first + i, &largest[i], &total[i]);
    V square{}, ag{};
    for (int v = 0; v < vectors; v++) {
      const V x = load(a + at(v)), r = x - y(v);
      square = multiply_add(r, r, square);
      ag = multiply_add(x, r, ag);
    }
    value = multiply_add(square, splat<T>(scale * plan.factor), value);
    const T inner = sum_of<T>(ag);
    for (int v = 0; v < vectors; v++) {
      const V x = load(a + at(v)), r = x - y(v);
      store(delta + at(v), scale * 2 * plan.factor * x * (r - inner));  // B1: a ⊙ (g - Σ a g)
    }
  }
  for (int i = 0; i < room; i += lanes) {
    value = multiply_add(load(weight + i), load(largest + i) + log_v(load(total + i)), value);
  }
  return double(sum_of<T>(value));
}

template <typename T> double squared_loss(const Plan<T>& plan, const Layer<T>& out, const Group<T>& g) {
  constexpr int lanes = kLanes<T>;
  Vec<T> value{};
  for (int i = 0; i < g.rows; i++) {
    const int row = g.first + i;
    Vec<T> square{};
    for (int v = 0; v * lanes < out.outputs; v++) {
      const int left = out.outputs - v * lanes;
      const std::ptrdiff_t at = vector_at(out.A, v);
      // behind the end a may be φ(0): no residual there
      const Vec<T> a = load(out.A.panel(0, row) + at), y = load_first(g.y[i] + v * lanes, left);
      const Vec<T> r = keep_first<T>(a - y, left, T(0));
      square = multiply_add(r, r, square);
      const Vec<T> slope = load(out.S.panel(0, row) + at);
      store(out.delta.panel(0, row) + at, (g.scale[i] * 2 * plan.factor) * r * slope);  // B1
    }
    value = multiply_add(square, splat<T>(g.scale[i] * plan.factor), value);
  }
  return double(sum_of<T>(value));
}

// σ with a logarithmic loss.
template <typename T> double sigmoid_loss(const Plan<T>& plan, const Layer<T>& out, const Group<T>& g) {
  typedef Vec<T> V;
  constexpr int lanes = kLanes<T>;
  V value{};
  for (int i = 0; i < g.rows; i++) {
    V row{};
    for (int v = 0; v * lanes < out.outputs; v++) {
      const int left = out.outputs - v * lanes;
      T* a = out.A.panel(0, g.first + i) + vector_at(out.A, v);
      const V y = load_first(g.y[i] + v * lanes, left), z = load(a);
      V s, rest;
      sigmoid_v<T>(z, &s, &rest);
      const V tail = log1p_v(exp_v(z < 0 ? z : -z));   // log(1 + e^{-|z|})
      const V minus_log = (z < 0 ? -z : V{}) + tail;   // -log σ(z)
      const V minus_log1m = (z > 0 ? z : V{}) + tail;  // -log(1 - σ(z))
      V loss, delta;
      if (plan.ell == Ell::binary_cross_entropy) {
        loss = multiply_add(y, minus_log, (1 - y) * minus_log1m);
        delta = multiply_add(-y, rest, (1 - y) * s);  // B1: A - Y
      } else {
        loss = y == 0 ? V{} : y * minus_log;
        delta = -y * rest;  // B1
      }
      row += keep_first<T>(loss, left, T(0));
      store(out.delta.panel(0, g.first + i) + vector_at(out.delta, v), keep_first<T>(g.scale[i] * delta, left, T(0)));
      store(a, s);
    }
    value = multiply_add(row, splat<T>(g.scale[i]), value);
  }
  return double(sum_of<T>(value));
}

template <typename T> INLINE double group_loss(const Plan<T>& plan, const Layer<T>& out, const Group<T>& g) {
  if (out.phi == Phi::softmax) return softmax_loss(plan, out, g);
  if (plan.ell == Ell::squared_error) return squared_loss(plan, out, g);
  return sigmoid_loss(plan, out, g);
}

}  // namespace CHAINRULE_ISA
}  // namespace chainrule
