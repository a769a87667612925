// How the steps of an epoch are done: what every strategy can do, and what those have in common whose weights lie in
// panels. strategy_for chooses by the sizes of the network and the rows of a batch alone: the bits depend on the choice.
#pragma once

#include <memory>
#include <vector>

#include "network.h"
#include "plan.h"
#include "team.h"
#include "workspace.h"

namespace chainrule {

template <typename T>
class Strategy {
 public:
  virtual ~Strategy() = default;
  virtual const char* name() const = 0;
  virtual std::size_t bytes() const = 0;
  // Whether masks of the input can be given: not where the data are read in place.
  virtual bool takes_input_mask() const { return true; }
  // Whether ∇J must be there as a whole before anything moves, as for clipping by its norm.
  virtual bool gradient_first() const = 0;

  // θ and the slots of the optimizer as they lie flat, in and out; and ∇J out.
  virtual void load(const T* theta, const std::vector<T*>& slots) = 0;
  virtual void unload(T* theta, const std::vector<T*>& slots) = 0;
  virtual void unload_gradient(T* flat) = 0;

  virtual double penalty(const Step<T>&) = 0;  // J2
  // A batch forward and back (F0-F2, J1, B1, B2): its J without the penalty. B3 is a part of it where a strategy sums the
  // gradient tile by tile, else of what follows. False where it was interrupted.
  virtual bool forward_and_back(const Step<T>&, double* J) = 0;
  // What follows, where the gradient is wanted first: ∇J as a whole, with the penalty, clipped by value. False where it
  // was interrupted.
  virtual bool finish_gradient(const Step<T>&) = 0;
  // Then U1 along it, shortened to the norm that the description allows.
  virtual void move_along_gradient(const Step<T>&) = 0;
  // Or all of that at once, without clipping by the norm.
  virtual void move(const Step<T>&) = 0;
  // Max-norm: each unit's incoming weights scaled down to a norm of `most`; frozen layers stay.
  virtual void limit_norms(T most) = 0;
};

// The name of the one that strategy_for takes.
const char* strategy_name(const Description&);
template <typename T>
std::unique_ptr<Strategy<T>> strategy_for(const Description&, const Kernels<T>&, Team&, Interrupt&);

// A part of a layer's W, inputs [k0, k1) by output panels [p0, p1), or its b: one thread computes its gradient and
// moves it, so that a weight's bits do not depend on the number of threads.
struct Block {
  int layer, k0, k1, p0, p1;
  bool moves;  // its layer is not frozen
  bool is_bias() const { return k0 < 0; }
};

template <typename T>
class PanelStrategy : public Strategy<T> {
 public:
  std::size_t bytes() const override { return memory_.bytes(); }
  bool gradient_first() const override { return clip_norm_ > 0; }
  void load(const T* theta, const std::vector<T*>& slots) override;
  void unload(T* theta, const std::vector<T*>& slots) override;
  void unload_gradient(T* flat) override;
  double penalty(const Step<T>&) override;
  void move_along_gradient(const Step<T>&) override;
  void limit_norms(T most) override;

 protected:
  // `views` sets of activations beside the one set of weights.
  PanelStrategy(const Description&, const Kernels<T>&, Team&, Interrupt&, Room, int views);

  static constexpr int kBlockInputs = 112, kBlockPanels = 3;

  Plan<T>& plan() { return views_[0]; }
  // The part of a matrix that a block covers.
  static Panels<T> part(const Panels<T>& M, const Block& block) { return M.from(block.k0, block.p0); }
  // What follows B3 of a block whose gradient is G, or g of a bias: ∂R/∂W added (J2), clipped by value, Σ g² kept; …
  void finish(const Step<T>&, int number, Panels<T> G, T* g);
  // … or U1.
  void update(const Step<T>&, const Block&, Panels<T> G, T* g);

  const Kernels<T>& kernels_;
  Team& team_;
  Interrupt& interrupt_;
  std::vector<Plan<T>> views_;
  std::vector<Block> blocks_;

 private:
  double clip_norm_;
  Memory memory_;
  std::vector<double> squares_;  // of the gradient of each block
};

}  // namespace chainrule
