// The elementary functions of one instruction set against the C library's in extended precision: their largest
// error in ulp over samples of the whole range, held to what kernels/math-inl.h promises beside each.

#include <cfloat>
#include <cmath>
#include <cstdlib>
#include <initializer_list>

#include "../kernels/math-inl.h"
#include "expect.h"

namespace chainrule {
namespace CHAINRULE_ISA {

template <typename T> static double ulps(T got, long double exact) {
  const long double tiny = sizeof(T) == 4 ? FLT_MIN : DBL_MIN, off = std::fabs(got - exact);
  if (off <= tiny) return 0;  // below the smallest normal number it may be coarse, or 0
  int exponent;
  std::frexp(std::fabs(exact) < tiny ? tiny : exact, &exponent);
  return double(off / std::ldexp(1.0L, exponent - (sizeof(T) == 4 ? FLT_MANT_DIG : DBL_MANT_DIG)));
}

// `most` ulp at most of f beside the exact one, over `count` numbers from `from` to `to`: evenly, or by magnitude.
template <typename T, typename F>
static void measure(const char* name, double most, bool by_magnitude, double from, double to, F f,
                    long double (*exact)(long double)) {
  constexpr int count = 1 << 16;
  double worst = 0, at = 0;
  for (int i = 0; i < count; i += kLanes<T>) {
    T x[kLanes<T>], y[kLanes<T>];
    for (int k = 0; k < kLanes<T>; k++) {
      const double share = (i + k + 0.37) / count;
      x[k] = T(by_magnitude ? std::copysign(std::pow(std::fabs(from), 1 - share) * std::pow(std::fabs(to), share), from)
                            : from + (to - from) * share);
    }
    store(y, f(load(x)));
    for (int k = 0; k < kLanes<T>; k++) {
      const double off = ulps(y[k], exact(x[k]));
      if (!(off <= worst)) worst = off, at = double(x[k]);
    }
  }
  std::printf("%-10s float%d  %6.3f ulp of %g at %.9g\n", name, int(8 * sizeof(T)), worst, most, at);
  EXPECT(worst <= most);
}

static long double sech2(long double z) { return 1 / (std::cosh(z) * std::cosh(z)); }
static long double gauss(long double x) { return std::exp(-x * x); }
static long double sigmoid(long double z) { return 1 / (1 + std::exp(-z)); }

template <typename T> static void measure_all() {
  typedef Vec<T> V;
  constexpr bool single = sizeof(T) == 4;
  const double low = single ? 1e-37 : 1e-300, wide = single ? 87 : 708;
  const auto first = [](void (*f)(V, V*, V*)) { return [f](V z) { V a, b; f(z, &a, &b); return a; }; };
  const auto second = [](void (*f)(V, V*, V*)) { return [f](V z) { V a, b; f(z, &a, &b); return b; }; };
  const auto tanh_of = [](V z, V* a, V* slope) { tanh_v(z, a, slope); };
  for (int sign : {1, -1}) {
    measure<T>("exp", kUlpOfExp<T>, false, 0, sign * wide, [](V x) { return exp_v(x); }, std::exp);
    for (double to : {1.0, 12.0}) {
      measure<T>("tanh", kUlpOfTanh<T>, false, 0, sign * to, first(tanh_of), std::tanh);
      measure<T>("erf", kUlpOfErf<T>, false, 0, sign * to, first(erf_v<T>), std::erf);
      measure<T>("sigmoid", kUlpOfSigmoid, false, 0, sign * to, first(sigmoid_v<T>), sigmoid);
    }
    measure<T>("tanh", kUlpOfTanh<T>, true, sign * low, sign * 1, first(tanh_of), std::tanh);
    measure<T>("erf", kUlpOfErf<T>, true, sign * low, sign * 1, first(erf_v<T>), std::erf);
  }
  if (!single) measure<T>("sech2", kUlpOfSech2, false, -12, 12, second(tanh_of), sech2);
  measure<T>("gauss", kUlpOfGauss, false, -5, 5, second(erf_v<T>), gauss);
  measure<T>("log", kUlpOfLog, true, low, single ? 1e38 : 1e300, [](V x) { return log_v(x); }, std::log);
  measure<T>("log", kUlpOfLog, false, 0.5, 2, [](V x) { return log_v(x); }, std::log);
  measure<T>("log1p", kUlpOfLog1p<T>, false, 0, 1, [](V x) { return log1p_v(x); }, std::log1p);
  measure<T>("log1p", kUlpOfLog1p<T>, true, low, 1, [](V x) { return log1p_v(x); }, std::log1p);
  measure<T>("sqrt", 0.5, true, low, 1e30, [](V x) { return square_root(x); }, std::sqrt);
}

}  // namespace CHAINRULE_ISA
}  // namespace chainrule

int main() {
#if defined(__x86_64__) && defined(__AVX2__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2")) return 77;
#endif
#if defined(__AVX512F__)
  if (!__builtin_cpu_supports("avx512f")) return 77;
#endif
  if (LDBL_MANT_DIG < 64) return 77;  // nothing to compare with
  using namespace chainrule::CHAINRULE_ISA;
  measure_all<float>();
  measure_all<double>();
  return verdict();
}
