// U1: the rules, and what of the gradient they need beside B3 (J2, clipping by value).
#pragma once

#include "../core/plan.h"
#include "vector-inl.h"

namespace chainrule {
namespace CHAINRULE_ISA {

template <typename T>
INLINE Vec<T> whole_gradient(Vec<T> theta, Vec<T> g, T l1, T l2, T limit) {
  typedef Vec<T> V;
  if (l1 != 0 || l2 != 0) {
    const V sign = theta > 0 ? splat<T>(1) : (theta < 0 ? splat<T>(-1) : V{});
    g += multiply_add(theta, l2, l1 * sign);  // J2
  }
  if (limit > 0) {
    g = g > limit ? splat<T>(limit) : g;
    g = g < -limit ? splat<T>(-limit) : g;
  }
  return g;
}

template <typename T>
double finish_gradient(const Step<T>& step, const T* theta_, T* g_, std::ptrdiff_t count, bool weights) {
  constexpr int lanes = kLanes<T>;
  const T l1 = weights ? T(step.l1) : T(0), l2 = weights ? T(step.l2) : T(0), limit = T(step.clip_value);
  double squares = 0;
  for (std::ptrdiff_t i = 0; i < count; i += lanes) {
    const Vec<T> g = whole_gradient<T>(load(theta_ + i), load(g_ + i), l1, l2, limit);
    store(g_ + i, g);
    for (int k = 0; k < lanes; k++) squares += double(g[k]) * double(g[k]);
  }
  return squares;
}

template <typename T, Rule kRule>
void update_span(const Plan<T>& plan, const Step<T>& step, T* theta_, T* s0, T* s1, const T* g_, std::ptrdiff_t count,
                 bool weights) {
  typedef Vec<T> V;
  constexpr int lanes = kLanes<T>;
  const T l1 = weights ? T(step.l1) : T(0), l2 = weights ? T(step.l2) : T(0), decay = weights ? T(step.decay) : T(1);
  const T rate = T(step.rate), limit = T(step.clip_value), mu = T(plan.momentum);
  const T b1 = T(plan.beta1), b2 = T(plan.beta2), eps = T(plan.epsilon);
  const T c1 = T(1 - plan.beta1), c2 = T(1 - plan.beta2);
  const T step_size = T(step.rate / step.correction1), inverse2 = T(1 / step.correction2);
  for (std::ptrdiff_t i = 0; i < count; i += lanes) {
    V theta = load(theta_ + i);
    const V g = whole_gradient<T>(theta, load(g_ + i), l1, l2, limit);
    theta *= decay;
    if constexpr (kRule == Rule::sgd || kRule == Rule::nesterov) {
      if (s0) {
        const V downhill = -rate * g;
        const V velocity = multiply_add(load(s0 + i), mu, downhill);
        store(s0 + i, velocity);
        theta += kRule == Rule::nesterov ? multiply_add(velocity, mu, downhill) : velocity;
      } else {
        theta = multiply_add(g, -rate, theta);  // U1
      }
    } else if constexpr (kRule == Rule::rmsprop) {
      const V square = multiply_add(load(s0 + i), b2, c2 * g * g);
      store(s0 + i, square);
      theta -= rate * g / (square_root(square) + eps);
    } else if constexpr (kRule == Rule::adagrad) {
      const V squares = multiply_add(g, g, load(s0 + i));
      store(s0 + i, squares);
      theta -= rate * g / (square_root(squares) + eps);
    } else {
      const V mean = multiply_add(load(s0 + i), b1, c1 * g);
      const V square = multiply_add(load(s1 + i), b2, c2 * g * g);
      store(s0 + i, mean);
      store(s1 + i, square);
      theta -= step_size * mean / (square_root(square * inverse2) + eps);
    }
    store(theta_ + i, theta);
  }
}

template <typename T>
void update(const Plan<T>& plan, const Step<T>& step, T* theta, T* s0, T* s1, const T* g, std::ptrdiff_t count,
            bool weights) {
  switch (plan.rule) {
#define RULE(name) \
  case Rule::name: return update_span<T, Rule::name>(plan, step, theta, s0, s1, g, count, weights);
#include "../functions.def"
  }
}

// The columns of a panel of W, scaled down to a norm of `most`.
template <typename T> void limit_norms(T* panel, int rows, T most) {
  for (int v = 0; v < kPanel; v += kLanes<T>) {
    Vec<T> squares{};
    for (int k = 0; k < rows; k++) {
      const Vec<T> w = load(panel + k * kPanel + v);
      squares = multiply_add(w, w, squares);
    }
    const Vec<T> norm = square_root(squares), factor = norm > most ? most / norm : splat<T>(1);
    for (int k = 0; k < rows; k++) store(panel + k * kPanel + v, load(panel + k * kPanel + v) * factor);
  }
}

// W's second copy for B2, of inputs [k0, k1) and output panels [p0, p1).
template <typename T> void transpose(const Layer<T>& layer, int k0, int k1, int p0, int p1) {
  constexpr int lanes = kLanes<T>;
  for (int p = p0; p < p1; p++) {
    const int left = layer.outputs - p * kPanel, js = left < kPanel ? left : kPanel;
    int k = k0;
    for (; k + lanes <= k1; k += lanes) {
      for (int j0 = 0; j0 < js; j0 += lanes) {
        Vec<T> v[lanes];
        UNROLL for (int i = 0; i < lanes; i++) v[i] = load(layer.W.panel(p, k + i) + j0);
        turn<T>(v);
        T* to = layer.W_back.at(p * kPanel + j0, k);
        UNROLL for (int i = 0; i < lanes; i++) {
          if (j0 + i < js) store(to + i * kPanel, v[i]);
        }
      }
    }
    for (; k < k1; k++) {
      const T* from = layer.W.panel(p, k);
      T* to = layer.W_back.at(p * kPanel, k);
      for (int j = 0; j < js; j++) to[j * kPanel] = from[j];
    }
  }
}

}  // namespace CHAINRULE_ISA
}  // namespace chainrule
