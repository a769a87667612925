// Elementary functions of vectors. Nothing calls the C library. Before each stands how far it may be off, in ulp over
// the whole range (float32, float64): tests/math.cpp measures that on each instruction set. exp, tanh and log in
// float32 have the coefficients of Stephen Moshier's Cephes, log in float64 and erf minimax fits.
#pragma once

#include "vector-inl.h"

namespace chainrule {
namespace CHAINRULE_ISA {

template <typename T> constexpr double in_ulp(double single, double twice) { return sizeof(T) == 4 ? single : twice; }

template <typename T> constexpr double kUlpOfExp = in_ulp<T>(1, 1.6);
INLINE vec_f exp_v(vec_f x) {
  x = x < -104.0f ? splat(-104.0f) : x;
  x = x > 89.0f ? splat(89.0f) : x;
  const vec_f magic = splat(12582912.0f);  // 1.5 · 2²³: adding it rounds to a whole number
  vec_f n = multiply_add(x, 1.44269504088896341f, magic);
  vec_fi k = (vec_fi)n - (vec_fi)magic;
  n -= magic;
  vec_f r = multiply_add(n, -0.693359375f, x);
  r = multiply_add(n, 2.12194440e-4f, r);
  vec_f p = splat(1.9875691500e-4f);
  p = multiply_add(p, r, 1.3981999507e-3f);
  p = multiply_add(p, r, 8.3334519073e-3f);
  p = multiply_add(p, r, 4.1665795894e-2f);
  p = multiply_add(p, r, 1.6666665459e-1f);
  p = multiply_add(p, r, 5.0000001201e-1f);
  p = multiply_add(p, r * r, r) + 1.0f;
  // 2ᵏ in two factors, so that results below 2⁻¹²⁶ and above 2¹²⁸ come out right
  const vec_fi half = k >> 1;
  return p * (vec_f)((half + 127) << 23) * (vec_f)((k - half + 127) << 23);
}

INLINE vec_d exp_v(vec_d x) {
  x = x < -746.0 ? splat(-746.0) : x;
  x = x > 710.0 ? splat(710.0) : x;
  const vec_d magic = splat(6755399441055744.0);  // 1.5 · 2⁵²
  vec_d n = multiply_add(x, 1.4426950408889634073599, magic);
  vec_di k = (vec_di)n - (vec_di)magic;
  n -= magic;
  vec_d r = multiply_add(n, -6.93145751953125e-1, x);
  r = multiply_add(n, -1.42860682030941723212e-6, r);
  const vec_d s = r * r;
  vec_d p = splat(1.26177193074810590878e-4);
  p = multiply_add(p, s, 3.02994407707441961300e-2);
  p = multiply_add(p, s, 9.99999999999999999910e-1) * r;
  vec_d q = splat(3.00198505138664455042e-6);
  q = multiply_add(q, s, 2.52448340349684104192e-3);
  q = multiply_add(q, s, 2.27265548208155028766e-1);
  q = multiply_add(q, s, 2.00000000000000000005);
  const vec_d e = multiply_add(p / (q - p), 2.0, 1.0);
  const vec_di half = k >> 1;
  return e * (vec_d)((half + 1023) << 52) * (vec_d)((k - half + 1023) << 52);
}

// tanh z and its derivative sech² z, this one in float32 to 2 eps: a rational approximation on [-7.9, 7.9], outside
// which tanh is 1 to half an ulp.
template <typename T> constexpr double kUlpOfTanh = in_ulp<T>(5.5, 1.5);
constexpr double kUlpOfSech2 = 2.5;  // in float64
INLINE void tanh_v(vec_f z, vec_f* a, vec_f* d) {
  const float limit = 7.90531110763549805f;
  vec_f x = z > limit ? splat(limit) : z;
  x = x < -limit ? splat(-limit) : x;
  const vec_f s = x * x;
  vec_f p = splat(-2.76076847742355e-16f);
  p = multiply_add(p, s, 2.00018790482477e-13f);
  p = multiply_add(p, s, -8.60467152213735e-11f);
  p = multiply_add(p, s, 5.12229709037114e-08f);
  p = multiply_add(p, s, 1.48572235717979e-05f);
  p = multiply_add(p, s, 6.37261928875436e-04f);
  p = multiply_add(p, s, 4.89352455891786e-03f);
  vec_f q = splat(1.19825839466702e-06f);
  q = multiply_add(q, s, 1.18534705686654e-04f);
  q = multiply_add(q, s, 2.26843463243900e-03f);
  q = multiply_add(q, s, 4.89352518554385e-03f);
  const vec_f t = x * p / q;
  *a = s < 1e-7f ? z : t;
  *d = multiply_add(-t, t, 1.0f);
}

// In float64 a rational approximation near 0 and exp elsewhere (Cephes).
INLINE void tanh_v(vec_d z, vec_d* a, vec_d* d) {
  const vec_d size = z < 0.0 ? -z : z;
  const vec_d s = z * z;
  vec_d p = splat(-9.64399179425052238628e-1);
  p = multiply_add(p, s, -9.92877231001918586564e1);
  p = multiply_add(p, s, -1.61468768441708447952e3);
  vec_d r = s + 1.12811678491632931402e2;
  r = multiply_add(r, s, 2.23548839060100448583e3);
  r = multiply_add(r, s, 4.84406305325125486048e3);
  const vec_d near = multiply_add(p / r * s, z, z);
  const vec_d q = 1.0 / (exp_v(size + size) + 1.0);
  const vec_d far = 1.0 - (q + q);
  *a = size < 0.625 ? near : (z < 0.0 ? -far : far);
  *d = size < 0.625 ? multiply_add(-near, near, 1.0) : 4.0 * multiply_add(-q, q, q);
}

// σ(z) and σ(-z), each to full relative accuracy.
constexpr double kUlpOfSigmoid = 3;
template <typename T>
INLINE void sigmoid_v(Vec<T> z, Vec<T>* a, Vec<T>* rest) {
  typedef Vec<T> V;
  const V e = exp_v(z < 0 ? z : -z);
  const V large = 1 / (1 + e), small = e * large;
  *a = z < 0 ? small : large;
  *rest = z < 0 ? large : small;
}

// log x of normal x > 0, NaN of NaN and infinity of infinity. Cephes: a polynomial around 1.
constexpr double kUlpOfLog = 0.9;
INLINE vec_f log_v(vec_f x) {
  vec_fi bits = (vec_fi)x;
  vec_fi k = ((bits - 0x3f3504f3) >> 23);  // x = 2^k m with m in [√½, √2)
  const vec_f f = (vec_f)(bits - (k << 23)) - 1.0f;
  const vec_f n = __builtin_convertvector(k, vec_f);
  vec_f p = splat(7.0376836292e-2f);
  p = multiply_add(p, f, -1.1514610310e-1f);
  p = multiply_add(p, f, 1.1676998740e-1f);
  p = multiply_add(p, f, -1.2420140846e-1f);
  p = multiply_add(p, f, 1.4249322787e-1f);
  p = multiply_add(p, f, -1.6668057665e-1f);
  p = multiply_add(p, f, 2.0000714765e-1f);
  p = multiply_add(p, f, -2.4999993993e-1f);
  p = multiply_add(p, f, 3.3333331174e-1f);
  const vec_f s = f * f;
  vec_f y = multiply_add(p * f, s, n * -2.12194440e-4f);
  y = multiply_add(n, 0.693359375f, multiply_add(s, -0.5f, y) + f);
  return x < __builtin_inff() ? y : x;
}

// k log 2 + log(1 + f) + rest of f in [√½ - 1, √2 - 1]: 2 artanh s of s = f / (2 + f), with f and f² / 2 taken out.
INLINE vec_d log_of_parts(vec_d k, vec_d f, vec_d rest) {
  const vec_d s = f / (2.0 + f), z = s * s;
  vec_d p = splat(1.47960791147120407e-01);
  p = multiply_add(p, z, 1.53140387308667247e-01);
  p = multiply_add(p, z, 1.81835647387621008e-01);
  p = multiply_add(p, z, 2.22221985662840432e-01);
  p = multiply_add(p, z, 2.85714287424444102e-01);
  p = multiply_add(p, z, 3.99999999994144761e-01);
  p = multiply_add(p, z, 6.66666666666673402e-01);
  const vec_d half = 0.5 * f * f;
  const vec_d tail = multiply_add(s, multiply_add(p, z, half), multiply_add(k, 1.90821492927058770002e-10, rest));
  return multiply_add(k, 6.93147180369123816490e-01, f - (half - tail));  // log 2 in two parts
}
INLINE vec_d log_v(vec_d x) {
  const vec_di bits = (vec_di)x;
  const vec_di k = (bits - 0x3fe6a09e667f3bcd) >> 52;  // x = 2^k m with m in [√½, √2)
  const vec_d f = (vec_d)(bits - (k << 52)) - 1.0;
  const vec_d magic = splat(6755399441055744.0);  // 1.5 · 2⁵²: a whole number added to its bits is added to it
  const vec_d y = log_of_parts((vec_d)(k + (vec_di)magic) - magic, f, vec_d{});
  return x < __builtin_inf() ? y : x;
}

// log(1 + x) of x in [0, 1], and NaN of NaN: what 1 + x loses of x is added to the first order.
template <typename T> constexpr double kUlpOfLog1p = in_ulp<T>(1.2, 0.9);
INLINE vec_f log1p_v(vec_f x) {
  const vec_f u = 1.0f + x;
  return log_v(u) + (x - (u - 1.0f)) / u;
}
INLINE vec_d log1p_v(vec_d x) {
  const vec_d u = 1.0 + x, zero = vec_d{};
  const auto large = x > 0.41421356237309503;  // beyond √2 - 1: 2 (1 + (u / 2 - 1))
  const vec_d f = large ? multiply_add(u, 0.5, -1.0) : x;
  return log_of_parts(large ? zero + 1.0 : zero, f, large ? (x - (u - 1.0)) / u : zero);
}

// erf x and e^{-x²}: x P(x²) up to 1, then 1 - e^{-x²} Q(1 / (|x| + 2)).
template <typename T> constexpr double kUlpOfErf = in_ulp<T>(2.8, 1.8);
constexpr double kUlpOfGauss = 17;  // on [-5, 5]: its argument is x² rounded
template <typename T>
INLINE void erf_v(Vec<T> x, Vec<T>* erf, Vec<T>* gauss) {
  typedef Vec<T> V;
  const V size = x < 0 ? -x : x, s = x * x, t = T(1) / (size + T(2));
  V p, q;
  if constexpr (sizeof(T) == 4) {
    p = splat(7.88876223e-05f);
    p = multiply_add(p, s, -8.02073300e-04f);
    p = multiply_add(p, s, 5.18952301e-03f);
    p = multiply_add(p, s, -2.68544381e-02f);
    p = multiply_add(p, s, 1.12836000e-01f);
    p = multiply_add(p, s, -3.76126271e-01f);
    p = multiply_add(p, s, 1.12837917e+00f);
    q = splat(-7.38595994e+00f);
    q = multiply_add(q, t, 1.01873334e+01f);
    q = multiply_add(q, t, -5.15951944e-01f);
    q = multiply_add(q, t, 1.58728666e+00f);
    q = multiply_add(q, t, 5.19389766e-01f);
    q = multiply_add(q, t, 1.82314950e-03f);
  } else {
    p = splat(-7.80104252349058042e-10);
    p = multiply_add(p, s, 1.37228943110058309e-08);
    p = multiply_add(p, s, -1.62091560627544382e-07);
    p = multiply_add(p, s, 1.64475149564086728e-06);
    p = multiply_add(p, s, -1.49247444311737226e-05);
    p = multiply_add(p, s, 1.20552953077421367e-04);
    p = multiply_add(p, s, -8.54832598924570451e-04);
    p = multiply_add(p, s, 5.22397760741348961e-03);
    p = multiply_add(p, s, -2.68661706432749246e-02);
    p = multiply_add(p, s, 1.12837916709452452e-01);
    p = multiply_add(p, s, -3.76126389031835484e-01);
    p = multiply_add(p, s, 1.12837916709551256e+00);
    q = splat(-2.12159631409475395e+02);
    q = multiply_add(q, t, 7.48105061845697719e+02);
    q = multiply_add(q, t, -1.15316658676741918e+03);
    q = multiply_add(q, t, 9.94915407416666881e+02);
    q = multiply_add(q, t, -5.10903276993869497e+02);
    q = multiply_add(q, t, 1.61260973435861644e+02);
    q = multiply_add(q, t, -4.11291054454911986e+01);
    q = multiply_add(q, t, 9.89053222940171928e+00);
    q = multiply_add(q, t, 1.89701901616818014e+00);
    q = multiply_add(q, t, 2.05855012205963117e+00);
    q = multiply_add(q, t, 1.12326071224905655e+00);
    q = multiply_add(q, t, 5.64377632947910213e-01);
    q = multiply_add(q, t, -3.13555220466418727e-06);
  }
  *gauss = exp_v(-s);
  const V far = multiply_add(-q, *gauss, splat<T>(1));
  *erf = size < 1 ? x * p : (x < 0 ? -far : far);
}

}  // namespace CHAINRULE_ISA
}  // namespace chainrule
