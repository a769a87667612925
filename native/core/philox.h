// Philox4x64-10, as NumPy's: key (seed, purpose), counter (block, 0, step, epoch).
// Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#pragma once

#include <cstdint>

#include "panels.h"

namespace chainrule {

struct Philox {
  std::uint64_t key[2], step, epoch, block;
  std::uint64_t out[4];

  // Four numbers of 64 bits.
  CHAINRULE_INLINE void at(std::uint64_t number) {
    if (number == block) return;
    block = number;
    std::uint64_t c0 = number, c1 = 0, c2 = step, c3 = epoch, k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
      const unsigned __int128 a = (unsigned __int128)c0 * 0xD2E7470EE14C6C93ull;
      const unsigned __int128 b = (unsigned __int128)c2 * 0xCA5A826395121157ull;
      c0 = (std::uint64_t)(b >> 64) ^ c1 ^ k0;
      c1 = (std::uint64_t)b;
      c2 = (std::uint64_t)(a >> 64) ^ c3 ^ k1;
      c3 = (std::uint64_t)a;
      k0 += 0x9E3779B97F4A7C15ull;
      k1 += 0xBB67AE8584CAA73Bull;
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
  }
  // Number e of the stream: NumPy counts blocks from 1.
  CHAINRULE_INLINE std::uint64_t bits(std::uint64_t e) {
    at(e / 4 + 1);
    return out[e % 4];
  }
  // The same in [0, 1).
  CHAINRULE_INLINE double uniform(std::uint64_t e) {
    return double(bits(e) >> 11) * (1.0 / 9007199254740992.0);
  }
};

}  // namespace chainrule
