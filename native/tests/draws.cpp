// Draws and powers against known answers: those of NumPy 2.4 and of Random123.

#include <cmath>
#include <initializer_list>
#include <vector>

#include "../core/pcg64.h"
#include "../core/permutation.h"
#include "../core/powers.h"
#include "expect.h"

using namespace chainrule;

static std::vector<std::int64_t> of_pcg64(std::uint64_t seed, int count) {
  std::vector<std::int64_t> order(count);
  Generator(Pcg64(seed)).permute(order.data(), count);
  return order;
}

static std::vector<std::int64_t> of_philox(std::uint64_t seed, std::uint64_t epoch, int count) {
  std::vector<std::int64_t> order(count);
  draw_order(order.data(), count, seed, epoch);
  return order;
}

int main() {
  // Random123's known answer for Philox4x64-10 of zeros: counter 0, key 0.
  Philox zeros{{0, 0}, 0, 0, ~0ull, {}};
  zeros.at(0);
  EXPECT(zeros.out[0] == 0x16554d9eca36314cu && zeros.out[1] == 0xdb20fe9d672d0fdcu);
  EXPECT(zeros.out[2] == 0xd7e772cee186176bu && zeros.out[3] == 0x7e68b68aec7ba23bu);
  // numpy.random.Philox(key=[7, 2], counter=[0, 0, 5, 3]).random_raw(6)
  PhiloxStream philox(7, 2, 3, 5);
  for (std::uint64_t expected : {0x356c294b0d95a1e4u, 0xec34f17ea7734f1du, 0x908f51451584e960u, 0x6392b1d1526a15b4u, 0x1e448eedb6a3eb98u, 0xeeec01944aaef3cbu}) {
    EXPECT(philox.next64() == expected);
  }
  // numpy.random.PCG64(2**40 + 3).random_raw(4)
  Pcg64 pcg((1ull << 40) + 3);
  for (std::uint64_t expected : {0xc60e533fbbb0872cu, 0xfef0825f71d66341u, 0x792240db6171ac88u, 0x109a0e11563a9540u}) {
    EXPECT(pcg.next64() == expected);
  }
  // numpy.random.default_rng(seed).permutation(n)
  EXPECT(of_pcg64(0u, 10) == (std::vector<std::int64_t>{4, 6, 2, 7, 3, 5, 9, 0, 8, 1}));
  EXPECT(of_pcg64(18446744073709551615u, 7) == (std::vector<std::int64_t>{0, 4, 3, 5, 6, 1, 2}));
  EXPECT(of_pcg64(5u, 1) == (std::vector<std::int64_t>{0}));
  EXPECT(of_pcg64(11, 100003)[50000] == 10384);
  // draws.epoch_order(rows, 1, seed, epoch)
  EXPECT(of_philox(7, 3, 9) == (std::vector<std::int64_t>{5, 1, 3, 0, 2, 7, 6, 4, 8}));

  Powers ten(0.9), near_one(0.999), none(0);
  EXPECT(ten.of(1) == 0.9 && std::abs(ten.of(7) - 0.4782969) < 1e-16);
  const double long_after = near_one.of(64 * 64 + 7);
  near_one.of(3);
  EXPECT(near_one.of(64 * 64 + 7) == long_after);  // whatever came before
  EXPECT(std::abs(long_after / 0.016489147055659736 - 1) < 4e-16);
  EXPECT(none.of(5) == 0 && ten.of(std::int64_t{1} << 60) == 0);
  return verdict();
}
