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
#include "../functions.def"
};

enum class Rule : int {
#define RULE(name) name,
#include "../functions.def"
};

}  // namespace chainrule
