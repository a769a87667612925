// J1, B1: the losses, value and output delta from one function each.
//
// They see the outputs as a line of vectors. Of many outputs it runs along one row, and what is summed over them is added
// up across the lanes; where rows lie across the lanes, or are turned so, it is as many rows as there are lanes, and their
// outputs come one after the other. A loss with log a, and any loss on softmax, is given Z and writes A.
#pragma once

#include "../core/narrow_plan.h"
#include "activations-inl.h"

namespace chainrule {
namespace CHAINRULE_ISA {

// One row.
template <typename T> struct AlongRow {
  const Plan<T>& plan;
  const Layer<T>& out;
  int row;
  const T* targets;
  Member<T> scale;  // w / Σw

  int count() const { return vectors_of<T>(out.outputs); }
  int left(int i) const { return out.outputs - i * kLanes<T>; }
  T* of(const Panels<T>& M, int i) const { return M.panel(0, row) + vector_at(M, i); }
  T* a(int i) const { return of(out.A, i); }
  T* delta(int i) const { return of(out.delta, i); }
  T* gradient(int i) const { return delta(i); }  // ∂ℓ/∂A of a hidden layer, whose place Δ takes
  Vec<T> slope(int i) const { return load(of(out.S, i)); }
  Vec<T> y(int i) const { return load_first(targets + i * kLanes<T>, left(i)); }
  Vec<T> level(int i) const { return load(plan.levels + i * kLanes<T>); }
  // Behind the last output: `other`.
  Vec<T> or_behind_end(int i, Vec<T> v, T other) const { return keep_first<T>(v, left(i), other); }
  static Vec<T> sum(Vec<T> v) { return splat(sum_of<T>(v)); }
  static Vec<T> highest(Vec<T> v) { return splat(max_of<T>(v)); }
};

// A vector of rows.
template <typename T> struct AcrossRows {
  const Plan<T>& plan;
  int units;
  T *A, *D, *g;
  int lane_rows;
  const T* targets;
  Member<T> scale;

  int count() const { return units; }
  T* a(int i) const { return A + i * lane_rows; }
  T* delta(int i) const { return D + i * lane_rows; }
  T* gradient(int i) const { return g + i * lane_rows; }
  Vec<T> slope(int i) const { return load(delta(i)); }
  Vec<T> y(int i) const { return load(targets + i * lane_rows); }
  Vec<T> level(int i) const { return splat(plan.levels[i]); }
  static Vec<T> or_behind_end(int, Vec<T> v, T) { return v; }
  static Vec<T> sum(Vec<T> v) { return v; }
  static Vec<T> highest(Vec<T> v) { return v; }
};

// ℓ of a line: value + y_sum · (largest + log total), added up over its lanes; not scaled.
template <typename T> struct LineLoss {
  Member<T> value, y_sum, largest, total;
};

// Softmax: Z becomes A. The largest z and Σ e^(z - largest).
template <typename T, typename Line> INLINE void softmax(const Line& line, Vec<T>* largest, Vec<T>* total) {
  const int last = line.count() - 1;
  store(line.a(last), line.or_behind_end(last, load(line.a(last)), T(-__builtin_inf())));
  Vec<T> top = load(line.a(0)), sum{};
  for (int i = 1; i <= last; i++) {
    const Vec<T> z = load(line.a(i));
    top = z > top ? z : top;
  }
  *largest = line.highest(top);
  for (int i = 0; i <= last; i++) {
    const Vec<T> e = exp_v(load(line.a(i)) - *largest);
    store(line.a(i), e);
    sum += e;
  }
  *total = line.sum(sum);
  const Vec<T> inverse = 1 / *total;
  for (int i = 0; i <= last; i++) store(line.a(i), load(line.a(i)) * inverse);
}

// B2 of a hidden layer of softmax: Δ = A ⊙ g - S Σ A g, where S is A without its mask.
template <typename T, typename Line> INLINE void softmax_back(const Line& line) {
  Vec<T> inner{};
  for (int i = 0; i < line.count(); i++) inner = multiply_add(load(line.a(i)), load(line.gradient(i)), inner);
  inner = line.sum(inner);
  for (int i = 0; i < line.count(); i++) {
    store(line.delta(i), multiply_add(load(line.a(i)), load(line.gradient(i)), -line.slope(i) * inner));
  }
}

// A loss of each output by itself: ℓ = u v, so that one multiply-add sums it, and ∂ℓ/∂a. functions.def has a row for each.
#define LOSS(name)                                                                                              \
  template <typename T>                                                                                         \
  INLINE void ell_##name([[maybe_unused]] T parameter, [[maybe_unused]] Vec<T> level, Vec<T> y, Vec<T> a, Vec<T>* u, \
                         Vec<T>* v, Vec<T>* slope)

LOSS(squared_error) {
  *u = a - y;
  *v = parameter * *u;
  *slope = 2 * parameter * *u;
}
LOSS(absolute_error) {
  *u = a - y;
  *slope = *u > 0 ? splat<T>(1) : (*u < 0 ? splat<T>(-1) : *u);  // NaN stays
  *v = *slope;
}
LOSS(huber) {
  const Vec<T> r = a - y, size = r < 0 ? -r : r, limit = splat(parameter);
  *u = size > limit ? limit : r;
  *v = size > limit ? size - limit / 2 : r / 2;
  *slope = r > limit ? limit : (r < -limit ? -limit : r);
}
LOSS(log_cosh) {
  const Vec<T> r = a - y, size = r < 0 ? -r : r;
  Vec<T> unused;
  *u = size + (log1p_v(exp_v(-2 * size)) - T(0.69314718055994530942));
  *v = splat<T>(1);
  tanh_v(r, slope, &unused);
}
LOSS(pinball) {
  *u = y - a;
  *v = *u > 0 ? level : (*u < 0 ? level - 1 : Vec<T>{});
  *slope = *u == *u ? -*v : *u;
}
#undef LOSS

template <typename T, void (*ell)(T, Vec<T>, Vec<T>, Vec<T>, Vec<T>*, Vec<T>*, Vec<T>*), typename Line>
__attribute__((noinline)) Vec<T> pointwise(const Line& line, bool of_softmax) {
  typedef Vec<T> V;
  V value{}, inner{};
  for (int i = 0; i < line.count(); i++) {
    const V a = load(line.a(i));
    V u, v, g;
    ell(line.plan.parameter, line.level(i), line.y(i), a, &u, &v, &g);
    value = multiply_add(line.or_behind_end(i, u, T(0)), v, value);  // behind the end a may be φ(0)
    if (of_softmax) {
      inner = multiply_add(a, g, inner);
      store(line.delta(i), g);
    } else {
      store(line.delta(i), line.scale * line.or_behind_end(i, g, T(0)) * line.slope(i));  // B1
    }
  }
  if (of_softmax) {
    inner = line.sum(inner);
    for (int i = 0; i < line.count(); i++) {
      store(line.delta(i), line.scale * load(line.a(i)) * (load(line.delta(i)) - inner));  // B1: a ⊙ (g - Σ a g)
    }
  }
  return value;
}

// y log y - y: what Poisson's loss has of y alone.
template <typename T> INLINE Vec<T> of_counts(Vec<T> y) {
  return (y > 0 ? y * log_v(y > 0 ? y : splat<T>(1)) : Vec<T>{}) - y;
}

// log a of a softmax comes from Z: B1 is (Σy) A - Y.
template <typename T, typename Line> INLINE LineLoss<T> softmax_logarithm(const Line& line) {
  typedef Vec<T> V;
  V y_z{}, all{}, value{}, largest, total;
  for (int i = 0; i < line.count(); i++) {
    const V y = line.y(i);
    all += y;
    y_z += y == 0 ? V{} : y * load(line.a(i));
  }
  softmax<T>(line, &largest, &total);
  all = line.sum(all);
  V excess{};  // of Poisson's Σ a, whose gradient is that of 1
  if (line.plan.ell == Ell::poisson) {
    V sum{};
    for (int i = 0; i < line.count(); i++) {
      const V a = load(line.a(i));
      sum += a;
      value += a + of_counts<T>(line.y(i));
    }
    excess = 1 - line.sum(sum);
  }
  for (int i = 0; i < line.count(); i++) {
    const V a = load(line.a(i));
    store(line.delta(i), line.scale * multiply_add(a, all + excess, -line.y(i)));
  }
  return {value - y_z, all, largest, total};
}

// log a and its derivative, with a and φ′, of the activations whose range a logarithm allows.
template <typename T> INLINE void logarithm(Phi phi, T parameter, Vec<T> z, Vec<T>* a, Vec<T>* slope, Vec<T>* log_a, Vec<T>* ratio) {
  if (phi == Phi::exp) {
    phi_exp<T>(z, parameter, a, slope);
    *log_a = z, *ratio = splat<T>(1);
  } else if (phi == Phi::softplus) {
    phi_softplus<T>(z, parameter, a, slope);
    *log_a = z < -30 ? z : log_v(*a);  // there it is z - e^z / 2
    *ratio = z < -30 ? splat<T>(1) : *slope / *a;
  } else {
    phi_squareplus<T>(z, parameter, a, slope);
    *log_a = log_v(*a);
    *ratio = *slope / *a;
  }
}

template <typename T, typename Line> INLINE Vec<T> logarithms(const Line& line, Phi phi, T parameter) {
  typedef Vec<T> V;
  V value{};
  for (int i = 0; i < line.count(); i++) {
    const V y = line.y(i), z = load(line.a(i));
    V a, slope, loss, delta;
    if (phi == Phi::sigmoid) {
      V rest;
      sigmoid_v<T>(z, &a, &rest);
      slope = a * rest;
      const V tail = log1p_v(exp_v(z < 0 ? z : -z));   // log(1 + e^{-|z|})
      const V minus_log = (z < 0 ? -z : V{}) + tail;   // -log σ(z)
      const V minus_log1m = (z > 0 ? z : V{}) + tail;  // -log(1 - σ(z))
      if (line.plan.ell == Ell::binary_cross_entropy) {
        loss = multiply_add(y, minus_log, (1 - y) * minus_log1m);
        delta = multiply_add(-y, rest, (1 - y) * a);  // B1: A - Y
      } else if (line.plan.ell == Ell::cross_entropy) {
        loss = y == 0 ? V{} : y * minus_log;
        delta = -y * rest;  // B1
      } else {
        loss = a + (y == 0 ? V{} : y * minus_log) + of_counts<T>(y);
        delta = slope - y * rest;  // B1
      }
    } else {
      V log_a, ratio;
      logarithm<T>(phi, parameter, z, &a, &slope, &log_a, &ratio);
      loss = a - (y == 0 ? V{} : y * log_a) + of_counts<T>(y);
      delta = slope - y * ratio;  // B1
    }
    value += line.or_behind_end(i, loss, T(0));
    store(line.delta(i), line.or_behind_end(i, line.scale * delta, T(0)));
    store(line.a(i), a);
  }
  return value;
}

// J1 and B1 of a line.
template <typename T, typename Line> INLINE LineLoss<T> line_loss(const Line& line, Phi phi, T parameter) {
  const bool of_row = phi == Phi::softmax;
  if (is_logarithmic(line.plan.ell)) {
    if (of_row) return softmax_logarithm<T>(line);
    return {logarithms<T>(line, phi, parameter), Vec<T>{}, Vec<T>{}, splat<T>(1)};
  }
  Vec<T> largest, total, value{};
  if (of_row) softmax<T>(line, &largest, &total);
  switch (line.plan.ell) {
#define ELL(name) \
  case Ell::name: value = pointwise<T, ell_##name<T>>(line, of_row); break;
#define ELL_OF_LOGARITHMS(name) case Ell::name: break;
#include "../functions.def"
  }
  return {value, Vec<T>{}, Vec<T>{}, splat<T>(1)};
}

// The rows of a batch of which a loss is taken together.
template <typename T> struct Group {
  int first, rows;      // of the output's A
  const T* y[kRowTile];
  T scale[kRowTile];    // w / Σw
};

// A group's share of J; Δ is scaled by w / Σw.
template <typename T> double group_loss(const Plan<T>& plan, const Layer<T>& out, const Group<T>& g) {
  constexpr int lanes = kLanes<T>, room = kRowTile > lanes ? kRowTile : lanes;
  T largest[room], total[room], weight[room];
  for (int i = 0; i < room; i++) largest[i] = 0, total[i] = 1, weight[i] = 0;
  Vec<T> value{};
  for (int i = 0; i < g.rows; i++) {
    const Vec<T> scale = splat(g.scale[i]);
    const LineLoss<T> loss = line_loss<T>(AlongRow<T>{plan, out, g.first + i, g.y[i], scale}, out.phi, out.parameter);
    value = multiply_add(loss.value, scale, value);
    weight[i] = g.scale[i] * loss.y_sum[0], largest[i] = loss.largest[0], total[i] = loss.total[0];
  }
  if (out.phi == Phi::softmax && is_logarithmic(plan.ell)) {
    for (int i = 0; i < room; i += lanes) {
      value = multiply_add(load(weight + i), load(largest + i) + log_v(load(total + i)), value);
    }
  }
  return double(sum_of<T>(value));
}

// w / Σw of a row of the data.
template <typename T> INLINE T share_of(const Step<T>& step, std::int64_t number) {
  return step.w ? step.w[number] * step.inverse_weight : step.inverse_weight;
}

// J1 and B1 of rows [first, last) of a batch: their groups' shares of J, and Δ.
template <typename T> void losses(const Plan<T>& plan, const Step<T>& step, int first, int last, int at) {
  const Layer<T>& out = plan.layer[plan.layers - 1];
  const int together = step.kept ? 1 : kRowTile;  // one by one where ℓ of each row is kept
  for (int r = first; r < last; r += together) {
    Group<T> group = {r - at, last - r < together ? last - r : together, {}, {}};
    for (int k = 0; k < group.rows; k++) {
      const std::int64_t number = step.order ? step.order[r + k] : r + k;
      group.y[k] = step.y + number * out.outputs;
      group.scale[k] = share_of(step, number);
    }
    const double loss = group_loss(plan, out, group);
    plan.loss[(r - at) / kRowTile] = loss;
    if (step.kept) step.kept->row_loss[r] = T(loss);
  }
}

// The numbers of as many rows as a vector has lanes, column by column; row(i, c) is row i from column c on.
template <typename T, typename Row> INLINE void turned(int columns, T* to, Row row) {
  constexpr int lanes = kLanes<T>;
  for (int c = 0; c < columns; c += lanes) {
    Vec<T> v[lanes];
    UNROLL for (int i = 0; i < lanes; i++) v[i] = row(i, c);
    turn<T>(v);
    UNROLL for (int i = 0; i < lanes; i++) store(to + (c + i) * lanes, v[i]);
  }
}
// And back, into rows [first, first + count) of panels.
template <typename T> INLINE void turned_back(const T* from, int first, int count, const Panels<T>& M) {
  constexpr int lanes = kLanes<T>;
  for (int c = 0; c < M.columns; c += lanes) {
    Vec<T> v[lanes];
    UNROLL for (int i = 0; i < lanes; i++) v[i] = load(from + (c + i) * lanes);
    turn<T>(v);
    T* to = M.at(first, c);
    UNROLL for (int i = 0; i < lanes; i++) {
      if (i < count) store(to + i * kPanel, v[i]);
    }
  }
}

// The most outputs of a row that are turned, so that nothing is summed over lanes.
constexpr int kWidestTurned = 2 * kPanel;

// Softmax of the outputs of rows [first, last), which are few.
template <typename T> void turned_softmax(const Plan<T>& plan, int first, int last) {
  constexpr int lanes = kLanes<T>;
  const Layer<T>& out = plan.layer[plan.layers - 1];
  alignas(64) T a[kWidestTurned * lanes];
  const AcrossRows<T> line{plan, out.outputs, a, nullptr, nullptr, lanes, nullptr, Vec<T>{}};
  for (int r = first; r < last; r += lanes) {
    const int count = last - r < lanes ? last - r : lanes;
    turned<T>(out.outputs, a, [&](int i, int c) INLINE_LAMBDA { return load(out.A.at(r + (i < count ? i : 0), c)); });
    Vec<T> largest, total;
    softmax<T>(line, &largest, &total);
    turned_back(a, r, count, out.A);
  }
}

// J1 and B1 of rows [first, last) of a batch with few outputs: their groups' shares of J, and Δ, scaled by w / Σw.
template <typename T> void turned_losses(const Plan<T>& plan, const Step<T>& step, int first, int last, int at) {
  constexpr int lanes = kLanes<T>, room = kWidestTurned * lanes;
  const Layer<T>& out = plan.layer[plan.layers - 1];
  const bool logarithmic = is_logarithmic(plan.ell), of_softmax = out.phi == Phi::softmax;
  alignas(64) T a[room], delta[room], y[room], ell[lanes], scale[lanes];
  for (int r = first; r < last; r += lanes) {
    const int count = last - r < lanes ? last - r : lanes;
    const auto row = [&](int i) INLINE_LAMBDA { return r + (i < count ? i : count - 1); };  // the last one again
    const T* targets[lanes];
    for (int i = 0; i < lanes; i++) {
      const std::int64_t number = step.order ? step.order[row(i)] : row(i);
      targets[i] = step.y + number * out.outputs;
      scale[i] = share_of(step, number);
    }
    turned<T>(out.outputs, y, [&](int i, int c) INLINE_LAMBDA { return load_first(targets[i] + c, out.outputs - c); });
    turned<T>(out.outputs, a, [&](int i, int c) INLINE_LAMBDA { return load(out.A.at(row(i) - at, c)); });
    if (!logarithmic && !of_softmax) {
      turned<T>(out.outputs, delta, [&](int i, int c) INLINE_LAMBDA { return load(out.S.at(row(i) - at, c)); });
    }
    for (int i = out.outputs * lanes; i < round_up(out.outputs, lanes) * lanes; i++) delta[i] = 0;
    const AcrossRows<T> line{plan, out.outputs, a, delta, nullptr, lanes, y, load(scale)};
    const LineLoss<T> loss = line_loss<T>(line, out.phi, out.parameter);
    Vec<T> value = loss.value;
    if (of_softmax && logarithmic) value = multiply_add(loss.y_sum, loss.largest + log_v(loss.total), value);
    store(ell, value);
    turned_back(delta, r - at, count, out.delta);
    if (step.kept) turned_back(a, r - at, count, out.A);
    for (int i = 0; i < count; i++) {
      const int group = (r + i - at) / kRowTile;
      if ((r + i - at) % kRowTile == 0) plan.loss[group] = 0;
      plan.loss[group] += double(ell[i] * scale[i]);
      if (step.kept) step.kept->row_loss[r + i] = ell[i];
    }
  }
}

// The share of J of a tile whose rows lie across the lanes; D becomes Δ. ℓ of each to `row_loss`, or nowhere.
template <typename T> double narrow_loss(const NarrowPlan<T>& plan, int lane_rows, T* row_loss) {
  const Layer<T>& out = plan.network.layer[plan.network.layers - 1];
  const NarrowLayer<T>& own = plan.layer[plan.network.layers - 1];
  double total = 0;
  for (int r = 0; r < lane_rows; r += kLanes<T>) {
    const Vec<T> scale = load(plan.weight + r);
    const AcrossRows<T> line{plan.network, out.outputs, own.A + r, own.D + r, nullptr, lane_rows, plan.y + r, scale};
    const LineLoss<T> loss = line_loss<T>(line, out.phi, out.parameter);
    Vec<T> value = loss.value;
    if (out.phi == Phi::softmax && is_logarithmic(plan.network.ell)) {
      value = multiply_add(loss.y_sum, loss.largest + log_v(loss.total), value);
    }
    if (row_loss) store(row_loss + r, value);
    total += double(sum_of<T>(value * scale));
  }
  return total;
}

}  // namespace CHAINRULE_ISA
}  // namespace chainrule
