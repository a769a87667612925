// F2: the activations and their derivatives, side by side.
#pragma once

#include "../core/functions.h"
#include "math-inl.h"

namespace chainrule {
namespace CHAINRULE_ISA {

// F2: a = φ(z), slope = φ′(z) of one vector. functions.def has a row for each.
#define ACTIVATION(name) \
  template <typename T> INLINE void phi_##name(Vec<T> z, [[maybe_unused]] T parameter, Vec<T>* a, Vec<T>* slope)

ACTIVATION(identity) { *a = z; *slope = splat<T>(1); }
ACTIVATION(sigmoid) {
  Vec<T> rest;
  sigmoid_v<T>(z, a, &rest);
  *slope = *a * rest;
}
ACTIVATION(tanh) { tanh_v(z, a, slope); }
ACTIVATION(relu) {
  *slope = z > 0 ? splat<T>(1) : Vec<T>{};
  *a = z <= 0 ? Vec<T>{} : z;  // NaN stays
}
ACTIVATION(leaky_relu) {
  *slope = z > 0 ? splat<T>(1) : splat<T>(parameter);
  *a = z > 0 ? z : parameter * z;
}
ACTIVATION(elu) {
  const Vec<T> one = splat<T>(1), below = z < 0 ? z : Vec<T>{}, e = exp_v(below);
  Vec<T> t, unused;  // e^z - 1 near 0 without cancellation: (1 + e^z) tanh(z / 2)
  tanh_v(below * T(0.5), &t, &unused);
  *a = z > 0 ? z : parameter * ((one + e) * t);
  *a = z != z ? z : *a;
  *slope = z > 0 ? one : parameter * e;
}
ACTIVATION(selu) {
  phi_elu<T>(z, T(1.6732632423543772), a, slope);
  *a *= T(1.0507009873554805);
  *slope *= T(1.0507009873554805);
}
ACTIVATION(gelu) {
  Vec<T> erf, gauss;  // of z / √2
  erf_v<T>(z * T(0.70710678118654752440), &erf, &gauss);
  const Vec<T> cdf = multiply_add(erf, T(0.5), splat<T>(0.5));
  *a = z * cdf;
  *slope = multiply_add(z, gauss * T(0.39894228040143267794), cdf);
}
ACTIVATION(gelu_tanh) {
  const T c = T(1.59576912160573071176);  // 2 √(2/π)
  const Vec<T> square = z * z;
  Vec<T> s, rest;  // σ(2u), σ(-2u)
  sigmoid_v<T>(c * z * multiply_add(square, T(0.044715), T(1)), &s, &rest);
  *a = z * s;
  *slope = multiply_add(z * s, rest * (c * multiply_add(square, T(3 * 0.044715), T(1))), s);
}
ACTIVATION(silu) {
  Vec<T> s, rest;
  sigmoid_v<T>(z, &s, &rest);
  *a = z * s;
  *slope = multiply_add(z, s * rest, s);
}
ACTIVATION(mish) {  // tanh log(1 + e^z) as a quotient of polynomials in e^{-|z|}
  const Vec<T> e = exp_v(z < 0 ? z : -z), e2 = e * e;
  const Vec<T> top = z < 0 ? multiply_add(e, T(2), e2) : multiply_add(e, T(2), T(1));
  const Vec<T> rest = z < 0 ? splat<T>(2) : 2 * e2, tanh = top / (top + rest);  // rest / (top + rest) = 1 - tanh
  *a = z * tanh;
  *slope = multiply_add(z, 4 * (1 + e) * (z < 0 ? e : e2) / ((top + rest) * (top + rest)), tanh);
}
ACTIVATION(softplus) {
  Vec<T> rest;
  sigmoid_v<T>(z, slope, &rest);
  *a = (z > 0 ? z : Vec<T>{}) + log1p_v(exp_v(z < 0 ? z : -z));
  *a = z != z ? z : *a;
}
ACTIVATION(squareplus) {
  const Vec<T> root = square_root(multiply_add(z, z, splat<T>(parameter)));
  const Vec<T> far = T(0.5) * (root + (z > 0 ? z : -z));  // the end that does not cancel
  *a = z > 0 ? far : T(0.25) * parameter / far;
  *slope = *a / root;
}
ACTIVATION(softsign) {
  const Vec<T> inverse = 1 / (1 + (z < 0 ? -z : z));
  *a = z * inverse;
  *slope = inverse * inverse;
}
ACTIVATION(hard_sigmoid) {
  const Vec<T> line = multiply_add(z, T(1.0 / 6), T(0.5));
  *a = z <= -3 ? Vec<T>{} : (z >= 3 ? splat<T>(1) : line);
  *slope = z > -3 ? (z < 3 ? splat<T>(T(1.0 / 6)) : Vec<T>{}) : Vec<T>{};
}
ACTIVATION(hard_tanh) {
  *a = z < -1 ? splat<T>(-1) : (z > 1 ? splat<T>(1) : z);
  *slope = z > -1 ? (z < 1 ? splat<T>(1) : Vec<T>{}) : Vec<T>{};
}
ACTIVATION(exp) { *a = *slope = exp_v(z); }
#undef ACTIVATION

// a holds Z and becomes A; slope becomes φ′ where it is not null. `rows` rows of 16, of each the first `vectors`
// vectors. Whether every z was finite: φ may hide that, as tanh does.
template <typename T, void (*phi)(Vec<T>, T, Vec<T>*, Vec<T>*)>
__attribute__((noinline)) bool phi_rows(T parameter, T* a, T* slope, std::ptrdiff_t rows, int vectors) {
  constexpr int lanes = kLanes<T>;
  Vec<T> watch{};
  const auto one = [&](std::ptrdiff_t i) INLINE_LAMBDA {
    const Vec<T> z = load(a + i);
    Vec<T> value, derivative;
    phi(z, parameter, &value, &derivative);
    watch += z * T(0);
    store(a + i, value);
    if (slope) store(slope + i, derivative);
  };
  if (vectors == kVectors<T>) {
    for (std::ptrdiff_t i = 0; i < rows * kPanel; i += lanes) one(i);
  } else {
    for (std::ptrdiff_t r = 0; r < rows; r++) {
      for (int v = 0; v < vectors; v++) one(r * kPanel + v * lanes);
    }
  }
  return sum_of<T>(watch) == 0;
}

template <typename T> bool activate(Phi phi, T parameter, T* a, T* slope, std::ptrdiff_t rows, int vectors) {
  switch (phi) {
#define PHI(name) case Phi::name: return phi_rows<T, phi_##name<T>>(parameter, a, slope, rows, vectors);
#define PHI_OF_ROW(name) case Phi::name: break;  // losses-inl.h has it
#include "../functions.def"
  }
  return true;
}

template <typename T> void activation(Phi phi, T parameter, const T* z, T* a, T* slope, std::ptrdiff_t count) {
  for (std::ptrdiff_t i = 0; i < count; i++) a[i] = z[i];
  activate(phi, parameter, a, slope, count / kPanel, kVectors<T>);
}

}  // namespace CHAINRULE_ISA
}  // namespace chainrule
