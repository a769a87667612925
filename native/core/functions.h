// The enumerations of functions.def.
#pragma once

namespace chainrule {

enum class Phi : int {
#define PHI(name) name,
#define PHI_OF_ROW(name) name,
#include "../functions.def"
};

enum class Ell : int {
#define ELL(name) name,
#define ELL_OF_LOGARITHMS(name) name,
#include "../functions.def"
};

inline __attribute__((always_inline)) constexpr bool is_logarithmic(Ell ell) {
  switch (ell) {
#define ELL_OF_LOGARITHMS(name) case Ell::name:
#include "../functions.def"
    return true;
    default: return false;
  }
}

enum class Rule : int {
#define RULE(name) name,
#include "../functions.def"
};

}  // namespace chainrule
