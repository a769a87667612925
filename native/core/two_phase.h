// Two phases a step. Rows: each thread takes its own rows forward and back (F0-F2, B1, B2), with no barrier between
// layers. Weights: each takes blocks of W, computes their gradient over all rows (B3) and moves them (U1).
#pragma once

#include "strategy.h"

namespace chainrule {

template <typename T>
class TwoPhase final : public PanelStrategy<T> {
 public:
  TwoPhase(const Description&, const Kernels<T>&, Team&, Interrupt&);
  static constexpr const char* kName = "two phases";
  const char* name() const override { return kName; }
  std::size_t bytes() const override { return PanelStrategy<T>::bytes() + scratch_memory_.bytes(); }
  bool gradient_first() const override { return long_ || PanelStrategy<T>::gradient_first(); }
  bool forward_and_back(const Step<T>&, double* J) override;
  bool finish_gradient(const Step<T>&) override;
  void move(const Step<T>&) override;

 private:
  static constexpr int kRowsAtOnce = 96;  // their A stays in the second-level cache; a multiple of 6, 8 and 16
  static constexpr double kLongPhase = 8e9;  // operations of B3 in which an interrupt must be noticed

  T* scratch_ = nullptr;  // the gradient of a block, for each thread
  std::size_t scratch_size_;
  bool long_;
  Memory scratch_memory_;
};

}  // namespace chainrule
