// The instruction sets that were built, and whether this processor has them.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "plan.h"

namespace chainrule {

#define DECLARE(isa)                         \
  namespace isa {                            \
  extern const Kernels<float> kernels_f32;   \
  extern const Kernels<double> kernels_f64;  \
  }
DECLARE(baseline)
#if defined(CHAINRULE_X86)
DECLARE(avx2)
DECLARE(avx512)
#endif
#undef DECLARE

struct Isa {
  const char* name;
  const Kernels<float>* f32;
  const Kernels<double>* f64;
  bool here;
};

// The widest last.
inline const std::vector<Isa>& isas() {
  static const std::vector<Isa> all = [] {
    std::vector<Isa> found = {{"baseline", &baseline::kernels_f32, &baseline::kernels_f64, true}};
#if defined(CHAINRULE_X86)
    __builtin_cpu_init();
    const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    found.push_back({"avx2", &avx2::kernels_f32, &avx2::kernels_f64, has_avx2});
    found.push_back({"avx512", &avx512::kernels_f32, &avx512::kernels_f64, has_avx512});
#endif
    return found;
  }();
  return all;
}

template <typename T> const Kernels<T>& kernels_named(const std::string& name) {
  for (const Isa& isa : isas()) {
    if (name != isa.name || !isa.here) continue;
    if constexpr (sizeof(T) == sizeof(float)) return *isa.f32;
    else return *isa.f64;
  }
  throw std::invalid_argument("instruction set " + name + " is not built or not on this processor");
}

}  // namespace chainrule
