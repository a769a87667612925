// Narrow networks: each lane of a vector holds one row; a tile goes forward, back and into the gradient while it is in
// the first-level cache. The room for rows of a batch alone decides into how many chunks a batch is cut; their
// gradients are summed in order.
#pragma once

#include "narrow_plan.h"
#include "strategy.h"

namespace chainrule {

template <typename T>
class Narrow final : public Strategy<T> {
 public:
  static bool suits(const Description&);

  Narrow(const Description&, const Kernels<T>&, Team&, Interrupt&);
  static constexpr const char* kName = "narrow";
  const char* name() const override { return kName; }
  std::size_t bytes() const override { return memory_.bytes(); }
  bool gradient_first() const override { return clip_norm_ > 0; }
  void load(const T* theta, const std::vector<T*>& slots) override;
  void unload(T* theta, const std::vector<T*>& slots) override;
  void unload_gradient(T* flat) override;
  double penalty(const Step<T>&) override;
  bool forward_and_back(const Step<T>&, double* J) override;
  bool finish_gradient(const Step<T>&) override;
  void move_along_gradient(const Step<T>&) override;
  void move(const Step<T>&) override;
  void limit_norms(T most) override;

 private:
  static constexpr int kTileRows = 128, kLeastChunkRows = 256, kMostChunks = 16;

  const Plan<T>& network() const { return views_[0].network; }
  // Entries of θ that are treated alike.
  struct Span {
    std::ptrdiff_t first, last;
    bool weights, moves;
  };

  template <typename Move> void each_entry(T* flat, T* own, Move move) const;
  void chunk(const Step<T>&, int number, int thread);
  void sum_chunks();
  void update(const Step<T>&);

  const Kernels<T>& kernels_;
  Team& team_;
  Interrupt& interrupt_;
  double clip_norm_, squares_ = 0;  // Σ g² of what moves
  int chunks_;
  std::ptrdiff_t padded_weights_ = 0, padded_size_ = 0;  // of θ: its W alone, all of it
  std::vector<Span> spans_;
  std::vector<NarrowPlan<T>> views_;       // of each thread
  std::vector<double> chunk_loss_;
  T *theta_ = nullptr, *slots_[kMaxSlots] = {}, *gradients_ = nullptr;  // one gradient per chunk
  Memory memory_;
};

}  // namespace chainrule
