#include "two_phase.h"

namespace chainrule {

template <typename T>
TwoPhase<T>::TwoPhase(const Description& d, const Kernels<T>& kernels, Team& team, Interrupt& interrupt)
    // an odd number of rows, so that the panels of one do not fall into one set of the first-level cache
    : PanelStrategy<T>(d, kernels, team, interrupt, {d.batch_rows | 1, true, false}, 1),
      scratch_size_(std::size_t(this->kBlockInputs + kPanel) * (this->kBlockPanels + 1) * kPanel),
      long_(2.0 * d.batch_rows * double(d.length()) > kLongPhase),
      scratch_memory_([&](Memory& memory) { scratch_ = memory.take<T>(scratch_size_ * d.threads); }) {}

template <typename T> bool TwoPhase<T>::forward_and_back(const Step<T>& step, double* J) {
  Interrupt& interrupt = this->interrupt_;
  const int groups = (step.rows + kRowTile - 1) / kRowTile, parts = this->team_.threads();
  this->team_.parts([&](int part, int thread) {
    const int first = int(std::int64_t(groups) * part / parts) * kRowTile;
    const int last = std::min(int(std::int64_t(groups) * (part + 1) / parts) * kRowTile, step.rows);
    for (int at = first; at < last && !interrupt.heard(); at += kRowsAtOnce) {
      this->kernels_.rows(this->plan(), step, at, std::min(at + kRowsAtOnce, last), 0);
      if (at + kRowsAtOnce < last) interrupt.heard_by(thread);
    }
  });
  if (interrupt.heard_by(0)) return false;
  *J = 0;
  for (int g = 0; g < groups; g++) *J += this->plan().loss[g];
  return true;
}

template <typename T> bool TwoPhase<T>::finish_gradient(const Step<T>& step) {
  this->team_.each(int(this->blocks_.size()), [&](int number, int thread) {
    if (this->interrupt_.heard_by(thread)) return;
    const Block& block = this->blocks_[number];
    const Layer<T>& layer = this->plan().layer[block.layer];
    Panels<T> G;
    if (block.is_bias()) {
      this->kernels_.bias_gradient(this->plan(), block.layer, step.rows, layer.grad_b, false);
    } else {
      G = this->part(layer.grad_W, block);
      this->kernels_.weight_gradient(this->plan(), block.layer, step.rows, block.k0, block.k1, block.p0, block.p1, G,
                                     false);
    }
    this->finish(step, number, G, layer.grad_b);
  });
  return !this->interrupt_.heard();
}

template <typename T> void TwoPhase<T>::move(const Step<T>& step) {
  this->team_.each(int(this->blocks_.size()), [&](int number, int thread) {
    const Block& block = this->blocks_[number];
    if (!block.moves) return;
    const Layer<T>& layer = this->plan().layer[block.layer];
    const Panels<T> G{scratch_ + scratch_size_ * thread, block.k1 - block.k0, (block.p1 - block.p0) * kPanel};
    if (block.is_bias()) {
      this->kernels_.bias_gradient(this->plan(), block.layer, step.rows, layer.grad_b, false);
    } else {
      this->kernels_.weight_gradient(this->plan(), block.layer, step.rows, block.k0, block.k1, block.p0, block.p1, G,
                                     false);
    }
    this->update(step, block, G, layer.grad_b);
  });
}

template class TwoPhase<float>;
template class TwoPhase<double>;

}  // namespace chainrule
