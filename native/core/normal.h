// Normal draws as numpy.random.Generator makes them, of any source of 64 bits: the ziggurat of 256 layers.
// Marsaglia & Tsang, "The ziggurat method for generating random variables", 2000; Doornik, 2005.
#pragma once

#include <cmath>
#include <cstdint>

namespace chainrule {

// Layer i reaches to x_i = 2⁵² width[i], where the density is height[i]; numbers below inside[i] lie within the layer
// above too. tools/build_page_engine computes them.
struct Ziggurat {
  std::uint64_t inside[256];
  double width[256], height[256];
};

constexpr double kTail = 3.6541528853610088;  // where layer 0 ends

template <typename Source> double uniform_of(Source& source) {  // in [0, 1)
  return double(source.next64() >> 11) * (1.0 / 9007199254740992.0);
}

template <typename Source> double normal_of(const Ziggurat& layers, Source& source) {
  for (;;) {
    const std::uint64_t bits = source.next64(), size = bits >> 9 & 0xfffffffffffffu;
    const int layer = bits & 0xff;
    const double x = double(size) * layers.width[layer], drawn = bits & 0x100 ? -x : x;
    if (size < layers.inside[layer]) return drawn;
    if (layer == 0) {
      for (;;) {
        const double beyond = -std::log1p(-uniform_of(source)) * 0.27366123732975828;  // 1 / kTail
        const double y = -std::log1p(-uniform_of(source));
        if (y + y > beyond * beyond) return size & 0x100 ? -(kTail + beyond) : kTail + beyond;
      }
    }
    const double low = layers.height[layer], high = layers.height[layer - 1];
    if ((high - low) * uniform_of(source) + low < std::exp(-0.5 * x * x)) return drawn;
  }
}

}  // namespace chainrule
