// Panels, and flat θ beside them.

#include <cmath>
#include <vector>

#include "../core/theta.h"
#include "../core/workspace.h"
#include "expect.h"

using namespace chainrule;

int main() {
  for (int columns : {1, 15, 16, 17, 33}) {
    for (int rows : {1, 5}) {
      std::vector<int> numbers(Panels<int>{nullptr, rows, columns}.size(), -1);
      const Panels<int> M{numbers.data(), rows, columns};
      EXPECT(M.panels() == (columns + 15) / 16 && M.size() == std::size_t(M.panels() * rows * 16));
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) *M.at(i, j) = i * 100 + j;
      }
      EXPECT(*M.panel(0, rows - 1) == (rows - 1) * 100);
      const Panels<int> part = M.from(rows - 1, M.panels() - 1);
      EXPECT(*part.at(0, 0) == (rows - 1) * 100 + 16 * (M.panels() - 1) && part.columns == columns - 16 * (M.panels() - 1));
      int filled = 0;
      for (int number : numbers) filled += number >= 0;
      EXPECT(filled == rows * columns);  // no two entries in one place
    }
  }
  EXPECT(!Panels<int>{} && !Panels<int>{}.from(3, 2));

  // θ is W[1], …, b[1], … row by row: entry (j, k) of W[l] is that of output j and input k
  Description d;
  d.sizes = {19, 33, 3};
  d.phis = {0, 0};
  d.parameters = {0, 0};
  std::vector<double> theta(d.length()), back(theta.size());
  for (std::size_t i = 0; i < theta.size(); i++) theta[i] = double(i + 1);
  Plan<double> plan = plan_of<double>(d, {8, false, false});
  const Memory memory([&](Memory& m) { take_weights(m, plan, {8, false, false}, false); });
  into_panels(plan, theta.data(), weights_of(plan));
  EXPECT(*plan.layer[0].W.at(7, 20) == 20 * 19 + 7 + 1);
  EXPECT(*plan.layer[1].W.at(32, 2) == 19 * 33 + 2 * 33 + 32 + 1);
  EXPECT(plan.layer[1].b[2] == double(theta.size()));
  out_of_panels(plan, back.data(), weights_of(plan));
  EXPECT(theta == back);
  double sum = 0;
  for (std::size_t i = 0; i < plan.layer[0].W.size(); i++) sum += plan.layer[0].W.data[i];
  EXPECT(sum == 19 * 33 * (19 * 33 + 1) / 2.0);  // zeros elsewhere
  return verdict();
}
