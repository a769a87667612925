// Forward alone: a network packed once, rows by tiles on all threads.
#pragma once

#include "network.h"
#include "plan.h"
#include "team.h"
#include "workspace.h"

namespace chainrule {

template <typename T>
class Prediction {
 public:
  Prediction(const Description&, const Kernels<T>&);
  int threads() const { return team_.threads(); }
  void load(const T* theta);
  // F0-F2 of all rows of a step, A[L] to step.out.
  void predict(const Step<T>&);

 private:
  static constexpr int kTileRows = 128;

  const Kernels<T>& kernels_;
  std::vector<Plan<T>> views_;
  Memory memory_;
  Team team_;
};

}  // namespace chainrule
